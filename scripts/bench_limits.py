"""Measures the limiters: two processes with 25 clients each ask without a pause as one user from one network.

Started with a place to count in, it is one of the two processes.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from storybook.core.database import Database
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.logs import configure_logs
from storybook.core.migrations import migrate
from storybook.domain.limits import Allowance, CallClass, Limit
from storybook.services.limits import Limiter, MemoryLimiter, RefusingLimiter, TableLimiter
from storybook.services.limits_redis import RedisLimiter, connect

PROCESSES = 2
CLIENTS = 25
LONGEST_SLEEP = 0.1


class Call(NamedTuple):
    """It was counted or refused somewhere between these moments, on the clock that all processes of a machine share."""

    asked: float
    answered: float


class Measured(NamedTuple):
    calls: int
    most_in_a_window: int
    wrongly_refused: int
    used: float
    p99_milliseconds: float


async def ask(place: str, limit: Limit, seconds: float) -> dict[str, list[list[float]]]:
    """When the clients of one process were admitted, and when they were refused."""
    limiter: Limiter
    if place.startswith("redis"):
        limiter = RefusingLimiter(RedisLimiter(connect(place, patience=30), MemoryLimiter()))
    else:
        limiter = RefusingLimiter(TableLimiter(Database.connect(place, pool_size=10)))
    wide = Limit(20 * limit.calls, limit.seconds)
    allowances = [Allowance("network:bench", wide), Allowance("user:bench", limit)]
    until = time.monotonic() + seconds
    admitted: list[list[float]] = []
    refused: list[list[float]] = []

    async def client() -> None:
        while (asked := time.monotonic()) < until:
            verdict = await limiter.admit(CallClass.WRITE, allowances)
            (admitted if verdict.admitted else refused).append([asked, time.monotonic()])
            if not verdict.admitted:
                await asyncio.sleep(min(verdict.tightest.wait, LONGEST_SLEEP))

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return {"admitted": admitted, "refused": refused}


async def measure(place: str, limit: Limit, seconds: float) -> Measured:
    """Runs the processes against one place: the address of a Redis, or of a database with all tables."""
    command = [sys.executable, __file__, "--place", place, "--calls", str(limit.calls)]
    command += ["--window", str(limit.seconds), "--seconds", str(seconds)]
    processes = [
        await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE) for _ in range(PROCESSES)
    ]
    said = [json.loads(out) for out, _ in await asyncio.gather(*(process.communicate() for process in processes))]
    admitted = [Call(*call) for answer in said for call in answer["admitted"]]
    refused = [Call(*call) for answer in said for call in answer["refused"]]
    costs = sorted(call.answered - call.asked for call in admitted + refused)
    return Measured(
        calls=len(admitted),
        most_in_a_window=most_in_a_window(admitted, limit.seconds),
        wrongly_refused=wrongly_refused(admitted, refused, limit),
        used=used(admitted, limit),
        p99_milliseconds=costs[int(len(costs) * 0.99)] * 1000,
    )


def most_in_a_window(admitted: list[Call], seconds: float) -> int:
    """The most calls that were certainly counted within `seconds`, wherever these begin."""
    return max(
        sum(first.asked <= call.asked and call.answered < first.asked + seconds for call in admitted)
        for first in admitted
    )


def wrongly_refused(admitted: list[Call], refused: list[Call], limit: Limit) -> int:
    """The refused calls in whose window there certainly was room."""
    asked = sorted(call.asked for call in admitted)
    answered = sorted(call.answered for call in admitted)
    return sum(
        bisect_left(asked, call.answered) - bisect_right(answered, call.asked - limit.seconds) < limit.calls
        for call in refused
    )


def used(admitted: list[Call], limit: Limit) -> float:
    """The part of the limit that the clients could use: the time that it allows for their calls, by what they took."""
    answered = sorted(call.answered for call in admitted)
    rounds = [b - a for a, b in pairwise(answered[:: limit.calls])]
    return len(rounds) * limit.seconds / sum(rounds)


async def report(redis: str, limit: Limit, seconds: float) -> bool:
    """Prints a table; False where a limiter misses its target."""
    met = True
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedPostgres.start(Path(folder))
        database = Database.connect(embedded.url, pool_size=1)
        await migrate(database.engine)
        await database.close()
        columns = ("Counted in", "Calls", "Most in a window", "Wrongly refused", "Used", "A call in 99 %", "")
        print(row(*columns), row(*("---" for _ in columns)), sep="\n")
        for place in [embedded.url, *([redis] if redis else [])]:
            found = await measure(place, limit, seconds)
            good = found.most_in_a_window <= limit.calls and not found.wrongly_refused and found.used >= 0.99
            met = met and good
            most, cost = f"{found.most_in_a_window} of {limit.calls}", f"{found.p99_milliseconds:.1f} ms"
            counts = (found.calls, most, found.wrongly_refused, f"{found.used:.2%}", cost)
            print(row(place.partition(":")[0], *counts, "met" if good else "missed"))
        embedded.stop()
    return met


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", help="be one of the two processes, and count here")
    parser.add_argument("--redis", default="", help="the address of a Redis to measure too")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    limit = Limit(args.calls, args.window)
    configure_logs("error", as_json=True)
    if args.place:
        print(json.dumps(asyncio.run(ask(args.place, limit, args.seconds))))
        return 0
    return 0 if asyncio.run(report(args.redis, limit, args.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
