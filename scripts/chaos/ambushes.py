"""Kills a process at each of the named points."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import NamedTuple

from scripts.chaos.facts import Facts, Row
from scripts.chaos.points import STEPS, Ambush, Point, Step, ambush_at
from scripts.chaos.processes import Server, until
from scripts.chaos.town import Town
from scripts.chaos.witness import Trap

VERDICTS_BEFORE_PAGES = 5
"""On the request, the story, the hero, and a picture or two: the simulator cannot tell pictures of pages apart."""


class Case(NamedTuple):
    step: Step
    point: Point
    book: int
    kills: int
    stands_for: str


def chosen(letters: str = "", points: Sequence[Point] = tuple(Point)) -> list[tuple[Step, Point]]:
    """These points of the steps with these letters, or of all."""
    return [(step, point) for step in STEPS if not letters or step.letter in letters for point in points]


async def kill_at_points(town: Town, places: Sequence[tuple[Step, Point]]) -> list[Case]:
    """One book for each of these places."""
    cases = [await _ambushed(town, step, point) for step, point in places]
    await town.all_ended()
    await town.all_up()
    return cases


async def _ambushed(town: Town, step: Step, point: Point) -> Case:
    """Lays all ambushes for a book, orders it, and springs them; a case without kills was missed."""
    began = time.monotonic()
    book = town.next_number()
    ambushes = ambush_at(step, point, book)
    await (town.all_ended(town.plan.patience / 3) if step.letter == "G" else town.some_up())
    kills, held = 0, len(town.vendors.held())
    async with AsyncExitStack() as stack:
        traps = [
            await stack.enter_async_context(town.witness.trap(ambush.wanted)) if ambush.wanted else None
            for ambush in ambushes
        ]
        with suppress(TimeoutError):
            for ambush, trap in zip(ambushes, traps, strict=True):
                if ambush.fault:
                    _hold_call(town, step, ambush, book)
                if not kills:
                    await town.order(book)
                await _sprung(town, ambush, trap, book, held if ambush.fault else None)
                kills += 1
    if kills < len(ambushes):
        kills = 0
    stands_for = next((ambush.stands_for for ambush in ambushes if ambush.stands_for), "")
    print(f"  {step.letter}, {point}: {kills} kills, {time.monotonic() - began:.1f} s {stands_for}", flush=True)
    return Case(step, point, book, kills, stands_for)


async def _sprung(town: Town, ambush: Ambush, trap: Trap | None, book: int, held: int | None) -> None:
    """Waits until the book's process is there, kills it, and has it started again."""
    caught = await _come(town, trap, book, held)
    await asyncio.to_thread(caught.kill)
    town.hits += await town.witness.under_way(caught.pid)
    if trap:
        await (trap.undo(await trap.caught(town.plan.patience / 3)) if ambush.undone else trap.let_go())
    if ambush.fault:
        town.vendors.works_again()
    town.begin(caught)


def _hold_call(town: Town, step: Step, ambush: Ambush, book: int) -> None:
    where = {"kind": step.kind, "purpose": step.name} if step.kind == "text" else {"kind": step.kind}
    if step.sign:
        town.vendors.goes_wrong(ambush.fault, **where, contains=step.sign.format(book=book))  # type: ignore[arg-type]
    else:
        town.vendors.goes_wrong(ambush.fault, **where, after=VERDICTS_BEFORE_PAGES)  # type: ignore[arg-type]


async def _come(town: Town, trap: Trap | None, book: int, held: int | None) -> Server:
    """The server that makes the book, once it waits in the trap, its call is one more that is held, or the book is
    done.
    """
    if trap:
        caught = await trap.caught(town.plan.patience / 3)
        return next(server for server in town.servers if server.role == caught.role)
    job_id = town.job_of(book)
    found: list[Server] = []

    async def there() -> bool:
        [job] = await town.witness.ask("SELECT status, lease_owner FROM jobs WHERE id = $1", job_id)
        if job["lease_owner"]:
            pid = int(job["lease_owner"].split(":")[1])
            found[:] = [server for server in town.servers if server.pid == pid]
        return bool(job["status"] == "done") if held is None else len(town.vendors.held()) > held

    await until(there, town.plan.patience / 3)
    return found[0]


def recovered(cases: list[Case], facts: Facts) -> Row:
    """Each book was killed where it was meant to be, and is done."""
    done = {book.number for book in facts.books if book.status == "done"}
    lost = [f"{case.step.letter} {case.point}" for case in cases if case.book not in done or not case.kills]
    kills, stand_ins = sum(case.kills for case in cases), sum(bool(case.stands_for) for case in cases)
    said = f"{len(cases) - len(lost)} of {len(cases)}, {kills} kills; {stand_ins} cases stand for a neighbour"
    return Row("Every named point of every step recovers", said + "".join(f"; {one}" for one in lost), met=not lost)
