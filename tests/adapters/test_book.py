"""Whole books over the vendors' wires: done, paid for to the micro-dollar, and without the child's name."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.logs import configure_logs
from storybook.core.settings import Settings
from storybook.domain.book_spec import BookSpec, HeroSpec
from storybook.domain.calls import Outcome
from storybook.providers.breaker import Rests
from storybook.providers.vendors import VENDORS
from tests.fixtures_press import Press, press
from tests.fixtures_simulator import KEY, Simulated, settings_for
from tests.simulator.faults import Fault

NAMES = {"ko": "민준", "en": "Theodora", "ja": "はるか"}
WISHES = {
    "ko": "민준이가 어둠을 무서워하지 않게 되는 이야기",
    "en": "Theodora learns not to fear the dark",
    "ja": "はるかが くらやみを こわがらなくなる おはなし",
}
HOUSES = [
    {"llm": "openai", "image": "replicate", "tts": "google", "moderation": "studio,openai,judge"},
    {"llm": "anthropic", "image": "fal", "tts": "elevenlabs", "moderation": "openai"},
    {"llm": "openai", "image": "openai", "tts": "elevenlabs", "moderation": "openai,judge"},
]
PICTURES = 6
"""The hero alone, the cover and four pages."""
UNANSWERED = (Fault.BUSY, Fault.AWAY_503)
SHORT_RESTS = Rests(0.05, 0.25)


def settings_of(house: dict[str, str], simulator: Simulated, folder: Path) -> Settings:
    return settings_for(
        simulator, folder, **house, sweep_seconds=0.05, lease_seconds=30, heartbeat_seconds=10, budget_per_book=90
    )


def spec_of(language: str) -> BookSpec:
    name = NAMES[language]
    return BookSpec(
        topic=WISHES[language],
        target_age="3-5",
        style="watercolor",
        language=language,
        page_count=4,
        character=HeroSpec(name=name, appearance=f"{name}: red hair"),
        series_context=f"{name}. {WISHES[language]}",
    )


async def accounts_agree(made: Press, simulator: Simulated) -> None:
    """Each charge of the journal is a row of ours, and there is nothing else that cost anything."""
    rows = await made.calls()
    paid = [(row.vendor, row.kind, row.micro_dollars) for row in rows if row.outcome == Outcome.OK]
    charged = [(charge["vendor"], charge["kind"], charge["micro_dollars"]) for charge in simulator.journal()]
    assert sorted(paid) == sorted(charged)
    assert sum(row.micro_dollars for row in rows) == simulator.charged() > 0
    assert sum(row.outcome != Outcome.NOT_SENT for row in rows) == simulator.posts()


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: "-".join(house.values()))
@pytest.mark.parametrize("language", ["ko", "en", "ja"])
async def test_a_book_is_made_paid_and_keeps_the_name_at_home(
    house: dict[str, str], language: str, simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    simulator.record()
    name = NAMES[language]
    async with press(settings_of(house, simulator, tmp_path), database, cpu) as made:
        job = await made.book(spec_of(language))
        assert (job.status, job.error_code) == ("done", None)
        book = await made.book_of(job)
        assert name in book.title and any(name in page.text for page in book.pages)
        assert "[[" not in "".join(page.text for page in book.pages)
        assert (await made.page(job, 2, f"{name} jumps")).status == "done"
        assert (await made.voice(job)).status == "done"
        await accounts_agree(made, simulator)
    read_by = {seen["vendor"] for seen in simulator.bodies() if name in seen["body"]}
    assert read_by == {house["tts"]}
    assert all(VENDORS[vendor].personal_data for vendor in read_by)


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """All that the process has written into its logs, ours and those of packages."""
    before = structlog.get_config()
    configure_logs("debug", as_json=True)
    caplog.set_level(logging.INFO)
    yield lambda: capsys.readouterr().err + caplog.text
    structlog.configure(**before)


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: "-".join(house.values()))
async def test_a_book_with_failures_is_paid_once_and_nothing_private_is_logged(
    house: dict[str, str],
    simulator: Simulated,
    database: Database,
    cpu: CpuPool,
    tmp_path: Path,
    logs: Callable[[], str],
) -> None:
    for kind in ("text", "image"):
        for fault in UNANSWERED:
            simulator.goes_wrong(fault, kind=kind)
    layers = set(house["moderation"].split(",")) - {"studio"}
    asked = 2 * len(layers)  # the wish and the series so far are judged without tries
    simulator.goes_wrong(Fault.BUSY, kind="moderation", after=asked)
    async with press(settings_of(house, simulator, tmp_path), database, cpu, SHORT_RESTS) as made:
        job = await made.book(spec_of("en"))
        rows = await made.calls()
        await accounts_agree(made, simulator)
    assert (job.status, job.error_code) == ("done", None)
    assert {row.outcome for row in rows} == {Outcome.OK, Outcome.BUSY, Outcome.FAILED}
    told = logs()
    assert told.count("step_failed") >= 5
    for private in (NAMES["en"], WISHES["en"], KEY):
        assert private not in told


@pytest.mark.parametrize("house", HOUSES[:2], ids=lambda house: house["image"])
async def test_pictures_that_were_accepted_are_fetched_after_a_restart_and_not_paid_again(
    house: dict[str, str], simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    simulator.takes(1.5, kind="image")
    settings = settings_of(house, simulator, tmp_path)
    async with press(settings, database, cpu) as made:
        job_id = await made.order(spec_of("en"))
        await made.interrupted(lambda: simulator.posts(kind="image") >= 3)
    simulator.takes(0, kind="image")
    async with press(settings, database, cpu) as made:
        job = await made.ended(job_id)
        await accounts_agree(made, simulator)
    assert (job.status, job.error_code) == ("done", None)
    assert simulator.posts(kind="image") == PICTURES


async def test_stops_while_a_picture_is_out_do_not_count_against_the_book(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    settings = settings_of(HOUSES[2], simulator, tmp_path)
    simulator.takes(30, kind="image")
    async with press(settings, database, cpu) as made:
        job_id = await made.order(spec_of("en"))
    for stop in (1, 2):
        async with press(settings, database, cpu) as made:
            await made.interrupted(lambda stop=stop: simulator.posts(kind="image") >= stop)  # type: ignore[misc]
        async with database.session() as session:  # the time in which nobody pays for it again is over
            await session.execute(text("UPDATE provider_calls SET repay_not_before = now()"))
    simulator.takes(0, kind="image")
    async with press(settings, database, cpu) as made:
        job = await made.ended(job_id)
        outcomes = Counter(row.outcome for row in await made.calls() if row.kind == "image")
    assert (job.status, job.error_code) == ("done", None)
    assert outcomes == {Outcome.UNKNOWN: 2, Outcome.OK: PICTURES}


async def test_a_refused_key_ends_the_book_and_gives_the_credit_back(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    simulator.goes_wrong(Fault.KEY_REFUSED, kind="text", times=None)
    async with press(settings_of(HOUSES[1], simulator, tmp_path), database, cpu) as made:
        job = await made.book(spec_of("en"))
    assert (job.status, job.error_code) == ("failed", "LLM_TIMEOUT")
    assert simulator.posts(kind="text") == 1
    assert simulator.charged() == 0


async def test_what_our_own_rules_refuse_is_sent_to_no_vendor(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    spec = spec_of("en").model_copy(update={"topic": "Emma lives at 42 Maple Street"})
    async with press(settings_of(HOUSES[0], simulator, tmp_path), database, cpu) as made:
        job = await made.book(spec)
    assert (job.status, job.error_code) == ("failed", "SAFETY_INPUT")
    assert simulator.posts() == 0


@pytest.mark.parametrize("flag", [{"pictures": True}, {"contains": "leaves sang"}])
async def test_what_moderation_flags_is_no_book(
    flag: dict[str, Any], simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    simulator.flag(**flag)
    async with press(settings_of(HOUSES[0], simulator, tmp_path), database, cpu) as made:
        job = await made.book(spec_of("en"))
    assert (job.status, job.error_code) == ("failed", "SAFETY_OUTPUT")
