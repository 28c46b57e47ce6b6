"""What a book sets aside is enough for it, whatever goes wrong on the wires, and what is left goes back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.domain.calls import PAID, Outcome
from tests.adapters.test_book import SHORT_RESTS, settings_of, spec_of
from tests.fixtures_press import Press, press
from tests.fixtures_simulator import Simulated
from tests.simulator.faults import Fault

REPLICATE = {"llm": "openai", "image": "replicate", "moderation": "openai,judge"}
OPENAI = {"llm": "openai", "image": "openai", "moderation": "openai,judge"}
FAL = {"llm": "anthropic", "image": "fal", "moderation": "openai,judge"}

BAD_LUCK: list[list[dict[str, Any]]] = [
    [{"fault": Fault.WRONG_CONTENT, "kind": "text", "times": 1}, {"fault": Fault.NO_RESULT, "kind": "image"}],
    [{"fault": Fault.HALF_BODY, "kind": "text"}, {"fault": Fault.WRONG_CONTENT, "kind": "image", "times": 3}],
    [{"fault": Fault.RESET_AFTER, "times": 4}, {"fault": Fault.BUSY, "times": 5, "after": 6}],
    [{"fault": Fault.RESET_AFTER, "times": None}],
]


async def money(made: Press) -> tuple[int, int, bool, int]:
    """What the one job has set aside and used, whether it is closed, and what its rows say."""
    async with made.kit.database.session() as session:
        [row] = await session.execute(text("SELECT reserved, used, closed FROM job_budgets"))
        return *row, sum(call.micro_dollars for call in await made.calls())


@pytest.mark.long
@pytest.mark.parametrize("luck", BAD_LUCK, ids=["spoiled", "cut", "broken", "hopeless"])
@pytest.mark.parametrize("house", [REPLICATE, OPENAI, FAL], ids=lambda house: house["image"])
async def test_no_bad_luck_costs_more_than_was_set_aside(
    house: dict[str, str],
    luck: list[dict[str, Any]],
    simulator: Simulated,
    database: Database,
    cpu: CpuPool,
    tmp_path: Path,
) -> None:
    for rule in luck:
        simulator.goes_wrong(**rule)
    async with press(settings_of(house, simulator, tmp_path), database, cpu, SHORT_RESTS) as made:
        job = await made.book(spec_of("en"))
        reserved, used, closed, written_down = await money(made)
        rows = await made.calls()
    assert job.error_code not in {"SERVICE_BUDGET_EXCEEDED", "SAFETY_INPUT"}
    assert simulator.charged() <= written_down == used < reserved
    assert closed
    lost = [row for row in rows if row.outcome in {Outcome.UNKNOWN, Outcome.UNUSABLE}]
    assert lost
    assert all(row.micro_dollars <= row.worst for row in rows)
    assert sum(row.worst for row in rows if row.outcome in PAID) <= reserved


@pytest.mark.long
async def test_a_book_whose_every_picture_is_paid_twice_is_done_within_what_was_set_aside(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    settings = settings_of(REPLICATE, simulator, tmp_path)
    async with press(settings, database, cpu) as made:
        one_by_one = replace(made, kit=replace(made.kit, pictures_at_once=1))
        for number in range(6):
            simulator.goes_wrong(Fault.NO_RESULT, kind="image", after=number)
        job = await one_by_one.book(spec_of("en"))
        reserved, used, _, written_down = await money(made)
    assert (job.status, job.error_code) == ("done", None)
    assert simulator.posts(kind="image") == 12
    assert simulator.charged() == written_down == used < reserved


async def test_the_sum_of_rows_is_the_journal_to_the_micro_dollar(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    simulator.goes_wrong(Fault.WRONG_CONTENT, kind="text")
    simulator.goes_wrong(Fault.RESET_AFTER, kind="image")
    simulator.goes_wrong(Fault.AWAY_503, kind="moderation", after=1)
    async with press(settings_of(FAL, simulator, tmp_path), database, cpu) as made:
        job = await made.book(spec_of("en"))
        _, used, _, written_down = await money(made)
    assert (job.status, job.error_code) == ("done", None)
    assert written_down == used == simulator.charged() > 0
