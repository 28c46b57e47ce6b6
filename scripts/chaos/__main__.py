"""See scripts/chaos.sh."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from scripts.chaos.ambushes import chosen, kill_at_points, recovered
from scripts.chaos.breaks import BREAKS, break_after, breaking
from scripts.chaos.checks import examine, untroubled
from scripts.chaos.controls import chosen as controls_named
from scripts.chaos.controls import control_all
from scripts.chaos.facts import Row
from scripts.chaos.kills import AT_ONCE, kill_at_random
from scripts.chaos.leaving import AT_WORK, leave, wait_for_progress
from scripts.chaos.orders import polite
from scripts.chaos.outages import take_away
from scripts.chaos.plan import Plan
from scripts.chaos.release import release
from scripts.chaos.seen import BY_ID, facts_of
from scripts.chaos.stops import stop_at_random
from scripts.chaos.town import Town, town_of
from scripts.chaos.workers import kill_workers

MODELS = {"replicate": "black-forest-labs/flux-schnell"}
"""Of vendors that have one that draws without seeing the hero: a cover and eight pages are nine pictures."""
LEAVING = {"text": 5.0, "image": 8.0, "moderation": 0.1}
"""A book takes as long as it needs to be at work beside nineteen others."""
REAL = {"text": 1.0, "image": 3.0, "moderation": 0.2}
OUTLASTS = 12.0
"""A lease that no crash of the database outlasts, nor a busy machine; that of production is longer."""
SLOW = 60.0
"""Seconds of a lease where that is what is broken."""


def show(rows: list[Row]) -> None:
    print("| Promised | Seen | |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {row.promise} | {row.seen} | {'PASS' if row.met else 'FAIL'} |", flush=True)


def plan_of(args: argparse.Namespace) -> Plan:
    lease = max(args.lease, OUTLASTS) if args.postgres or args.redis or args.leave else args.lease
    plan = Plan(args.servers, args.painter, lease, lease / 3, seed=args.seed, pages=args.pages)
    plan = plan._replace(call_seconds=args.timeout, model=MODELS.get(args.painter, ""), broken=args.broken)
    plan = plan._replace(patience=args.patience, redis=args.redis > 0, celery=args.celery or args.redis > 0)
    if args.stops:
        return plan._replace(books_at_once=AT_ONCE)
    if args.leave:
        return plan._replace(servers=2, forks=False, books_at_once=AT_WORK, call_seconds=30.0, paces=LEAVING)
    if args.real_lease:
        plan = plan._replace(lease=30.0, heartbeat=10.0, sweep=5.0, call_seconds=20.0, paces=REAL)
        return plan._replace(lease=SLOW, heartbeat=SLOW / 3) if args.broken == "slow" else plan
    return plan


async def act(town: Town, args: argparse.Namespace) -> list[Row]:
    """What the run is about, and what is seen of that alone."""
    if args.points is not None:
        cases = await kill_at_points(town, chosen(args.points))
        return [recovered(cases, await facts_of(town))]
    acts: list[tuple[object, Callable[[], Awaitable[list[Row]]]]] = [
        (args.stops, lambda: stop_at_random(town, args.stops)),
        (args.leave, lambda: leave(town)),
        (args.real_lease, lambda: wait_for_progress(town, args.real_lease)),
        (args.postgres or args.redis, lambda: take_away(town, args.postgres, args.redis, args.books)),
        (args.celery, lambda: kill_workers(town, args.kills, args.books)),
        (True, lambda: kill_at_random(town, args.kills, args.books, args.pause)),
    ]
    return await next(act for wanted, act in acts if wanted)()


@asynccontextmanager
async def ran(args: argparse.Namespace) -> AsyncIterator[tuple[Town, list[Row]]]:
    """One run in a town of its own, which is there until the block ends, and its table."""
    load = os.getloadavg()[0]
    async with town_of(plan_of(args), args.keep) as town:
        began = time.monotonic()
        async with breaking(town, args.broken):
            rows = await act(town, args)
        took = time.monotonic() - began
        await break_after(town, args.broken)
        facts = await facts_of(town)
        paid = "asked again by id" if args.painter in BY_ID else "answers at once"
        vendors = ", ".join(f"{kind} in {seconds:g} s" for kind, seconds in town.plan.paces.items())
        print(f"seed {args.seed}, pictures by {args.painter} ({paid}), lease {town.plan.lease:g} s, {vendors}")
        print(f"{took:.0f} s, load {load:.1f} before\n")
        rows = [*rows, *examine(facts), polite(town.answers), untroubled(town.failures)]
        show(rows)
        yield town, rows


async def run(args: argparse.Namespace) -> bool:
    """Whether all was kept."""
    async with ran(args) as (_, rows):
        return all(row.met for row in rows)


def parser() -> argparse.ArgumentParser:
    parsed = argparse.ArgumentParser(prog="scripts/chaos.sh", description=__doc__)
    parsed.add_argument("--kills", type=int, default=10, help="kill -9, at random moments")
    parsed.add_argument("--books", type=int, default=10)
    parsed.add_argument("--pages", type=int, default=8, help="of each book; it has a cover and a hero more")
    parsed.add_argument("--servers", type=int, default=2)
    parsed.add_argument("--lease", type=float, default=3.0, help="seconds; more on a machine that is busy otherwise")
    parsed.add_argument("--timeout", type=float, default=4.0, help="seconds that a call may take; more there, too")
    parsed.add_argument("--pause", type=float, default=1.0, help="seconds from a server's start to the next kill")
    parsed.add_argument("--seed", type=int, default=1)
    parsed.add_argument("--painter", default="replicate", choices=["replicate", "fal", "openai"])
    parsed.add_argument("--celery", action="store_true", help="kill processes of Celery workers instead")
    parsed.add_argument("--points", nargs="?", const="", metavar="STEPS", help="a kill at each named point; ABCDEFGH")
    parsed.add_argument("--stops", type=int, default=0, help="SIGSTOP past the lease, then SIGCONT")
    parsed.add_argument("--leave", action="store_true", help="SIGTERM with twenty books at work")
    parsed.add_argument(
        "--real-lease", type=int, default=0, metavar="KILLS", help="kills under the lease of production"
    )
    parsed.add_argument("--postgres", type=int, default=0, help="crashes of the database")
    parsed.add_argument("--redis", type=int, default=0, help="how often Redis is emptied")
    parsed.add_argument("--break", dest="broken", default="", choices=BREAKS, help="switch a protection off")
    parsed.add_argument("--patience", type=float, default=180.0, help="seconds that the last books are waited for")
    parsed.add_argument(
        "--controls",
        nargs="?",
        const="",
        type=controls_named,
        metavar="NAMES",
        help="breaks everything in turn, or what is named, between commas: each check has to go red",
    )
    parsed.add_argument("--release", action="store_true", help="all forms of it, one after another")
    parsed.add_argument("--keep", type=Path, help="a new folder that logs and the database stay in")
    return parsed


def asked(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The run that the words ask for, or those of the command line; ends the program where there is no such run."""
    args = parser().parse_args(words)
    if args.celery and (args.points is not None or args.stops or args.leave or args.real_lease):
        parser().error("--celery goes with --kills and --books; the other forms are of servers")
    return args


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    args = asked()
    if args.release:
        kept = release()
    elif args.controls is not None:
        kept = asyncio.run(control_all(args.controls, lambda words: ran(asked(words))))
    else:
        kept = asyncio.run(run(args))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
