"""What a book of a series remembers of the books before it."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from storybook.domain.book_spec import BookSpec, Name, Topic
from storybook.domain.characters import CharacterSheet
from storybook.domain.story import PageText, Word
from storybook.domain.values import Readable, Strict

MAX_EARLIER = 12
MAX_COMPANIONS = 2
MAX_CONTEXT = 500
_NEWEST = 340


class EarlierBook(Strict):
    """One book of a series that is told already: what was wished for, who was in it, how it ended, and where it played,
    the places of its cover and its pages in their order.
    """

    title: Annotated[str, StringConstraints(min_length=1, max_length=80), Readable]
    topic: Topic
    hero: Name
    companions: Annotated[tuple[CharacterSheet, ...], Field(max_length=MAX_COMPANIONS)] = ()
    places: Annotated[tuple[Word, ...], Field(max_length=13)]
    ending: PageText
    moral: Annotated[str, StringConstraints(min_length=1, max_length=120), Readable]


Earlier = Annotated[tuple[EarlierBook, ...], Field(max_length=MAX_EARLIER)]
"""The books before, the oldest first."""


def names_in(spec: BookSpec, known: Sequence[CharacterSheet], earlier: Sequence[EarlierBook]) -> tuple[str, ...]:
    """The names of everyone whom a request for a story names, its hero's first."""
    names = [spec.character.name] if spec.character else []
    names += [sheet.name for sheet in known]
    for book in reversed(earlier):
        names += [book.hero, *(sheet.name for sheet in book.companions)]
    return tuple(dict.fromkeys(names))


def told_so_far(earlier: Sequence[EarlierBook]) -> str:
    """The series in at most MAX_CONTEXT characters, the oldest book first and the newest in most detail.

    Where there is no room for all, those in the middle are left out.
    """
    *older, newest = earlier
    names = ", ".join([newest.hero, *(sheet.name for sheet in newest.companions)])
    last = _cut(f"{newest.title} ({names}): {newest.topic}. {newest.ending} {newest.moral}", _NEWEST)
    lines = [f"{book.title}: {book.topic}." for book in older]
    kept: list[int] = []
    for place in dict.fromkeys([*range(len(lines))[:1], *reversed(range(len(lines)))]):
        if len("\n".join([last, lines[place], *(lines[other] for other in kept)])) <= MAX_CONTEXT:
            kept.append(place)
    return "\n".join([*(lines[place] for place in sorted(kept)), last])


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
