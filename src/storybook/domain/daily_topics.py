"""The topics of the daily stories: each day of the year has its own, in every language."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from storybook.domain.book_spec import Language, Theme

MAX_CHARS = 100


class DailyTheme(NamedTuple):
    """`book_theme` is the theme of the books that are made of its topics."""

    id: str
    book_theme: Theme
    names: dict[Language, str]


THEMES = tuple(
    DailyTheme(id_, book_theme, dict(zip((Language.KO, Language.EN, Language.JA), names, strict=True)))
    for id_, book_theme, *names in (
        ("friendship", Theme.FRIENDSHIP, "우정", "Friendship", "友情"),
        ("courage", Theme.FEELINGS, "용기", "Courage", "勇気"),
        ("kindness", Theme.GETTING_ALONG, "친절", "Kindness", "やさしさ"),
        ("family", Theme.FAMILY, "가족", "Family", "家族"),
        ("nature", Theme.NATURE, "자연", "Nature", "自然"),
        ("growth", Theme.HABITS, "성장", "Growing up", "成長"),
        ("imagination", Theme.ADVENTURE, "상상", "Imagination", "想像"),
    )
)


class DailyTopic(NamedTuple):
    """A wish for a book, as a parent would type it. `name` is what it is kept by."""

    name: str
    theme: DailyTheme
    texts: dict[Language, str]


def topic_of(day: date) -> DailyTopic:
    """The topic of a day: the one of its day of the year, so that none comes again before a year has passed."""
    week, theme = divmod(day.timetuple().tm_yday, len(THEMES))
    return topics_of(THEMES[theme])[week]


def topics_of(theme: DailyTheme) -> list[DailyTopic]:
    """All topics of a theme, in the order of the year."""
    return [topic for topic in _by_name().values() if topic.theme == theme]


def topic_named(name: str) -> DailyTopic | None:
    """The topic that is kept by this name, where it is still in the list."""
    return _by_name().get(name)


@cache
def _by_name() -> dict[str, DailyTopic]:
    rows = tomllib.loads(files(__package__).joinpath("daily_topics.toml").read_text(encoding="utf-8"))
    found = [
        DailyTopic(f"{theme.id}-{week}", theme, {language: row[language] for language in Language})
        for theme in THEMES
        for week, row in enumerate(rows[theme.id])
    ]
    return {topic.name: topic for topic in found}
