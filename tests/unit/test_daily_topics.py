"""The topics of the daily stories: a year of wishes that the studio can tell."""

from datetime import date, timedelta
from random import Random

import pytest

from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.domain.daily_topics import MAX_CHARS, THEMES, topic_named, topic_of, topics_of
from storybook.providers.base import StoryRequest
from storybook.providers.studio.screen import judge_request
from storybook.providers.studio.writer.casting import cast_in
from storybook.providers.studio.writer.lexicon import find
from storybook.providers.studio.writer.naming import names_in
from storybook.providers.studio.writer.understand import understand

TOPICS = [topic for theme in THEMES for topic in topics_of(theme)]
DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(10 * 366)]


def test_no_topic_comes_again_before_a_year_has_passed() -> None:
    last: dict[str, date] = {}
    for day in DAYS:
        name = topic_of(day).name
        assert (day - last.get(name, date.min)).days >= 365, day
        last[name] = day


def test_the_theme_follows_from_the_day_of_the_year() -> None:
    assert [theme.id for theme in THEMES] == [
        "friendship",
        "courage",
        "kindness",
        "family",
        "nature",
        "growth",
        "imagination",
    ]
    assert [topic_of(date(2026, 1, day)).theme.id for day in (1, 6, 7, 8)] == [
        "courage",
        "imagination",
        "friendship",
        "courage",
    ]
    assert topic_of(date(2028, 12, 31)).name == "kindness-52"


def test_every_theme_has_a_topic_for_each_week_and_none_is_there_twice() -> None:
    assert [len(topics_of(theme)) for theme in THEMES] == [53] * 7
    for language in Language:
        assert len({topic.texts[language].casefold() for topic in TOPICS}) == len(TOPICS)
        assert all(theme.names[language] for theme in THEMES)


def test_a_topic_is_found_by_its_name() -> None:
    assert all(topic_named(topic.name) == topic for topic in TOPICS)
    assert topic_named("a topic of yesteryear") is None


@pytest.mark.parametrize("language", Language)
def test_every_topic_is_short_and_passes_the_screen(language: Language) -> None:
    for topic in TOPICS:
        text = topic.texts[language]
        assert text == text.strip() and 5 <= len(text) <= MAX_CHARS
        assert judge_request([text], target_age=TargetAge.TODDLER) == (), text


@pytest.mark.parametrize("language", Language)
def test_every_topic_is_understood(language: Language) -> None:
    """The hero is who it is in every language, and there is something for the story to be about."""
    for topic in TOPICS:
        text = topic.texts[language]
        spec = BookSpec(topic=text, language=language, target_age=TargetAge.EARLY_READER, style=Style.CARTOON)
        hero = cast_in(topic.texts[Language.EN], with_elders=False)[0].kind
        assert understand(StoryRequest(spec=spec, seed=1), Random(1)).hero.kind == hero, text
        assert not names_in(text), text
        found = find(text)
        assert found.things or found.places or found.troubles, text
