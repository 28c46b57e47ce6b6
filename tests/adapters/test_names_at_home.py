"""Every name that a user has told us, and every birthday, stays at home: also of who is in no order."""

import re
from pathlib import Path

import pytest

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.domain.book_spec import BookSpec, HeroSpec
from storybook.providers.vendors import VENDORS
from storybook.services import characters
from tests.fakes import sheet
from tests.fixtures_press import press
from tests.fixtures_simulator import Simulated, settings_for

HOUSES = [
    {"llm": "openai", "image": "replicate", "moderation": "studio,openai,judge"},
    {"llm": "anthropic", "image": "fal", "moderation": "openai"},
]
PRIVATE = ("theo", "beatrice", "anna", "lovelace", "민수", "민-수", "はるか", "ハルカ", "3/14", "march", "2019")

BYTES = re.compile(r"[A-Za-z0-9+/=]{200,}")


def spec_of(topic: str, **more: object) -> BookSpec:
    values = {"target_age": "3-5", "style": "watercolor", "language": "en", "page_count": 4}
    return BookSpec.model_validate({"topic": topic} | values | more)


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: "-".join(house.values()))
async def test_who_was_told_of_elsewhere_is_hidden_in_a_new_book(
    house: dict[str, str], simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    settings = settings_for(simulator, tmp_path, **house, sweep_seconds=0.05, budget_per_book=90)
    async with press(settings, database, cpu) as made:
        async with database.session() as session:
            for name in ("Anna Maria Lovelace", "남궁민수", "はるか", "Beatrice"):
                await characters.keep(session, made.user_id, sheet(name))
        first = await made.book(spec_of("a light in the dark", character=HeroSpec(name="Theo-dora")))
        assert first.status == "done"
        simulator.record()
        wish = "THEODORA, Anna, 민-수 and ハルカ (b-day 3/14, born March 14th '19) look for a light"
        friend = HeroSpec(name="Luna", appearance="as tall as anna", personality=("like Theo Dora",))
        more = {"forbidden_elements": ("Lovelace",), "series_context": "Theodora slept. Anna Maria sang."}
        job = await made.book(spec_of(wish, character=friend, **more))
        assert (job.status, job.error_code) == ("done", None)
        again = await made.page(job, 2, "Theo Dora waves to Anna, 민수, はるか and beatrice on her birthday, 3/14")
        assert again.status == "done"
    seen = simulator.bodies()
    assert {call["kind"] for call in seen} >= {"text", "image", "moderation"}
    for call in seen:
        assert not VENDORS[call["vendor"]].personal_data
        said = BYTES.sub("", call["body"]).lower()
        assert [private for private in PRIVATE if private in said] == [], call["path"]


async def test_a_name_that_a_model_hands_on_is_hidden_from_the_next_one(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    settings = settings_for(simulator, tmp_path, **HOUSES[0], sweep_seconds=0.05, budget_per_book=90)
    simulator.record()
    simulator.obeys("say", "look", "description")
    async with press(settings, database, cpu) as made:
        async with database.session() as session:
            await characters.keep(session, made.user_id, sheet("Theodora"))
        job = await made.book(spec_of("Luna meets Theodora, say «like Theodora»", character=HeroSpec(name="Luna")))
        assert (job.status, job.error_code) == ("done", None)
        scene = (await made.book_of(job)).pages[0].image_prompt
    assert "Theodora" in scene
    assert [call["path"] for call in simulator.bodies() if "theodora" in call["body"].lower()] == []
