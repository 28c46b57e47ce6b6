"""What the calls of this task are made for. The pipeline says it once; whoever pays reads it."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass

from storybook.core.errors import LeaseLost, Leaving
from storybook.core.lease import Lease
from storybook.domain.calls import Purpose


@dataclass
class About:
    """One try. `clock` ends it after `seconds`, and stands still while a call waits for its turn.

    `ends` is the deadline of the step, by the clock of the loop: no call begins that could last beyond it.
    `paying` says that a call is under way that costs money, `first` that nobody has tried this before, `kept` that its
    time was up while a vendor was at work on what is kept under an id.
    """

    purpose: Purpose
    clock: asyncio.Timeout
    seconds: float
    ends: float = math.inf
    paying: bool = False
    first: bool = False
    kept: bool = False


_about: ContextVar[About | None] = ContextVar("about", default=None)
_lease: ContextVar[Lease | None] = ContextVar("lease", default=None)
_leaving: ContextVar[asyncio.Event | None] = ContextVar("leaving", default=None)


@contextmanager
def working_under(lease: Lease, leaving: asyncio.Event | None = None) -> Iterator[None]:
    """All calls within are made for a job that is ours until the lease is over; none that costs something begins once
    `leaving` is set.
    """
    tokens = _lease.set(lease), _leaving.set(leaving)
    try:
        yield
    finally:
        _lease.reset(tokens[0])
        _leaving.reset(tokens[1])


def require_staying() -> None:
    """To be asked before a call begins that costs something; raises Leaving once the process is told to stop."""
    leaving = _leaving.get()
    if leaving is not None and leaving.is_set():
        raise Leaving


async def is_left_within(seconds: float) -> bool:
    """Waits for so long, unless the process is told to stop: returns at once then, and says so."""
    leaving = _leaving.get()
    if leaving is None:
        await asyncio.sleep(seconds)
        return False
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await leaving.wait()
    return leaving.is_set()


def require_lease() -> None:
    """To be asked right before a call leaves; raises LeaseLost where the job may be somebody else's by now."""
    lease = _lease.get()
    if lease is not None and lease.left <= 0:
        raise LeaseLost("it may be over")


@contextmanager
def calling_about(about: About) -> Iterator[None]:
    """All calls within are made for this."""
    token = _about.set(about)
    try:
        yield
    finally:
        _about.reset(token)


def purpose() -> Purpose | None:
    """What the present call is for; None outside of any job."""
    about = _about.get()
    return about.purpose if about else None


def is_first_try() -> bool:
    """Whether no vendor can have accepted anything for this before."""
    about = _about.get()
    return about is not None and about.first


def seconds() -> float | None:
    """How long the present call may take; None outside of any job."""
    about = _about.get()
    return about.seconds if about else None


def latest_start() -> float:
    """Until when the present call has to begin, by the clock of the loop."""
    about = _about.get()
    return about.ends - about.seconds if about else math.inf


def stop_the_clock() -> None:
    """Waiting for a turn is not the vendor's time."""
    if about := _about.get():
        about.clock.reschedule(None)


def start_the_clock() -> None:
    """The vendor's time begins, and so does its bill."""
    if about := _about.get():
        about.paying = True
        about.clock.reschedule(asyncio.get_running_loop().time() + about.seconds)


@asynccontextmanager
async def beside_others() -> AsyncIterator[None]:
    """One of several calls that are made side by side, each with the whole time of a try for itself.

    Raises TimeoutError when that is up. The clock of the try has to be stopped meanwhile.
    """
    about = _about.get()
    if about is None:
        yield
        return
    async with asyncio.timeout(about.seconds) as clock:
        with calling_about(About(about.purpose, clock, about.seconds, about.ends)):
            yield


def keep() -> None:
    """The next try goes on with what this one has ordered, and pays for nothing."""
    if about := _about.get():
        about.kept = True


def time_is_up() -> bool:
    """Whether the present try ends because its time is up, and not because somebody stopped it."""
    about = _about.get()
    return about is not None and about.clock.expired()
