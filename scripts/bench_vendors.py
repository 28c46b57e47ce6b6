"""Measures books that vendors make, over real HTTP on loopback and with a real PostgreSQL.

The vendors are simulated in another process, and the service runs in one of its own, so its CPU is its own alone.
"""

import asyncio
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from bench_rows import Cpu, Row, cpu_of, started
from bench_servers import NO_LIMITS, PAGES, USER_KEY
from sqlalchemy import text

from storybook.core.database import Database
from storybook.services import accounts, credits
from tests.fixtures_simulator import Simulated, settings_for, simulating

PICTURES = PAGES + 1
SECONDS = {"text": 1.0, "image": 3.0, "moderation": 0.25}
HOUSE = {"llm": "openai", "image": "replicate", "moderation": "openai"}
ROOM = {
    **NO_LIMITS,
    "rate_limit_requests": 10**6,
    "books_per_day": 10**6,
    "pending_books_per_user": 10**6,
    "pending_books": 10**6,
    "budget_per_book": 50,
    "budget_per_user_day": 10**6,
    "budget_per_day": 10**6,
}
CROWD = 100
MOST_OVER = 1.05
MOST_LATE = 0.3
MOST_CPU = 0.15
MOST_POLL = 0.1
SPEC = {
    "topic": "a little fox who is afraid of the dark",
    "language": "en",
    "target_age": "5-7",
    "style": "watercolor",
    "page_count": PAGES,
}


_numbers = itertools.count(1)
"""Equal orders are answered with one book."""


class Moments(NamedTuple):
    """Seconds from the order."""

    first_page: float
    end: float


def critical_path(at_once: int) -> Moments:
    """What the graph of the pipeline takes when nothing but the vendors takes time.

    The story is written beside the judging of the request, then judged; the cast is drawn up; the hero is drawn alone
    and judged. Then the pictures follow each other in rounds of `at_once`, and each is judged outside of its round.
    """
    text_, picture, verdict = SECONDS["text"], SECONDS["image"], SECONDS["moderation"]
    hero = max(text_, verdict) + verdict + text_ + picture + verdict
    rounds = -(-PICTURES // at_once)
    return Moments(hero + picture + verdict, hero + rounds * picture + verdict)


class Service(NamedTuple):
    """A running service, and what it takes to order from it."""

    pid: int
    client: httpx.AsyncClient
    database: Database
    folder: str

    async def order(self, **more: Any) -> str:
        spec = SPEC | more | {"topic": f"{SPEC['topic']} {next(_numbers)}"}
        answer = await self.client.post("/v1/books", json=spec)
        answer.raise_for_status()
        return str(answer.json()["job_id"])

    async def ended(self, job_ids: list[str]) -> list[Any]:
        """The rows of the jobs, once all have ended."""
        while True:
            rows = await self.ended_of(job_ids)
            if len(rows) == len(job_ids):
                return rows
            await asyncio.sleep(0.1)

    async def ended_of(self, job_ids: list[str]) -> list[Any]:
        """The rows of those that have ended. The table is asked, not the service."""
        wanted = text(
            "SELECT id, status, error_code, extract(epoch FROM finished_at - created_at) AS seconds "
            "FROM jobs WHERE id = ANY(:ids) AND finished_at IS NOT NULL"
        )
        async with self.database.session() as session:
            return list((await session.execute(wanted, {"ids": job_ids})).all())

    async def first_page(self, job_id: str) -> float:
        """When, by our clock, the first page can be read in the preview."""
        async with self.client.stream("GET", f"/v1/books/{job_id}/events") as events:
            async for line in events.aiter_lines():
                if not line.startswith("data: "):
                    continue
                preview = json.loads(line.removeprefix("data: ")).get("preview")
                if preview and preview["pages"]:
                    return time.perf_counter()
        raise RuntimeError("the book has ended without a preview")


@contextmanager
def simulated(speed: float = 1.0) -> Iterator[Simulated]:
    with tempfile.TemporaryDirectory() as folder, simulating(Path(folder)) as simulator:
        paces(simulator, speed)
        yield simulator


def paces(simulator: Simulated, speed: float) -> None:
    for kind, seconds in SECONDS.items():
        simulator.takes(seconds / speed, kind=kind)


@asynccontextmanager
async def serving(
    simulator: Simulated, *, faster: float = 1.0, beside: Service | None = None, **more: Any
) -> AsyncIterator[Service]:
    """A service whose vendors are simulated, with a user who can pay; they are left alone for less long.

    `beside` another one it is a second process over the same database and files.
    """
    with tempfile.TemporaryDirectory() as own:
        folder, shared = (beside.folder, {"database_url": beside.database.url}) if beside else (own, {})
        settings = settings_for(simulator, Path(folder), **HOUSE, **(ROOM | shared | more))
        told = json.dumps([settings.model_dump(mode="json"), faster])
        with started("books", told) as (pid, said):
            database = Database.connect(said["database"], pool_size=4)
            async with database.session() as session:
                user = await accounts.sign_in(session, accounts.hash_user_key(USER_KEY, pepper=said["pepper"]))
                await credits.grant(session, user, 10_000, "the bench")
            address = f"http://127.0.0.1:{said['port']}"
            limits = httpx.Limits(max_connections=None)
            async with httpx.AsyncClient(
                base_url=address, headers={"X-User-Key": USER_KEY}, limits=limits, timeout=60, trust_env=False
            ) as client:
                yield Service(pid, client, database, folder)
            await database.close()


async def one_book(simulator: Simulated, at_once: int) -> list[Row]:
    """A book alone, followed by its reader; then four side by side that nobody looks at, for their CPU."""
    best = critical_path(at_once)
    async with serving(simulator, image_max_concurrent=at_once) as service:
        await service.ended([await service.order()])
        began = time.perf_counter()
        job_id = await service.order()
        page = await service.first_page(job_id) - began
        [job] = await service.ended([job_id])
        before = cpu_of(service.pid)
        unread = [await service.order() for _ in range(4)]
        done = [job, *await service.ended(unread)]
        used = cpu_of(service.pid).since(before)
    if any(row.status != "done" for row in done):
        raise RuntimeError(f"not every book was done: {done}")
    over, late = float(job.seconds) / best.end, page - best.first_page
    name = f"A book, {at_once} pictures at once"
    return [
        Row(
            f"{name}: of its critical path",
            f"{over:.3f} ({job.seconds:.2f} of {best.end:.2f} s)",
            f"at most {MOST_OVER}",
            met=over <= MOST_OVER,
        ),
        Row(f"{name}: its first page is late by", f"{late:.2f} s", f"at most {MOST_LATE} s", met=late <= MOST_LATE),
        cpu_row(name, Cpu(used.own / 4, used.children / 4)),
    ]


def cpu_row(name: str, used: Cpu) -> Row:
    measured = f"{used.own:.3f} s, beside {used.children:.2f} s of programs that read pictures"
    return Row(f"{name}: CPU of our process", measured, f"at most {MOST_CPU} s", met=used.own <= MOST_CPU)


async def crowd(simulator: Simulated) -> list[Row]:
    """Many books at once, each with a reader who looks every second, all at moments of their own."""
    async with serving(simulator, jobs_in_process=CROWD) as service:
        await service.ended([await service.order()])
        before, began = cpu_of(service.pid), time.perf_counter()
        job_ids = [await service.order() for _ in range(CROWD)]
        readers = [asyncio.create_task(_reader(service, job_id, n / CROWD)) for n, job_id in enumerate(job_ids)]
        rows = await service.ended(job_ids)
        took, used = time.perf_counter() - began, cpu_of(service.pid).since(before)
        polls = sorted([seconds for looks in await asyncio.gather(*readers) for seconds in looks])
    done = sum(row.status == "done" for row in rows)
    slowest = polls[int(len(polls) * 0.99)]
    return [
        Row(f"{CROWD} books at once", f"{done} done in {took:.0f} s", f"{CROWD} done", met=done == CROWD),
        Row(
            f"Polls meanwhile ({len(polls) / took:.0f} per second)",
            f"{statistics.median(polls) * 1000:.1f} ms, 99 % in {slowest * 1000:.1f} ms",
            f"{MOST_POLL * 1000:.0f} ms",
            met=slowest <= MOST_POLL,
        ),
        Row(f"CPU of our process for each of {CROWD}", f"{used.own / CROWD:.3f} s", "", met=True),
        Row(f"CPU of programs that read pictures, for each of {CROWD}", f"{used.children / CROWD:.2f} s", "", met=True),
    ]


async def _reader(service: Service, job_id: str, begins_after: float) -> list[float]:
    """How long each look took, until the book has ended."""
    looks = []
    await asyncio.sleep(begins_after)
    while True:
        began = time.perf_counter()
        answer = (await service.client.get(f"/v1/books/{job_id}")).raise_for_status().json()
        looks.append(time.perf_counter() - began)
        if answer["status"] in {"done", "failed"}:
            return looks
        await asyncio.sleep(1 - looks[-1] % 1)


def books() -> list[Row]:
    with simulated() as simulator:
        return [row for at_once in (3, PICTURES) for row in asyncio.run(one_book(simulator, at_once))]


def many_books() -> list[Row]:
    with simulated(10) as simulator:
        return asyncio.run(crowd(simulator))
