"""How long the event loop stood still, whatever else the machine had to do meanwhile."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

NANOSECONDS = 1_000_000_000


@dataclass
class Stall:
    """The longest time in seconds that one turn of the loop took."""

    longest: float = 0.0


async def longest_stall(work: Callable[[], Awaitable[object]]) -> float:
    """The longest turn of the loop, in seconds, while it does this work: the best of three times.

    What the work itself does to the loop, it does each time; what another program does, it does once.
    """
    found = []
    for _ in range(3):
        async with watched() as stall:
            await work()
        found.append(stall.longest)
    return min(found)


@asynccontextmanager
async def watched() -> AsyncIterator[Stall]:
    """Watches the running loop.

    Counted is what its thread worked or waited itself. That it was ready to run and other programs had the processor is
    known to the kernel and taken off; where the kernel does not tell, only the thread's work is counted.
    """
    stall = Stall()
    watching = asyncio.create_task(_watch(stall))
    await asyncio.sleep(0)
    try:
        yield stall
        await asyncio.sleep(0)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(stall: Stall) -> None:
    read = _clock_of_this_thread()
    while True:
        before = read()
        await asyncio.sleep(0)
        stall.longest = max(stall.longest, read() - before)


def _clock_of_this_thread() -> Callable[[], float]:
    schedstat = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    return partial(_time_but_for_others, schedstat) if schedstat.exists() else time.thread_time


def _time_but_for_others(schedstat: Path) -> float:
    """A clock that stands still while this thread is ready to run and others have the processor."""
    _, kept_waiting, _ = schedstat.read_text().split()
    return time.monotonic() - int(kept_waiting) / NANOSECONDS
