"""Everything that a run needs: a database, a bucket, the vendors, servers, and a user who can pay."""

import asyncio
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from scripts.chaos.facts import Thing
from scripts.chaos.orders import USERS, key_for, order_of, told
from scripts.chaos.plan import Plan, settings_of
from scripts.chaos.processes import PROGRAMS, SURROUNDINGS, Nursery, Process, Server, answers, free_port, until
from scripts.chaos.witness import SQL, Witness
from storybook.core.database import Database
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.migrations import migrate
from storybook.services import accounts, credits
from tests.fixtures_redis import redis_server
from tests.fixtures_simulator import KEY, Simulated, simulating

PEPPER = "one pepper for all servers"
BUCKET = "chaos"
S3_KEYS = {"S3_ACCESS_KEY": "AKIAEXAMPLEOFBENCH00", "S3_SECRET_KEY": "a secret of the bench"}


class Town:
    """All of it, running."""

    def __init__(self, plan: Plan, folder: Path, stack: ExitStack) -> None:
        self.plan = plan
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.luck = random.Random(plan.seed)
        self.postgres = EmbeddedPostgres.start(folder / "database", durable=False)
        stack.callback(lambda: self.postgres.stop())  # noqa: PLW0108 - after a crash it is another one
        self.vendors: Simulated = stack.enter_context(simulating(folder))
        self.bucket_url = stack.enter_context(_bucket(folder))
        self.witness = Witness(self.postgres.url)
        self.journal = folder / "journal.jsonl"
        wants_redis = plan.redis or plan.celery
        self.redis = stack.enter_context(redis_server(folder)) if wants_redis else None
        nursery = Nursery() if plan.forks else None
        if nursery:
            stack.callback(nursery.close)
        numbers = range(1, plan.servers + 1)
        self.servers = [Server(number, self.environment(number), folder, nursery) for number in numbers]
        self.hits: list[Thing] = []
        self.unsent: set[Thing] = set()
        self.kills = 0
        self.died = 0
        self.spared = 0
        self.hit_at_work = 0
        self.taken_down: set[int] = set()
        """The process ids of all that were killed or stopped."""
        self.answers: Counter[str] = Counter()
        """What orders were told, and how often."""
        self.failures: list[str] = []
        """Of what the bench does in the background."""
        self._squatter: socket.socket | None = None
        """Who sits at the port of a server that was killed."""
        self._meanwhile: set[asyncio.Task[None]] = set()
        for server in self.servers:
            stack.callback(server.kill)
        self._topics = itertools.count(1)
        self._client = httpx.AsyncClient(trust_env=False, timeout=20)

    def environment(self, number: int, **more: str) -> dict[str, str]:
        """Of one process; the database knows each by a name of its own."""
        plan, vendors = self.plan, self.vendors
        return {
            **settings_of(plan),
            "DATABASE_URL": self.postgres.url.replace("storybook@", f"chaos_{number}@"),
            "STORYBOOK_DATA_DIR": str(self.folder / f"data-{number}"),
            "USER_KEY_PEPPER": PEPPER,
            "ACCESS_TOKEN_SECRET": "one secret for all servers",
            "S3_ENDPOINT": self.bucket_url,
            "S3_BUCKET": BUCKET,
            "S3_PUBLIC_URL": f"{self.bucket_url}/{BUCKET}",
            **S3_KEYS,
            "LLM_API_KEY": KEY,
            "LLM_BASE_URL": vendors.base_url("openai"),
            "IMAGE_API_KEY": KEY,
            "IMAGE_BASE_URL": vendors.base_url(plan.painter),
            "MODERATION_API_KEY": KEY,
            "MODERATION_BASE_URL": vendors.base_url("openai"),
            **({"REDIS_URL": self.redis.url} if self.redis else {}),
            **({"USE_CELERY": "true", "CELERY_BROKER_URL": self.redis.url} if self.redis and plan.celery else {}),
            **more,
        }

    async def open(self) -> None:
        """The tables, the witness, the user, the servers."""
        database = Database.connect(self.postgres.url, pool_size=2)
        await migrate(database.engine)
        async with database.session() as session:
            for number in range(USERS):
                user = await accounts.sign_in(session, accounts.hash_user_key(key_for(number), pepper=PEPPER))
                await credits.grant(session, user, 10_000, "the bench")
        await database.close()
        await self.witness.tell(SQL.read_text(encoding="utf-8"))
        for number in range(10):
            await self.witness.tell(f"CREATE ROLE chaos_{number} SUPERUSER LOGIN")
        for kind, seconds in self.plan.paces.items():
            self.vendors.takes(seconds, kind=kind)
        await asyncio.gather(*(server.begin() for server in self.servers))

    async def close(self) -> None:
        for task in self._meanwhile:
            task.cancel()
        await asyncio.gather(*self._meanwhile, return_exceptions=True)
        if self._squatter:
            self._squatter.close()
        await self.witness.close()
        await self._client.aclose()

    @property
    def up(self) -> list[Server]:
        return [server for server in self.servers if server.up]

    def next_number(self) -> int:
        """Of a book that is to be ordered."""
        return next(self._topics)

    async def order(self, number: int) -> None:
        """A new book; whichever server can takes it, once."""
        for _ in range(600):
            for server in self.luck.sample(self.up, len(self.up)):
                with suppress(httpx.TransportError):
                    address = f"http://127.0.0.1:{server.port}/v1/books"
                    answer = await self._client.post(address, **order_of(number, self.plan))
                    self.answers[told(answer)] += 1
                    if answer.status_code == 200:
                        self.witness.numbers[answer.json()["job_id"]] = number
                        return
            await asyncio.sleep(0.2)
        raise TimeoutError("nobody takes a book")

    def job_of(self, number: int) -> str:
        return next(job_id for job_id, found in self.witness.numbers.items() if found == number)

    async def unfinished(self) -> int:
        """How many books have no end yet."""
        [row] = await self.witness.ask("SELECT count(*) AS n FROM jobs WHERE status IN ('queued', 'running')")
        return int(row["n"])

    async def all_ended(self, seconds: float | None = None) -> None:
        """Waits for that, and not for ever: so long, or as long as the plan says."""

        async def ended() -> bool:
            return not await self.unfinished()

        with suppress(TimeoutError):
            await until(ended, seconds or self.plan.patience)

    async def spares(self, *pids: int) -> bool:
        """Whether one of these processes holds a job that the product would give up if it were taken over once more."""
        worn = await self.witness.is_worn(*pids)
        self.spared += worn
        return worn

    async def kill(self, server: Server) -> None:
        """And starts it again, in the background."""
        self.taken_down.add(server.pid)
        self.hit_at_work += bool(await self.witness.holding(server.pid))
        if self.plan.broken != "kill":
            await asyncio.to_thread(server.kill)
        self.kills += 1
        self.died += not server.lives
        self.hits += await self.witness.under_way(server.pid)
        if self.plan.broken == "up":
            self._squatter = socket.create_server(("127.0.0.1", server.port))
        if not server.lives:
            self.begin(server)

    def begin(self, server: Server) -> None:
        self.meanwhile(self._begin(server))

    def meanwhile(self, work: Coroutine[Any, Any, None]) -> None:
        """In the background; what it fails with is kept in `failures`."""
        task = asyncio.create_task(work)
        self._meanwhile.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._meanwhile.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.failures.append(repr(error)[:200])

    async def _begin(self, server: Server) -> None:
        for _ in range(20):
            with suppress(RuntimeError):
                return await server.begin()
        raise RuntimeError(f"{server.role} does not come up")

    async def some_up(self) -> None:
        """One to be killed, and one to take over."""

        async def up() -> bool:
            return len(self.up) > 1

        await until(up)

    async def all_up(self) -> None:
        """Waits for that, unless one of them has been given up."""

        async def up() -> bool:
            return len(self.up) == len(self.servers) or bool(self.failures)

        await until(up)

    async def audit(self) -> list[str]:
        """What the product's own command finds."""
        command = [str(PROGRAMS / "storybook"), "audit", "--json"]
        process = await asyncio.create_subprocess_exec(
            *command,
            env=SURROUNDINGS | self.environment(0),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        said, complaint = await process.communicate()
        try:
            findings: list[dict[str, Any]] = json.loads(said)["findings"]
        except ValueError:
            return [complaint.decode(errors="replace")[-200:] or "the audit says nothing"]
        return [" ".join(map(str, finding.values())) for finding in findings]

    def bucket(self) -> Any:
        """A client of its owner."""
        return boto3.client(
            "s3",
            endpoint_url=self.bucket_url,
            aws_access_key_id=S3_KEYS["S3_ACCESS_KEY"],
            aws_secret_access_key=S3_KEYS["S3_SECRET_KEY"],
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    async def crash_postgres(self) -> bool:
        """As `pg_ctl stop -m immediate`; it is started again. Whether it is another one then."""
        return await asyncio.to_thread(self._crash_postgres)

    def _crash_postgres(self) -> bool:
        data = self.folder / "database"
        pid = _postmaster_of(data)
        if self.plan.broken != "crash":
            os.kill(pid, signal.SIGQUIT)
            self.postgres.stop()
            self.postgres = EmbeddedPostgres.start(data, durable=False)
        return _postmaster_of(data) != pid


def _postmaster_of(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])


@contextmanager
def _bucket(folder: Path) -> Iterator[str]:
    """An S3 server of its own."""
    port = free_port()
    s3 = Process([str(PROGRAMS / "moto_server"), "-H", "127.0.0.1", "-p", str(port)], {}, folder / "s3.log")
    s3.start(lambda: answers(port, "/moto-api/") == 200)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        s3.kill()


@asynccontextmanager
async def town_of(plan: Plan, keep: Path | None = None) -> AsyncIterator[Town]:
    """A town that is gone when the block ends; its logs and its database stay in the folder `keep`."""
    with ExitStack() as stack:
        name = keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-"))
        town = Town(plan, Path(name), stack)
        async with AsyncExitStack() as last:
            last.push_async_callback(town.close)
            await town.open()
            yield town
