"""See scripts/chaos.sh."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from scripts.chaos.ambushes import chosen, kill_at_points, recovered
from scripts.chaos.breaks import BREAKS, break_after, break_before
from scripts.chaos.checks import examine
from scripts.chaos.facts import Row
from scripts.chaos.kills import kill_at_random
from scripts.chaos.leaving import AT_WORK, leave, wait_for_progress
from scripts.chaos.outages import take_away
from scripts.chaos.seen import BY_ID, facts_of
from scripts.chaos.stops import stop_at_random
from scripts.chaos.town import Plan, Town, town_of
from scripts.chaos.workers import kill_workers

MODELS = {"replicate": "black-forest-labs/flux-schnell"}
"""Of vendors that have one that draws without seeing the hero: a cover and eight pages are nine pictures."""
LEAVING = {"text": 0.5, "image": 8.0, "moderation": 0.1}
REAL = {"text": 1.0, "image": 3.0, "moderation": 0.2}


def show(rows: list[Row]) -> bool:
    """Prints the table; whether all was kept."""
    print("| Promised | Seen | |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {row.promise} | {row.seen} | {'PASS' if row.met else 'FAIL'} |")
    return all(row.met for row in rows)


def plan_of(args: argparse.Namespace) -> Plan:
    plan = Plan(args.servers, args.painter, args.lease, args.lease / 3, seed=args.seed, pages=args.pages)
    plan = plan._replace(call_seconds=args.timeout, model=MODELS.get(args.painter, ""))
    if args.leave:
        return plan._replace(servers=2, forks=False, books_at_once=AT_WORK, call_seconds=30.0, paces=LEAVING)
    if args.real_lease:
        return plan._replace(lease=30.0, heartbeat=10.0, sweep=5.0, call_seconds=20.0, paces=REAL)
    return plan._replace(redis=args.redis > 0, celery=args.celery)


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
        (args.celery, lambda: kill_workers(town, args.kills, args.pause)),
        (True, lambda: kill_at_random(town, args.kills, args.books, args.pause)),
    ]
    return await next(act for wanted, act in acts if wanted)()


async def run(args: argparse.Namespace) -> bool:
    """One run in a town of its own."""
    load = os.getloadavg()[0]
    async with town_of(plan_of(args), args.keep) as town:
        began = time.monotonic()
        await break_before(town, args.broken)
        rows = await act(town, args)
        took = time.monotonic() - began
        await break_after(town, args.broken)
        facts = await facts_of(town)
        paid = "asked again by id" if args.painter in BY_ID else "answers at once"
        print(f"seed {args.seed}, pictures by {args.painter} ({paid}): {took:.0f} s, load {load:.1f} before")
        return show([*rows, *examine(facts)])


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/chaos.sh", description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="kill -9, at random moments")
    parser.add_argument("--books", type=int, default=10)
    parser.add_argument("--pages", type=int, default=8, help="of each book; it has a cover and a hero more")
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--lease", type=float, default=3.0, help="seconds; more on a machine that is busy otherwise")
    parser.add_argument("--timeout", type=float, default=4.0, help="seconds that a call may take; more there, too")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds from a start to the next kill, on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--painter", default="replicate", choices=["replicate", "fal", "openai"])
    parser.add_argument("--celery", action="store_true", help="kill processes of Celery workers instead")
    parser.add_argument("--points", nargs="?", const="", metavar="STEPS", help="a kill at each named point; ABCDEFGH")
    parser.add_argument("--stops", type=int, default=0, help="SIGSTOP past the lease, then SIGCONT")
    parser.add_argument("--leave", action="store_true", help="SIGTERM with twenty books at work")
    parser.add_argument(
        "--real-lease", type=int, default=0, metavar="KILLS", help="kills under the lease of production"
    )
    parser.add_argument("--postgres", type=int, default=0, help="crashes of the database")
    parser.add_argument("--redis", type=int, default=0, help="how often Redis is emptied")
    parser.add_argument("--break", dest="broken", default="", choices=BREAKS, help="switch a protection off")
    parser.add_argument("--keep", type=Path, help="a new folder that logs and the database stay in")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    return 0 if asyncio.run(run(parser.parse_args())) else 1


if __name__ == "__main__":
    sys.exit(main())
