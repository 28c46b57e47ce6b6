"""The studio's writer keeps its promises for every age, length, seed and topic."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.domain.reading_level import complaints
from storybook.domain.story import Role
from storybook.providers.base import SheetRequest, StoryRequest
from storybook.providers.studio.writer import design_cast, write_story
from storybook.providers.studio.writer.data import has_prose, table
from storybook.providers.studio.writer.lexicon import find
from storybook.providers.studio.writer.naming import name_in

WRITTEN = [language for language in Language if all(has_prose(plot, language) for plot in table("plots"))]
TOPICS = (
    "a little fox who is afraid of the dark",
    "어둠을 무서워하는 토끼 몽이",
    "うさぎのモモが海へ行く",
    "Mina the dinosaur brushes her teeth",
    "🦊🌙",
    "x",
    "a spoon that sings to nobody in particular! " * 4,
    "Dr. Who? No. Yes…",
    "“quoted” 「話」",
    "grandma's birthday cake",
)


def request(topic: str, **changes: object) -> StoryRequest:
    seed = changes.pop("seed", 1)
    values = {"language": "en", "target_age": "5-7", "style": Style.WATERCOLOR, "page_count": 8} | changes
    return StoryRequest.model_validate({"spec": BookSpec.model_validate({"topic": topic} | values), "seed": seed})


@settings(max_examples=150, deadline=None)
@given(
    topic=st.sampled_from(TOPICS) | st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=200),
    age=st.sampled_from(TargetAge),
    language=st.sampled_from(WRITTEN),
    count=st.integers(4, 12),
    seed=st.integers(1, 2_147_483_647),
)
def test_every_page_fits_its_readers(topic: str, age: TargetAge, language: Language, count: int, seed: int) -> None:
    if not topic.strip():
        return
    asked = request(topic, target_age=age, language=language, page_count=count, seed=seed)
    draft = write_story(asked)
    assert len(draft.pages) == count
    assert [complaints(page.text, age, language) for page in draft.pages] == [[]] * count
    assert draft == write_story(asked)


def test_ten_seeds_tell_different_stories() -> None:
    drafts = [write_story(request("a fox who is afraid of the dark", seed=seed)) for seed in range(1, 11)]
    assert len({tuple(page.text for page in draft.pages) for draft in drafts}) == 10
    assert len({draft.title for draft in drafts}) >= 4


@pytest.mark.parametrize("topic", ["a spoon that sings", "quantum rain", "🦊"])
def test_what_is_not_understood_is_still_told(topic: str) -> None:
    assert topic in " ".join(page.text for page in write_story(request(topic)).pages)


def test_forbidden_words_are_left_out() -> None:
    draft = write_story(request("a fox at night", forbidden_elements=("lantern", "곰")))
    text = draft.model_dump_json().lower()
    assert "lantern" not in text
    assert '"bear"' not in text


@pytest.mark.parametrize(
    ("topic", "kind", "name"),
    [
        ("Mina the fox flies", "fox", "Mina"),
        ("토끼 몽이의 생일", "rabbit", "몽이"),
        ("うさぎのモモが泳ぐ", "rabbit", "モモ"),
    ],
)
def test_the_topic_names_its_hero(topic: str, kind: str, name: str) -> None:
    assert name_in(topic) == name
    assert find(topic).kinds[0] == kind
    hero = write_story(request(topic)).cast[0]
    assert (hero.role, hero.kind, hero.name) == (Role.HERO, kind, name)


def test_everyone_gets_a_sheet_of_their_own() -> None:
    cast = write_story(request("grandma's birthday")).cast
    sheets = design_cast(SheetRequest(cast=cast, style=Style.WATERCOLOR, seed=3))
    assert [sheet.name for sheet in sheets.characters] == [member.name for member in cast]
    assert len({sheet.master_description for sheet in sheets.characters}) == len(cast)
