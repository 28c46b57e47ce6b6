"""A key that its vendor refuses: said before the start, and at the cost of one call during a book."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from storybook.cli.doctor import examine
from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.errors import ErrorCode, SetupError
from storybook.core.settings import Settings
from storybook.domain.book_spec import BookSpec
from storybook.resources import open_resources
from storybook.services import credits
from tests.fixtures_press import Press, press
from tests.fixtures_simulator import KEY, Simulated, settings_for
from tests.simulator.faults import Fault, Place

HOUSE = {"llm": "anthropic", "image": "replicate", "tts": "elevenlabs", "moderation": "openai"}
SPEC = BookSpec(topic="a fox in the snow", target_age="3-5", style="watercolor", language="en", page_count=4)


def settings_of(simulator: Simulated, folder: Path, **more: Any) -> Settings:
    return settings_for(simulator, folder, **HOUSE, sweep_seconds=0.05, budget_per_book=90, **more)


async def balance(made: Press) -> int:
    async with made.kit.database.session() as session:
        return await credits.balance(session, made.user_id)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("text", ErrorCode.LLM_TIMEOUT),
        ("image", ErrorCode.IMAGE_FAILED),
        ("moderation", ErrorCode.LLM_TIMEOUT),
    ],
)
async def test_each_book_fails_with_its_code_after_one_call_and_the_credit_comes_back(
    kind: str, code: str, simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    simulator.goes_wrong(Fault.KEY_REFUSED, kind=kind, times=None)
    async with press(settings_of(simulator, tmp_path), database, cpu) as made:
        before = await balance(made)
        jobs = [await made.book(SPEC) for _ in range(3)]
        assert await balance(made) == before
    assert {(job.status, job.error_code) for job in jobs} == {("failed", code)}
    assert simulator.posts(kind=kind) == len(jobs)


@pytest.mark.parametrize(
    ("vendor", "setting"),
    [
        ("anthropic", "LLM"),
        ("replicate", "IMAGE"),
        ("fal", "IMAGE_FALLBACK"),
        ("elevenlabs", "TTS"),
        ("openai", "MODERATION"),
    ],
)
async def test_nothing_starts_with_it_and_the_doctor_names_its_setting(
    vendor: str, setting: str, simulator: Simulated, database: Database, tmp_path: Path
) -> None:
    simulator.goes_wrong(Fault.KEY_REFUSED, vendor=vendor, place=Place.LOOK, times=None)
    settings = settings_of(simulator, tmp_path, image_fallback="fal", database_url=database.url)
    with pytest.raises(SetupError, match=f"{setting}_API_KEY: {vendor} refused the key"):
        async with open_resources(settings):
            raise AssertionError
    console = Console(file=StringIO(), width=250)
    assert await examine(settings, console) == 1
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"{setting}_API_KEY: {vendor} refused the key" in shown
    fal_says_nothing = vendor != "fal"
    assert shown.count("the key is accepted") == len(HOUSE) - fal_says_nothing
    assert shown.count("not checked") == fal_says_nothing
    assert KEY not in shown
    assert simulator.posts() == 0


async def test_a_vendor_that_is_away_keeps_nobody_from_starting(
    simulator: Simulated, database: Database, tmp_path: Path
) -> None:
    simulator.goes_wrong(Fault.AWAY_503, place=Place.LOOK, times=None)
    settings = settings_of(simulator, tmp_path, database_url=database.url)
    async with open_resources(settings) as resources:
        assert resources.providers.text.name == "anthropic"
    console = Console(file=StringIO(), width=250)
    assert await examine(settings, console) == 1
    assert "answers 503" in console.file.getvalue()  # type: ignore[attr-defined]


async def test_a_budget_that_no_book_fits_is_named_before_the_start(
    simulator: Simulated, database: Database, tmp_path: Path
) -> None:
    settings = settings_for(simulator, tmp_path, **HOUSE, database_url=database.url, budget_per_book=0.1)
    with pytest.raises(SetupError, match="BUDGET_PER_BOOK"):
        async with open_resources(settings):
            raise AssertionError
