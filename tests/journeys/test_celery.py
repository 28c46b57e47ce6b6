"""Books made by Celery workers: real processes, a real Redis, and a witness that counts what was paid."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from storybook.core.embedded_postgres import EmbeddedPostgres
from tests.conftest import database_for
from tests.figures import Seen
from tests.fixtures_celery import HEADERS, Parts, celery_settings, pid_of, wait_for
from tests.fixtures_front import free_port
from tests.fixtures_redis import redis_server
from tests.fixtures_simulator import simulating

PICTURES = 6
"""The hero alone, the cover and four pages."""
GRACE_SECONDS = 25
HAND_BACK_SECONDS = 30
"""Much more than it takes, for a busy machine."""


@pytest.fixture(scope="module")
def house(postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """An API that leaves the work to others, and a beat; workers are started by the tests."""
    folder = tmp_path_factory.mktemp("celery")
    with (
        database_for(postgres, template) as url,
        redis_server(folder) as broker,
        simulating(folder) as simulator,
    ):
        parts = Parts(celery_settings(simulator, broker, url, folder), broker, simulator, folder)
        parts.api.start()
        try:
            with parts.running("beat"):
                yield parts
        finally:
            parts.api.stop()


@pytest.fixture
async def client(house: Parts) -> AsyncIterator[httpx.AsyncClient]:
    house.simulator.forget()
    address = f"http://{house.api.address}"
    async with httpx.AsyncClient(base_url=address, headers=HEADERS, trust_env=False, timeout=30) as opened:
        await house.give_credits(10)
        yield opened
    await house.database.close()


async def test_a_book_is_made_and_read_aloud_by_a_worker(house: Parts, client: httpx.AsyncClient) -> None:
    address = f"127.0.0.1:{free_port()}"
    with house.running("worker", METRICS_ADDRESS=address) as worker:
        job_id = await house.order(client)
        job = await house.done(job_id)
        book = (await client.get(f"/v1/books/{job_id}")).json()["result"]
        assert len(book["pages"]) == 4
        assert (await client.get(f"/v1/books/{book['book_id']}/pages/1/audio")).status_code == 200
        url = f"http://{address}/metrics"
        seen = await Seen.until(client, lambda seen: seen.sum("storybook_jobs_ended_total") == 2, url)
    assert (job.fence, worker.returncode) == (1, 0)
    assert house.pictures_paid() == PICTURES
    ended = {one.labels["kind"]: one.value for one in seen.of("storybook_jobs_ended_total") if one.value}
    assert ended == {"book": 1, "audio": 1}
    assert seen.sum("storybook_step_tries_total", step="generate_images", outcome="ok") == PICTURES
    assert seen.sum("storybook_vendor_calls_total", vendor="replicate", outcome="ok") == PICTURES


@pytest.mark.long
async def test_a_book_is_taken_while_the_broker_is_away_and_made_when_it_is_back(
    house: Parts, client: httpx.AsyncClient
) -> None:
    with house.running("worker"):
        house.broker.kill()
        began = time.monotonic()
        job_id = await house.order(client)
        assert time.monotonic() - began < 10
        assert (await client.get("/health/ready")).status_code == 200
        await asyncio.sleep(2)
        assert (await house.job(job_id)).status == "queued"
        house.broker.start()
        assert (await house.done(job_id)).fence == 1


@pytest.mark.long
async def test_a_broker_that_has_forgotten_everything_is_told_again(house: Parts, client: httpx.AsyncClient) -> None:
    job_id = await house.order(client)
    await asyncio.to_thread(wait_for, lambda: house.messages() == 1)
    house.forget_messages()
    with house.running("worker"):
        assert (await house.done(job_id)).fence == 1


@pytest.mark.long
async def test_a_message_that_comes_many_times_is_one_run(house: Parts, client: httpx.AsyncClient) -> None:
    house.simulator.takes(0.3, kind="image")
    with house.running("worker"), house.running("worker"):
        job_id = await house.order(client)
        house.tell(job_id, times=3)
        await house.until(job_id, lambda job: job.status == "running")
        house.tell(job_id, times=3)
        await house.done(job_id)
        house.tell(job_id, times=3)
        await asyncio.to_thread(wait_for, lambda: house.messages() == 0)
    assert (await house.job(job_id)).fence == 1
    assert house.pictures_paid() == PICTURES


@pytest.mark.long
async def test_a_message_that_comes_again_while_its_book_is_at_work_is_no_second_run(
    house: Parts, client: httpx.AsyncClient
) -> None:
    """As where a book takes longer than the broker waits for its message to be acknowledged."""
    house.simulator.takes(0.5, kind="image")
    with house.running("worker"), house.running("worker"):
        job_id = await house.order(client)
        await house.until(job_id, lambda job: job.status == "running")
        again = 0
        while (await house.job(job_id)).status == "running":
            again += house.hand_out_again()
            await asyncio.sleep(0.5)
    assert again
    assert (await house.done(job_id)).fence == 1
    assert house.pictures_paid() == PICTURES


@pytest.mark.long
async def test_a_process_of_the_pool_that_is_killed_loses_no_book_and_nothing_that_was_finished(
    house: Parts, client: httpx.AsyncClient
) -> None:
    house.simulator.takes(1, kind="image")
    with house.running("worker"):
        job_id = await house.order(client)
        await house.until(job_id, lambda job: job.progress >= 70)
        job = await house.while_a_picture_is_drawn(job_id)
        os.kill(pid_of(job.lease_owner), signal.SIGKILL)
        finished, before = await house.finished(job_id), await house.calls(job_id)
        again = await house.until(job_id, lambda job: job.fence == 2)
        assert pid_of(again.lease_owner) != pid_of(job.lease_owner)
        assert (await house.done(job_id)).fence == 2
    after = await house.calls(job_id)
    assert len(finished) > 4
    assert {place: after.get(place) for place in finished} == {place: before.get(place) for place in finished}
    assert house.pictures_paid() == PICTURES


@pytest.mark.long
async def test_a_worker_that_is_told_to_stop_finishes_what_is_paid_and_hands_its_book_to_another(
    house: Parts, client: httpx.AsyncClient
) -> None:
    house.simulator.takes(0.5, kind="image")
    with house.running("worker") as worker:
        job_id = await house.order(client)
        await house.until(job_id, lambda job: job.progress >= 60)
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, GRACE_SECONDS) == 0
    job = await house.job(job_id)
    assert (job.status, job.fence) == ("queued", 1)
    assert {outcome for (outcome,) in await house.ask("SELECT outcome FROM provider_calls")} == {"ok"}
    with house.running("worker"):
        assert (await house.done(job_id)).recoveries == 0
    assert house.pictures_paid() == PICTURES


@pytest.mark.long
async def test_a_worker_that_cannot_finish_in_time_hands_its_book_to_another(
    house: Parts, client: httpx.AsyncClient
) -> None:
    house.simulator.takes(GRACE_SECONDS + 4, kind="image")
    with house.running("worker") as worker:
        job_id = await house.order(client)
        await asyncio.to_thread(wait_for, lambda: house.pictures_paid() == 1)
        house.simulator.takes(0, kind="image")
        worker.send_signal(signal.SIGTERM)
        told = time.monotonic()
        with house.running("worker"):
            job = await house.until(job_id, lambda job: job.fence == 2)
            assert time.monotonic() - told > GRACE_SECONDS - 1
            assert await asyncio.to_thread(worker.wait, HAND_BACK_SECONDS) == 0
            assert job.recoveries == 0
            assert (await house.done(job_id)).fence == 2
    assert house.pictures_paid() == PICTURES
