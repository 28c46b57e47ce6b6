"""Takes jobs from the table and works on them, in this process. The row in `jobs` is the queue."""

import asyncio
from typing import NamedTuple

import structlog

from storybook.core.settings import Settings
from storybook.domain.jobs import Lane
from storybook.domain.orders import Claim
from storybook.pipeline.holder import LeaseHolder, slots_of
from storybook.pipeline.kit import Kit

log = structlog.get_logger()


class Room(NamedTuple):
    """Room for the jobs of one lane, which no other takes up."""

    lane: Lane
    slots: int
    working: set[asyncio.Task[None]]


class Runner:
    """Works on up to `jobs_in_process` books and `short_jobs_in_process` other jobs at once.

    `wake` is a hint; the table is looked at anyway, also after a look that failed.
    """

    def __init__(self, kit: Kit, settings: Settings) -> None:
        self._holder = LeaseHolder(kit, settings, self._wake_later)
        self._sweep_seconds = settings.sweep_seconds
        self._awake = asyncio.Event()
        self._retired_at: float | None = None
        self._rooms = tuple(Room(lane, slots, set()) for lane, slots in slots_of(settings).items())
        self._alone: set[asyncio.Task[None]] = set()
        """A job beside which nothing else begins, if there is one."""
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._run(), name="runner")

    def wake(self) -> None:
        """There may be work."""
        self._awake.set()

    @property
    def healthy(self) -> bool:
        """Whether it looks for jobs and will go on doing so."""
        return self._loop is not None and not self._loop.done() and self._retired_at is None

    def retire(self) -> None:
        """Claims no job and begins no paid call any more. From now on counts the time that running jobs have to end."""
        self._holder.retire()
        if self._retired_at is None:
            self._retired_at = asyncio.get_running_loop().time()
        self.wake()

    async def stop(self, *, grace_seconds: float) -> None:
        """Gives running jobs `grace_seconds` to end, then hands the rest back."""
        self.retire()
        ends = (self._retired_at or 0.0) + grace_seconds
        await _end({self._loop} if self._loop else set(), ends)
        await _end(set[asyncio.Task[None]]().union(*(room.working for room in self._rooms)), ends)

    async def _run(self) -> None:
        while self._retired_at is None:
            self._awake.clear()
            for room in self._rooms:
                try:
                    await self._fill(room)
                except Exception as error:
                    log.exception("no_job_taken", lane=room.lane, exc_info=error)
            try:
                await asyncio.wait_for(self._awake.wait(), self._sweep_seconds)
            except TimeoutError:
                continue

    async def _fill(self, room: Room) -> None:
        while self._retired_at is None and len(room.working) < room.slots and not self._alone:
            claim = await self._holder.claim(room.lane, alone=not any(other.working for other in self._rooms))
            if claim is None:
                return
            self._begin(claim, room)

    def _begin(self, claim: Claim, room: Room) -> None:
        task = asyncio.create_task(self._holder.work(claim), name=claim.job_id)
        for group in (room.working, self._alone) if claim.goes_alone else (room.working,):
            group.add(task)
            task.add_done_callback(group.discard)
        task.add_done_callback(lambda _: self.wake())

    def _wake_later(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self.wake)


async def _end(tasks: set[asyncio.Task[None]], at: float) -> None:
    """Stops those that have not ended by then."""
    if tasks:
        _, unfinished = await asyncio.wait(tasks, timeout=max(at - asyncio.get_running_loop().time(), 0.0))
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
