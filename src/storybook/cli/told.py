"""Signals that tell a process to stop, and a file that tells others that it works."""

import asyncio
import signal
from pathlib import Path

from storybook.core.endings import end_within
from storybook.main import END_SECONDS

ALIVE_EVERY = 5.0


async def until_told_to_stop() -> None:
    """Waits for SIGTERM or Ctrl+C. From then on the process ends in time."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
    end_within(END_SECONDS)


def touch(file: Path | None) -> None:
    """Marks the file as of now: whoever looks at it sees that this process works."""
    if file:
        file.touch()
