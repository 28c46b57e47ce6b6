"""Whoever looks for jobs goes on looking, whatever a look fails with."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.broker import Broker
from storybook.core.database import Database
from storybook.main import make_kit
from storybook.pipeline.dispatcher import Dispatcher
from storybook.pipeline.runner import Runner
from storybook.resources import Resources
from tests.integration.test_audit_work import Rows, made

TYPED = "a fox named after us"


class Stumbling(Database):
    """Fails once, in a way that nobody has thought of."""

    stumbles = 1

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        if self.stumbles:
            self.stumbles -= 1
            raise LookupError(TYPED)
        async with super().session() as session:
            yield session


class StumblingBroker(Broker):
    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:1/0")
        self.asked = 0

    async def top_up(self, waiting: Mapping[str, Sequence[str]]) -> int:
        self.asked += 1
        if self.asked == 1:
            raise LookupError(TYPED)
        return len(waiting)


def told_of(capsys: pytest.CaptureFixture[str], event: str) -> bool:
    """Whether the failure was said, without a word of what it said itself."""
    said = "".join(capsys.readouterr())
    return event in said and "LookupError at" in said and TYPED not in said


async def test_a_runner_outlives_what_nobody_has_thought_of(
    resources: Resources, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    await made(resources, only_ordered=True)
    kit = replace(make_kit(resources), database=Stumbling(resources.database.engine))
    runner = Runner(kit, resources.settings.model_copy(update={"sweep_seconds": 0.1}))
    runner.start()
    async with asyncio.timeout(30):
        while await rows("SELECT status FROM jobs") != [("done",)] and runner.healthy:
            await asyncio.sleep(0.02)
    assert runner.healthy
    await runner.stop(grace_seconds=5)
    assert told_of(capsys, "no_job_taken")


async def test_a_dispatcher_outlives_what_nobody_has_thought_of(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = StumblingBroker()
    dispatcher = Dispatcher(database, broker)
    dispatcher.start()
    async with asyncio.timeout(30):
        while broker.asked < 2 and dispatcher.healthy:
            dispatcher.wake()
            await asyncio.sleep(0.02)
    assert dispatcher.healthy
    await dispatcher.stop(grace_seconds=5)
    assert told_of(capsys, "workers_not_told")
