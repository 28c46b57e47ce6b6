"""What the studio says of a picture: what its painter was told, in three languages, and of others' the colours."""

import tomllib
from importlib.resources import files
from itertools import product
from typing import Any

import pytest
from PIL import Image

from storybook.domain.alt_text import MAX_LENGTH
from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.domain.pictures import Picture
from storybook.domain.story import Actor, CastMember, Mood, Pose, Role, Scene, TimeOfDay, Weather
from storybook.domain.wanted import alt_text_faults
from storybook.providers import studio
from storybook.providers.base import DescriptionRequest, StoryRequest
from storybook.providers.studio import screen, writer
from storybook.providers.studio.alt_text import describe_picture
from storybook.providers.studio.painter.characters.tables import words
from storybook.providers.studio.painter.places import PLACES
from tests.photos import encoded

CAST = (
    CastMember(name="Zoe", role=Role.HERO, kind="small bear", look="a bear"),
    CastMember(name="Max", role=Role.FRIEND, kind="fox", look="a fox"),
    CastMember(name="Ann", role=Role.FRIEND, kind="fox", look="a fox"),
    CastMember(name="Flip", role=Role.FRIEND, kind="quokka", look="a quokka"),
)
TABLE: dict[str, Any] = tomllib.loads(files(studio).joinpath("alt_text.toml").read_text(encoding="utf-8"))


def said(language: str, *actors: Actor, made_by: str = "studio", **scene: Any) -> str:
    shown = Scene(**{"description": "Zoe dreams", "place": "a deep dark forest", "actors": actors} | scene)
    data = encoded(Image.new("RGB", (90, 120), "#3a66c8"), "PNG")
    picture = Picture(data=data, media_type="image/png", width=90, height=120, made_by=made_by)
    asked = DescriptionRequest(picture=picture, scene=shown, cast=CAST, language=language, target_age="5-7")
    return describe_picture(asked).text


BEAR, FOX = Actor(name="Zoe", mood=Mood.ANGRY), Actor(name="Max", mood=Mood.SLEEPY, pose=Pose.LYING)
AT_NIGHT = {"time": TimeOfDay.NIGHT, "weather": Weather.SNOW}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "In a forest at night, an angry bear is standing and a sleepy fox is lying down. It is snowing."),
        ("ko", "밤에 숲에서 화난 곰이 서 있고, 졸린 여우가 누워 있어요. 눈이 와요."),
        ("ja", "夜、森で、おこったくまが立っていて、ねむそうなきつねが横になっています。雪がふっています。"),
    ],
)
def test_it_says_who_is_where_and_what_they_do(language: str, words: str) -> None:
    assert said(language, BEAR, FOX, **AT_NIGHT) == words


def test_what_is_as_usual_or_not_to_be_seen_goes_without_saying() -> None:
    assert said("en", BEAR) == "In a forest, an angry bear is standing."
    assert said("en", BEAR, place="bedroom", weather=Weather.SNOW) == "In a bedroom, an angry bear is standing."


def test_who_swims_does_not_stand() -> None:
    assert said("ko", BEAR, place="coral reef") == "바닷속에서 화난 곰이 떠 있어요."


def test_two_of_a_kind_are_two_and_an_unknown_kind_is_a_friend() -> None:
    ann, flip = (Actor(name=name, mood=Mood.SLEEPY, pose=Pose.SITTING) for name in ("Ann", "Flip"))
    assert said("en", FOX, ann) == "In a forest, a sleepy fox is lying down and another sleepy fox is sitting."
    assert said("ko", FOX, ann).endswith("또 다른 졸린 여우가 앉아 있어요.")
    assert said("ja", flip) == "森で、ねむそうな友だちがすわっています。"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Painted mainly in blue."),
        ("ko", "주로 파란색으로 그린 그림이에요."),
        ("ja", "おもに青でえがかれた絵です。"),
    ],
)
def test_of_what_somebody_else_painted_it_knows_no_more_than_the_colours(language: str, words: str) -> None:
    assert said(language, BEAR, made_by="fal") == words


@pytest.mark.parametrize("language", Language)
def test_there_are_words_for_all_that_a_scene_can_be_made_of(language: Language) -> None:
    table = TABLE[language]
    assert set(table["moods"]) == set(Mood)
    assert set(table["poses"]) == set(Pose)
    assert set(table["times"]) == set(TimeOfDay) - {TimeOfDay.DAY}
    assert set(table["weather"]) == set(Weather) - {Weather.CLEAR}
    assert set(table["places"]) == set(PLACES)
    assert set(table["colours"]) == {called[0] for called in words()["colours"].values()}


@pytest.mark.parametrize("language", Language)
def test_everything_that_it_can_say_is_short_and_in_its_language(language: Language) -> None:
    for mood, pose, weather in product(Mood, Pose, Weather):
        everyone = [Actor(name=member.name, mood=mood, pose=pose) for member in CAST]
        text = said(language, *everyone, place="snow", time=TimeOfDay.MORNING, weather=weather)
        assert len(text) <= MAX_LENGTH
        assert "Zoe" not in text and "dream" not in text


@pytest.mark.parametrize(("language", "age"), list(product(Language, TargetAge)))
def test_its_own_books_are_described_as_a_reader_needs_it_and_pass_its_screen(
    language: Language, age: TargetAge
) -> None:
    topic = {"en": "a fox who is afraid of the dark", "ko": "어둠이 무서운 여우", "ja": "くらやみがこわいきつね"}[
        language
    ]
    spec = BookSpec(topic=topic, language=language, target_age=age, style=Style.CARTOON, page_count=12)
    draft = writer.write_story(StoryRequest(spec=spec, seed=7919))
    picture = Picture(data=b"", media_type="image/png", width=90, height=120, made_by="studio")
    for scene in draft.scenes().values():
        asked = DescriptionRequest(picture=picture, scene=scene, cast=draft.cast, language=language, target_age=age)
        text = describe_picture(asked)
        assert alt_text_faults(text, language) == []
        assert not screen.judge((text.text,), target_age=age)
