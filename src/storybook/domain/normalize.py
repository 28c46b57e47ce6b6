"""Bringing what a parent typed into one form."""

import unicodedata
from collections.abc import Iterable

from storybook.domain.book_spec import BookSpec


def tidy(text: str) -> str:
    """One line in Unicode's composed form, without blanks at the ends or doubled."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def same_for_a_reader(names: Iterable[str]) -> str | None:
    """A name that is there twice, however it is written; None where all differ."""
    known: set[str] = set()
    for name in names:
        heard = tidy(tidy(name).casefold())
        if heard in known:
            return tidy(name)
        known.add(heard)
    return None


def normalize_spec(spec: BookSpec) -> BookSpec:
    """The same request with tidy texts and every unwanted word named once. Doing it twice changes nothing."""
    unwanted = tuple({tidy(word).casefold(): tidy(word) for word in spec.forbidden_elements or ()}.values())
    hero = spec.character
    if hero is not None:
        hero = hero.model_copy(
            update={
                "name": tidy(hero.name),
                "appearance": hero.appearance and tidy(hero.appearance),
                "personality": hero.personality and tuple(tidy(word) for word in hero.personality),
            }
        )
    return spec.model_copy(
        update={
            "topic": tidy(spec.topic),
            "character": hero,
            "forbidden_elements": unwanted or None,
            "series_context": spec.series_context and tidy(spec.series_context),
        }
    )
