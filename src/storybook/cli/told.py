"""Signals that tell a process to stop, and a file that tells others that it works."""

import asyncio
import signal
from pathlib import Path

ALIVE_EVERY = 5.0


async def until_told_to_stop() -> None:
    """Waits for SIGTERM or Ctrl+C."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()


def touch(file: Path | None) -> None:
    """Marks the file as of now: whoever looks at it sees that this process works."""
    if file:
        file.touch()
