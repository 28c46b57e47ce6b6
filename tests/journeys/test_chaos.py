"""A small fixed run of the chaos bench: real processes die at named points, and every promise is kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scripts.chaos.ambushes import chosen, kill_at_points, recovered
from scripts.chaos.breaks import AFTER, break_after
from scripts.chaos.checks import examine
from scripts.chaos.plan import Plan
from scripts.chaos.points import Point
from scripts.chaos.seen import facts_of
from scripts.chaos.town import Town, town_of

PLACES = [
    *chosen("C", [Point.BEFORE_COMMIT]),
    *chosen("F", [Point.AFTER_POST, Point.AFTER_ID, Point.AFTER_BYTES]),
    *chosen("H", [Point.BEFORE_CAPTURE]),
]
BROKEN = {
    "file": ["`storybook audit`: 0 findings, no orphan file"],
    "charge": [
        "Charges of a thing: at most 1 + kills that hit its call",
        "Pictures charged twice where the vendor knows its jobs: 0",
    ],
    "ledger": ["Ledger less balances: 0"],
    "end": [
        "Every book is done",
        "Each is captured or released, once",
        "Stale writes accepted: 0",
        "Jobs that went on after their end: 0",
    ],
    "double": ["Every book that was ordered is there, once"],
}


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """It draws one picture at a time, so that a kill hits no order but the one that it is meant for."""
    plan = Plan(pages=4, lease=4.0, heartbeat=1.3, call_seconds=8.0, pictures_at_once=1)
    async with town_of(plan, tmp_path / "town") as opened:
        yield opened


async def red(town: Town) -> list[str]:
    return [row.promise for row in examine(await facts_of(town)) if not row.met]


async def test_a_picture_that_is_ordered_is_fetched_by_whoever_takes_the_book_over(town: Town) -> None:
    cases = await kill_at_points(town, chosen("F", [Point.AFTER_POST, Point.AFTER_ID]))
    facts = await facts_of(town)
    assert [row for row in [*examine(facts), recovered(cases, facts)] if not row.met] == []


@pytest.mark.long
async def test_books_survive_kills_at_named_points_and_the_table_sees_what_is_planted(town: Town) -> None:
    cases = await kill_at_points(town, PLACES)
    facts = await facts_of(town)
    table = [*examine(facts), recovered(cases, facts)]
    assert [row for row in table if not row.met] == []
    before: list[str] = []
    for what in AFTER:
        await break_after(town, what)
        now = await red(town)
        assert [promise for promise in now if promise not in before] == BROKEN[what]
        before = now
