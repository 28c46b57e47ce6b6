"""A trace goes on where its job goes on: from the API into a Celery worker, and from a killed one into the next."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.domain.jobs import Step
from tests.conftest import database_for
from tests.fixtures_celery import HEADERS, Parts, celery_settings, pid_of
from tests.fixtures_redis import redis_server
from tests.fixtures_simulator import simulating
from tests.fixtures_traces import Collector, Seen, collecting


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture
def house(postgres: EmbeddedPostgres, template: str, collector: Collector, tmp_path: Path) -> Iterator[Parts]:
    """An API that leaves the work to others, a beat and a worker, which all tell the collector."""
    with database_for(postgres, template) as url, redis_server(tmp_path) as broker, simulating(tmp_path) as simulator:
        settings = celery_settings(simulator, broker, url, tmp_path)
        traced = settings.model_copy(update={"otel_exporter_otlp_endpoint": collector.address, "trace_reads": 1.0})
        parts = Parts(traced, broker, simulator, tmp_path)
        parts.api.start()
        try:
            with parts.running("beat"), parts.running("worker"):
                yield parts
        finally:
            parts.api.stop()


@pytest.mark.long
async def test_a_book_is_one_trace_also_when_its_worker_is_killed(house: Parts, collector: Collector) -> None:
    house.simulator.takes(3, kind="image")
    address = f"http://{house.api.address}"
    async with httpx.AsyncClient(base_url=address, headers=HEADERS, trust_env=False, timeout=30) as client:
        await house.give_credits(1)
        job_id = await house.order(client)
        job = await house.while_a_picture_is_drawn(job_id)
        await asyncio.sleep(1.5)
        os.kill(pid_of(job.lease_owner), signal.SIGKILL)
        house.simulator.takes(0.1, kind="image")
        assert (await house.done(job_id)).fence == 2
    await house.database.close()

    def finished() -> list[Seen]:
        return [span for span in collector.received if span.told.get("storybook.outcome") == "done"]

    async with asyncio.timeout(20):
        while not finished():
            await asyncio.sleep(0.1)
    [end] = finished()
    [order] = [span for span in collector.received if span.name == "POST /v1/books"]
    steps = [span for span in collector.received if "storybook.step" in span.told]
    assert (end.above, end.told["storybook.job.fence"]) == (order.id, 2)
    assert {span.trace for span in [*steps, end]} == {order.trace}
    assert {span.told["storybook.step"] for span in steps} == set(Step) - {Step.NARRATE, Step.DESCRIBE_PICTURES}
    assert [span for span in steps if not _is_under(end, span, collector.received)], "some were the first worker's"
    assert b"kite" not in collector.text


def _is_under(above: Seen, span: Seen, spans: list[Seen]) -> bool:
    by_id = {each.id: each for each in spans}
    while span.above in by_id and span.id != above.id:
        span = by_id[span.above]
    return span.id == above.id
