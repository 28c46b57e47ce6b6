"""Tells workers of the jobs that wait for them. A message is a hint: it may be late, lost, or come three times."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from storybook.core.broker import Broker
from storybook.core.database import Database
from storybook.core.errors import BrokerAway
from storybook.domain.jobs import KINDS_IN
from storybook.services import queueing

log = structlog.get_logger()


class Dispatcher:
    """Stands where a runner stands in a process that leaves the work to others. `wake` never fails and never waits."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._awake = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._run(), name="dispatcher")

    def wake(self) -> None:
        """There may be work."""
        self._awake.set()

    @property
    def healthy(self) -> bool:
        """Whether it tells workers, and will go on doing so. That the broker is away is no illness of this process."""
        return self._loop is not None and not self._loop.done() and not self._stopping

    def retire(self) -> None:
        """Goes on until it is stopped: a message only tells others."""

    async def stop(self, *, grace_seconds: float) -> None:
        """Sends what it is sending."""
        self._stopping = True
        self.wake()
        if self._loop:
            await asyncio.wait({self._loop}, timeout=grace_seconds)

    async def top_up(self) -> None:
        """Sees to it that as many messages are on their way as jobs wait; where that fails, it is only said."""
        try:
            async with self._database.session() as session:
                waiting = {lane.value: await queueing.waiting(session, kinds) for lane, kinds in KINDS_IN.items()}
            if sent := await self._broker.top_up({lane: ids for lane, ids in waiting.items() if ids}):
                log.info("workers_told", count=sent)
        except BrokerAway as error:
            log.warning("broker_away", exc_info=error)
        except (SQLAlchemyError, OSError) as error:
            log.warning("database_away", exc_info=error)

    async def _run(self) -> None:
        while not self._stopping:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self.top_up()
            except Exception as error:
                log.exception("workers_not_told", exc_info=error)
