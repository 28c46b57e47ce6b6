"""What a process of a Celery worker works with: an event loop in a thread of its own, and all that a job needs."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing import process

import structlog
import uvloop
from billiard.exceptions import SoftTimeLimitExceeded

from storybook.core.broker import Broker
from storybook.core.endings import end_within
from storybook.core.errors import SetupError
from storybook.core.pulse import felt
from storybook.core.settings import Settings
from storybook.domain.jobs import Lane
from storybook.main import END_SECONDS, GRACE_SECONDS, make_kit
from storybook.pipeline.dispatcher import Dispatcher
from storybook.pipeline.holder import LeaseHolder
from storybook.resources import open_resources

log = structlog.get_logger()

OPEN_SECONDS = 30.0
OPEN_AGAIN = 2.0
HAND_BACK_SECONDS = 10.0
CLOSE_SECONDS = 1.5
POOL_SIZE = 4
"""Of one process that works on one job."""


class Hands:
    """Made before the fork and started after it. `look` is called in the main thread, for one job at a time."""

    def __init__(self, settings: Settings, lane: Lane) -> None:
        pool_size = min(POOL_SIZE, settings.database_pool_size)
        self._settings = settings.model_copy(update={"cpu_workers": 1, "database_pool_size": pool_size})
        self._lane = lane
        self._before = process.current_process()
        self._closing = asyncio.Event()
        self._holder: LeaseHolder | None = None
        self._dispatcher: Dispatcher | None = None
        self._opened = asyncio.Event()
        self._stopping = False
        self._working: asyncio.Task[None] | None = None

    def start(self) -> None:
        """In a process of the pool; what is needed is opened meanwhile.

        The pool's library takes the place of `multiprocessing` there, which would start no process for drawing then.
        """
        process._current_process = self._before  # type: ignore[attr-defined]  # noqa: SLF001
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # who has no job ends with its pool
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="hands", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Closes what is open, unless that takes too long."""
        self._soon(self._closing.set)
        self._thread.join(CLOSE_SECONDS)

    def look(self) -> None:
        """Works on the job of this lane that comes next, if there is one.

        Told to stop, it begins no more paid calls and goes on for GRACE_SECONDS; then, and at the soft limit of a task,
        it hands the job back.
        """
        if not self._thread.is_alive():
            os._exit(1)  # the pool starts another process
        looking = asyncio.run_coroutine_threadsafe(self._one_job(), self._loop)
        with _on_sigterm(lambda: self._soon(self._stop)):
            try:
                looking.result()
            except SoftTimeLimitExceeded:
                log.warning("soft_limit_reached", lane=self._lane)
                self._soon(self._give_back)
                _wait_for(looking)

    def _soon(self, do: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(do)

    def _live(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._be_open())

    async def _be_open(self) -> None:
        """Opens everything, again and again where something is away, and keeps it open until told to close."""
        while not self._closing.is_set():
            try:
                async with open_resources(self._settings) as resources:
                    self._holder = LeaseHolder(make_kit(resources), self._settings)
                    self._dispatcher = Dispatcher(resources.database, Broker(self._settings.celery_broker_url))
                    self._opened.set()
                    with felt(resources.database.engine):
                        await self._closing.wait()
            except SetupError as error:
                log.warning("worker_not_ready", lane=self._lane, exc_info=error)
                await asyncio.sleep(OPEN_AGAIN)

    async def _one_job(self) -> None:
        try:
            await asyncio.wait_for(self._opened.wait(), OPEN_SECONDS)
        except TimeoutError:
            return
        if self._stopping or not self._holder:
            return
        if claim := await self._holder.claim(self._lane):
            self._working = asyncio.create_task(self._holder.work(claim), name=claim.job_id)
            await asyncio.wait({self._working})
            handed_back, self._working = self._stopping or self._working.cancelled(), None
            if handed_back and self._dispatcher:
                await self._dispatcher.top_up()

    def _stop(self) -> None:
        end_within(END_SECONDS)
        self._stopping = True
        if self._holder:
            self._holder.retire()
        self._loop.call_later(GRACE_SECONDS, self._give_back)

    def _give_back(self) -> None:
        if self._working:
            self._working.cancel()


def _wait_for(looking: Future[None]) -> None:
    """Until the job was handed back; where that fails, its lease runs out."""
    try:
        looking.result(HAND_BACK_SECONDS)
    except TimeoutError:
        log.warning("not_handed_back")


@contextmanager
def _on_sigterm(do: Callable[[], None]) -> Iterator[None]:
    """Calls `do` instead of what the signal does otherwise."""
    otherwise = signal.signal(signal.SIGTERM, lambda *_: do())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, otherwise)
