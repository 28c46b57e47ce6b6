"""What vendors cost, as the operator reads it: exact, by day, vendor and step, and call by call for a job."""

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import insert

from storybook.cli.costs import Wanted, tell
from storybook.core.database import Database
from storybook.core.settings import Settings
from storybook.domain.calls import Outcome, dollars
from storybook.models import JobBudget, ProviderCall
from storybook.services.costs import By

JOB = "job_of_a_test"
CALLS: tuple[dict[str, Any], ...] = (
    {"step": "generate_story", "page": -1, "vendor": "openai", "outcome": Outcome.OK, "micro_dollars": 1},
    {"step": "generate_images", "page": 0, "vendor": "fal", "outcome": Outcome.OK, "micro_dollars": 40_000},
    {"step": "generate_images", "page": 2, "vendor": "fal", "outcome": Outcome.BUSY, "micro_dollars": 0},
    {"step": "generate_images", "page": 2, "vendor": "fal", "outcome": Outcome.UNKNOWN, "micro_dollars": 40_000},
)


def day(ago: int) -> str:
    return str((dt.datetime.now(dt.UTC) - dt.timedelta(days=ago)).date())


@pytest.fixture
async def settings_of_it(database: Database) -> Settings:
    """Four calls of one job today, and a dear one three days ago."""
    now = dt.datetime.now(dt.UTC)
    old = {"vendor": "fal", "outcome": Outcome.OK, "micro_dollars": 7_000_000, "created_at": now - dt.timedelta(days=3)}
    usual = {"job_id": JOB, "kind": "image", "model": "a model", "worst": 50_000, "created_at": now, "ended_at": now}
    units = {"units": {"input_tokens": 12}, "milliseconds": 345}
    async with database.session() as session:
        for call in (*CALLS, {"step": None, "page": None, "job_id": None, **old}):
            await session.execute(insert(ProviderCall).values(**(usual | units | call)))
        row = insert(JobBudget).values(job_id=JOB, user_id="user", day=now.date(), reserved=900_000, used=80_001)
        await session.execute(row)
    return Settings(_env_file=None, database_url=database.url, budget_per_day=2.5)


async def told(settings: Settings, *, as_json: bool = False, width: int = 150, **wanted: Any) -> str:
    console = Console(file=StringIO(), width=width)
    assert (
        await tell(settings, Wanted(**({"days": 7, "by": None, "job_id": ""} | wanted)), console, as_json=as_json) == 0
    )
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        (By.DAY, [3, 0]),
        (By.VENDOR, ["fal", "openai"]),
        (By.STEP, ["outside of a job", "generate_images", "generate_story"]),
    ],
)
async def test_costs_are_summed_up_to_the_micro_dollar(settings_of_it: Settings, by: By, keys: list[Any]) -> None:
    found = json.loads(await told(settings_of_it, by=by, as_json=True))
    assert [row["key"] for row in found[by]] == [day(key) if by is By.DAY else key for key in keys]
    assert sum(row["micro_dollars"] for row in found[by]) == 7_080_001
    assert sum(sum(row["calls"].values()) for row in found[by]) == 5
    assert found["caps"]["day"] == 2_500_000
    assert found["committed_today"] == {"everybody": 900_000, "users": 1, "most_of_a_user": 900_000}


async def test_only_the_days_that_were_asked_for_count(settings_of_it: Settings) -> None:
    found = json.loads(await told(settings_of_it, days=3, as_json=True))
    assert {by: sum(row["micro_dollars"] for row in found[by]) for by in By} == dict.fromkeys(By, 80_001)


async def test_a_table_has_a_bar_for_each_row_and_a_row_for_each_day(settings_of_it: Settings) -> None:
    text = await told(settings_of_it)
    for word in ("day (UTC)", "vendor", "step", "7.000000", "0.080001", "unknown", "5 calls in the last 7 days cost"):
        assert word in text
    assert [day(back) in text for back in (4, 3, 2, 1, 0)] == [False, *[True] * 4]
    assert "█" * 20 in text
    assert "Committed today (UTC): 0.900000 of 2.500000 dollars." in text


async def test_a_job_shows_each_of_its_calls(settings_of_it: Settings) -> None:
    text = await told(settings_of_it, job_id=JOB)
    for word in ("cover", "12 input tokens", "345", "busy", "4 calls cost 0.080001 dollars", "Reserved: 0.900000"):
        assert word in text
    found = json.loads(await told(settings_of_it, job_id=JOB, as_json=True))
    assert (found["micro_dollars"], found["reserved"], found["used"]) == (80_001, 900_000, 80_001)
    assert [call["outcome"] for call in found["calls"]] == [call["outcome"] for call in CALLS]


async def test_nothing_is_broken_in_a_narrow_terminal(database: Database, settings_of_it: Settings) -> None:
    dear = {"vendor": "elevenlabs", "model": "black-forest-labs/flux-kontext-pro", "micro_dollars": 12_345_678_901}
    usual = {"job_id": JOB, "kind": "image", "step": "generate_character_sheet", "page": 12, "worst": 1}
    ends = {"units": {"input_tokens": 123_456}, "milliseconds": 987_654, "ended_at": dt.datetime.now(dt.UTC)}
    async with database.session() as session:
        for outcome in set(Outcome) - {Outcome.BEGUN}:
            await session.execute(insert(ProviderCall).values(**usual, **dear, **ends, outcome=outcome))
    text = await told(settings_of_it, width=80)
    job = await told(settings_of_it, width=80, job_id=JOB)
    assert max(map(len, [*text.splitlines()[:-2], *job.splitlines()[:-1]])) <= 80
    assert all(word in text.split() for word in ("generate_character_sheet", "86419.752307", "refused,", "unknown"))
    assert all(
        word in job.split() for word in ("generate_character_sheet", "12345.678901", "123456", "987654", "not_sent")
    )


@pytest.mark.parametrize("width", [20, 30, 48, 56, 70])
async def test_no_number_is_cut_and_no_word_is_lost_however_narrow_the_terminal(
    database: Database, settings_of_it: Settings, width: int
) -> None:
    call = {"job_id": JOB, "kind": "image", "step": "generate_story", "page": 12, "worst": 1, "outcome": Outcome.OK}
    paid = {"vendor": "replicate", "model": "flux-kontext-pro", "micro_dollars": 1_234_567}
    ends = {"milliseconds": 987_654, "ended_at": dt.datetime.now(dt.UTC)}
    async with database.session() as session:
        await session.execute(insert(ProviderCall).values(**call, **paid, **ends))
    table, job = await told(settings_of_it, width=width), await told(settings_of_it, width=width, job_id=JOB)
    assert "…" not in table + job
    assert {day(0), "1.314568", "7.080000", "7.000000"} <= {*table.split()}
    assert {"1.234567", "0.040000", "987654", "unknown"} <= {*job.split()}
    assert all(part in job for part in ("replicat", "flux-kon"))
    if width >= 56:
        assert max(map(len, job.splitlines()[:-2])) <= width


async def test_where_nothing_was_paid_it_says_so(database: Database) -> None:
    settings = Settings(_env_file=None, database_url=database.url)
    assert "No vendor was called in the last 7 days" in await told(settings)
    assert "No vendor was called for the job job_x" in await told(settings, job_id="job_x")


@pytest.mark.parametrize(
    ("micro", "text"), [(0, "0.000000"), (1, "0.000001"), (12_345_678_901_234_567, "12345678901.234567")]
)
def test_dollars_are_exact(micro: int, text: str) -> None:
    assert dollars(micro) == text
