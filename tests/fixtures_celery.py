"""The service in its three parts, as processes of their own: an API, Celery workers, beats; and what lies between."""

import asyncio
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from kombu import Connection
from sqlalchemy import text

from storybook.core.broker import LOOK_AT, make_celery
from storybook.core.database import Database
from storybook.core.settings import Settings
from storybook.services import accounts, credits
from tests.conftest import NO_LIMITS, USER_KEY
from tests.fixtures_front import STORYBOOK, Api
from tests.fixtures_redis import RedisServer
from tests.fixtures_simulator import Simulated, settings_for

PATIENCE = 120.0
LEASE_SECONDS = 3.0
SPEC = {"language": "en", "target_age": "5-7", "style": "cartoon", "page_count": 4}
PEPPER = "a pepper"
HEADERS = {"X-User-Key": USER_KEY}


class Parts:
    """The processes over one database, one broker and one data directory. What a test starts it also stops."""

    def __init__(self, settings: Settings, broker: RedisServer, simulator: Simulated, folder: Path) -> None:
        self.settings = settings
        self.broker = broker
        self.simulator = simulator
        self.folder = folder
        self.database = Database.connect(settings.database_url, pool_size=2)
        self.environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        for name in settings.model_fields_set:
            value = getattr(settings, name)
            value = value.get_secret_value() if hasattr(value, "get_secret_value") else value
            self.environment[name.upper()] = str(value)
        self.api = Api(self.environment, folder)
        self.queues = make_celery(settings)
        self._topics = itertools.count(1)

    def running(self, *command: str, **settings: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """`storybook` with this command, and settings of its own, until the block ends."""
        return part_running(self.folder, self.environment | settings, *command)

    def tell(self, job_id: str, queue: str = "books", times: int = 1) -> None:
        """Messages that this job waits."""
        with self.queues.connection_for_write() as connection:
            for _ in range(times):
                self.queues.send_task(LOOK_AT, args=[job_id], queue=queue, connection=connection, retry=False)

    def messages(self, queue: str = "books") -> int:
        """How many wait; those that a worker has and has not acknowledged do not count."""
        with self.queues.connection_for_write() as connection:
            return int(connection.default_channel.queue_declare(queue=queue).message_count)

    def hand_out_again(self) -> int:
        """Puts every message into its queue again that a worker has and has not acknowledged, as the broker does when
        it has waited long enough; returns how many.
        """
        with Connection(self.broker.url, transport_options={"visibility_timeout": 0}) as connection:
            channel = connection.default_channel
            waiting = int(channel.client.zcard(channel.unacked_index_key))
            channel.qos.restore_visible(interval=1)
            return waiting - int(channel.client.zcard(channel.unacked_index_key))

    def forget_messages(self) -> None:
        """As a broker that was flushed."""
        with Connection(self.broker.url) as connection:
            connection.default_channel.client.flushall()

    def pictures_paid(self) -> int:
        return sum(charge["kind"] == "image" for charge in self.simulator.journal())

    async def give_credits(self, amount: int) -> None:
        async with self.database.session() as session:
            user_id = await accounts.sign_in(session, accounts.hash_user_key(USER_KEY, pepper=PEPPER))
            await credits.grant(session, user_id, amount, "for a test")

    async def order(self, client: httpx.AsyncClient) -> str:
        """A book that nobody has asked for before."""
        answer = await client.post("/v1/books", json=SPEC | {"topic": f"a fox and kite number {next(self._topics)}"})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["job_id"])

    async def ask(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.database.session() as session:
            return [tuple(row) for row in await session.execute(text(sql), values)]

    async def job(self, job_id: str) -> Any:
        query = text("SELECT status, fence, progress, lease_owner, recoveries, error_code FROM jobs WHERE id = :id")
        async with self.database.session() as session:
            found = await session.execute(query, {"id": job_id})
            return found.one()

    async def until(self, job_id: str, seen: Callable[[Any], bool], seconds: float = PATIENCE) -> Any:
        """The job, as soon as it looks like this."""
        async with asyncio.timeout(seconds):
            while not seen(job := await self.job(job_id)):
                await asyncio.sleep(0.05)
        return job

    async def while_a_picture_is_drawn(self, job_id: str) -> Any:
        """The job, as soon as a vendor works on a picture whose number is written down."""
        open_calls = "SELECT 1 FROM provider_calls WHERE job_id = :id AND outcome = 'begun' AND vendor_id IS NOT NULL"
        async with asyncio.timeout(PATIENCE):
            while not await self.ask(open_calls, id=job_id):
                await asyncio.sleep(0.02)
        return await self.job(job_id)

    async def done(self, job_id: str, seconds: float = PATIENCE) -> Any:
        job = await self.until(job_id, lambda job: job.status in ("done", "failed"), seconds)
        assert job.status == "done", (job, (self.folder / "log").read_text()[-2000:])
        return job

    async def finished(self, job_id: str) -> set[tuple[str, int]]:
        """The steps and pages whose results are stored."""
        return set(await self.ask("SELECT step, page_number FROM step_artifacts WHERE job_id = :id", id=job_id))  # type: ignore[arg-type]

    async def calls(self, job_id: str) -> dict[tuple[str, int], int]:
        """How often vendors were asked to work on each step and page."""
        rows = await self.ask(
            "SELECT step, page, count(*) FROM provider_calls WHERE job_id = :id AND outcome <> 'not_sent'"
            " GROUP BY step, page",
            id=job_id,
        )
        return {(step, page): number for step, page, number in rows}


def pid_of(lease_owner: str) -> int:
    return int(lease_owner.split(":")[1])


@contextmanager
def part_running(folder: Path, settings: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """`storybook` with this command, from when it works until the block ends."""
    alive = folder / f"alive-{time.monotonic_ns()}"
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [STORYBOOK, *command, "--alive", alive], cwd=folder, env=settings, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: _works(alive) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _works(alive: Path) -> bool:
    """Each part, or each lane of a worker, has marked its file."""
    files = list(alive.parent.glob(f"{alive.name}*"))
    return bool(files) and all(file.stat().st_mtime for file in files)


def wait_for(seen: Callable[[], bool], seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < until, "it did not come to pass in time"
        time.sleep(0.05)


def celery_settings(simulator: Simulated, broker: RedisServer, database_url: str, folder: Path) -> Settings:
    """One book and one short job at a time in each worker; a dead process is noticed after three seconds."""
    return settings_for(
        simulator,
        folder / "data",
        llm="openai",
        image="replicate",
        tts="google",
        moderation="studio,openai",
        database_url=database_url,
        use_celery=True,
        celery_broker_url=broker.url,
        user_key_pepper=PEPPER,
        access_token_secret="a secret",
        jobs_in_process=1,
        short_jobs_in_process=1,
        cpu_workers=1,
        image_max_concurrent=1,
        image_timeout=40,
        lease_seconds=LEASE_SECONDS,
        heartbeat_seconds=1.0,
        sweep_seconds=0.5,
        budget_per_book=90,
        budget_per_user_day=900,
        budget_per_day=9000,
        log_level="info",
        **NO_LIMITS,
    )
