"""News from the database: which job has changed, and which can be taken. One connection for the whole process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import asyncpg
import structlog
from sqlalchemy import make_url

from storybook.core.database import DRIVER_FAILURES

log = structlog.get_logger()

CHANNEL = "jobs"
FREE_JOBS = "free_jobs"
"""Where it is said that a job was given back that waits for nothing."""
RECONNECT_SECONDS = 1.0


class Notifications:
    """Wakes those who wait for a job. A lost connection is made again, and everybody is woken to look again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._closed = asyncio.Event()
        self.released = False
        self.on_free_job: Callable[[], None] = lambda: None
        """Hears that there may be a job to take."""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._listen(), name="notifications")
        try:
            yield
        finally:
            self._closed.set()
            await task

    @contextmanager
    def of_job(self, job_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the job has changed; whoever waits clears it."""
        changed = asyncio.Event()
        self._waiting[job_id].add(changed)
        try:
            yield changed
        finally:
            self._waiting[job_id].discard(changed)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    async def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                await self._listen_once()
            except (OSError, *DRIVER_FAILURES, TimeoutError) as error:
                log.warning("notifications_away", exc_info=error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closed.wait(), RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(_plain(self._url), timeout=5)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._wake)
            await connection.add_listener(FREE_JOBS, lambda *_: self.on_free_job())
            self._wake_everybody()
            ends = [asyncio.create_task(self._closed.wait()), asyncio.create_task(lost.wait())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
        finally:
            await connection.close(timeout=2)
        self._wake_everybody()

    def release(self) -> None:
        """Lets everybody go who waits, because the process is about to end."""
        self.released = True
        self._wake_everybody()

    def _wake(self, _: object, __: int, ___: str, job_id: object) -> None:
        for changed in self._waiting.get(str(job_id), ()):
            changed.set()

    def _wake_everybody(self) -> None:
        for waiting in self._waiting.values():
            for changed in waiting:
                changed.set()


def _plain(url: str) -> str:
    """The address as asyncpg itself takes it: there, encryption is named as libpq names it."""
    address = make_url(url).set(drivername="postgresql")
    options = {"sslmode" if name == "ssl" else name: value for name, value in address.query.items()}
    return address.set(query=options).render_as_string(hide_password=False)
