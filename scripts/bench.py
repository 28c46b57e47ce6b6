"""Measures the service on this machine, over real HTTP on loopback and with a real PostgreSQL.

Two servers run in processes of their own with the same settings: the service, which also has a route that only answers
with the same JSON, and a FastAPI with that route alone. They are asked in turns, so that whatever else the machine does
touches all.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import bench_outages
import bench_telemetry
import bench_vendors
import httpx
from bench_rows import PATIENCE_SECONDS, Row, show, started
from bench_servers import EMPTY, PAGES, STREAMS, USER_KEY, begin_book
from sqlalchemy import text

from storybook.core.database import Database
from storybook.domain.jobs import Step
from storybook.services import jobs

AT_ONCE = 16
CHANGES = 40


async def requests_per_second(port: int, path: str, seconds: float) -> float:
    """How many good answers `AT_ONCE` connections get in a second."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-User-Key: {USER_KEY}\r\n\r\n".encode()
    answered = 0
    until = time.perf_counter() + seconds

    async def ask() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            answered += 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return answered / (time.perf_counter() - began)


@asynccontextmanager
async def following(port: int, job_id: str) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    """An open stream of events; what is yielded waits for the next one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /v1/books/{job_id}/events HTTP/1.1\r\nHost: bench\r\nX-User-Key: {USER_KEY}\r\n\r\n".encode())

    async def next_event() -> bytes:
        while not (line := await reader.readline()).startswith(b"id: "):
            if not line:
                raise RuntimeError("the stream has ended")
        return line

    try:
        await next_event()
        yield next_event
    finally:
        writer.close()


async def polls(service: dict[str, Any], bare: dict[str, Any], args: argparse.Namespace) -> list[Row]:
    """What a poll does, beside a route of the same service that only answers, and beside a bare FastAPI."""
    routes = {
        "poll": (service["port"], f"/v1/books/{service['job_id']}"),
        "empty": (service["port"], EMPTY),
        "bare": (bare["port"], EMPTY),
    }
    rates: dict[str, list[float]] = {name: [] for name in routes}
    for _ in range(args.rounds):
        for name, (port, path) in routes.items():
            rates[name].append(await requests_per_second(port, path, args.seconds))
    poll, empty, without = (statistics.median(rates[name]) for name in routes)
    ratio = statistics.median(a / b for a, b in zip(rates["poll"], rates["empty"], strict=True))
    return [
        Row(f"Polls of a finished book of {PAGES} pages", f"{poll:.0f} per second", "", met=True),
        Row("An empty route of the service with the same JSON", f"{empty:.0f} per second", "", met=True),
        Row("The ratio of the two", f"{ratio:.2f}", "at least 0.5", met=ratio >= 0.5),
        Row("The same route of a FastAPI without anything else", f"{without:.0f} per second", "", met=True),
    ]


async def delay_of_events(service: dict[str, Any], database: Database) -> list[float]:
    """Milliseconds from the commit of each change to its event at a client."""
    claim = await begin_book(database, service["pepper"])
    delays = []
    async with following(service["port"], claim.job_id) as next_event:
        for percent in range(1, CHANGES + 1):
            await jobs.advance(database, claim, Step.GENERATE_IMAGES, percent)
            committed = time.perf_counter()
            await asyncio.wait_for(next_event(), PATIENCE_SECONDS)
            delays.append((time.perf_counter() - committed) * 1000)
            await asyncio.sleep(0.01)
    return delays


async def streams(service: dict[str, Any], pid: int, database: Database) -> list[Row]:
    claim = await begin_book(database, service["pepper"])
    await requests_per_second(service["port"], f"/v1/books/{service['job_id']}", 1)
    alone = await delay_of_events(service, database)
    connections, memory = await connections_of(database), memory_of(pid)
    open_streams = [following(service["port"], claim.job_id) for _ in range(STREAMS)]
    await asyncio.gather(*(stream.__aenter__() for stream in open_streams))
    await asyncio.sleep(1)
    more = await connections_of(database) - connections
    grown = memory_of(pid) - memory
    crowded = await delay_of_events(service, database)
    await asyncio.gather(*(stream.__aexit__(None, None, None) for stream in open_streams))
    return [
        delays_row("From commit to event", alone),
        delays_row(f"The same beside {STREAMS} open streams", crowded),
        Row(f"Database connections that {STREAMS} streams add", str(more), "0", met=more <= 0),
        Row(f"Memory that {STREAMS} streams add", f"{grown:.0f} MB", "less than 100 MB", met=grown < 100),
    ]


def delays_row(what: str, delays: list[float]) -> Row:
    delays.sort()
    worst = delays[int(len(delays) * 0.95)]
    return Row(what, f"{statistics.median(delays):.1f} ms, 95 % in {worst:.1f} ms", "100 ms", met=worst <= 100)


async def connections_of(database: Database) -> int:
    async with database.session() as session:
        count = await session.scalar(
            text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        )
    return int(count or 0)


def memory_of(pid: int) -> float:
    """Resident memory in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def measure(args: argparse.Namespace) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, started("service", folder) as (pid, service):
        url = f"http://127.0.0.1:{service['port']}/v1/books/{service['job_id']}"
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = (await client.get(url, headers={"X-User-Key": USER_KEY})).text
        with started("bare", answer) as (_, bare):
            rows = await polls(service, bare, args)
        database = Database.connect(service["database"], pool_size=2)
        rows += await streams(service, pid, database)
        await database.close()
    for name, most in {"poll": 1, "library": 2}.items():
        rows.append(Row(f"Statements of a {name}", str(service[name]), f"at most {most}", met=service[name] <= most))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--books", type=int, help="How many, in a part that is about outages")
    parser.add_argument("--only", choices=[*PARTS, *GROUPS], help="A part of the measurements")
    args = parser.parse_args()
    names = GROUPS.get(args.only, [args.only] if args.only else list(PARTS))
    return 0 if show([row for name in names for row in PARTS[name](args)]) else 1


PARTS: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "service": lambda args: asyncio.run(measure(args)),
    "telemetry": lambda _: bench_telemetry.measure(),
    "books": lambda _: bench_vendors.books(),
    "crowd": lambda _: bench_vendors.many_books(),
    **{name: lambda args, name=name: bench_outages.measure(name, args.books) for name in bench_outages.PARTS},
}
GROUPS = {"vendors": ["books", "crowd"], "outages": list(bench_outages.PARTS)}


if __name__ == "__main__":
    sys.exit(main())
