"""The words that a parent does not want in the book, in every language that the writer knows."""

import re
from functools import cache

from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.lexicon import SECTIONS, find


def widen(terms: tuple[str, ...]) -> tuple[str, ...]:
    """The terms with every other word for the same things."""
    wide = {term.strip().lower() for term in terms}
    for term in terms:
        found = find(term)
        named = zip(SECTIONS, (found.kinds, found.things, found.places, found.troubles), strict=True)
        for section, keys in named:
            for key in keys:
                wide |= {key} | _words_of(section, key, term)
    return tuple(sorted(wide))


def _words_of(section: str, key: str, term: str) -> set[str]:
    """Other words for the same thing: all of them where the term names just that thing, else none."""
    columns = [column.split(", ") for column in table("lexicon")[section][key]]
    first = {column[0].lower() for column in columns}
    return first | {word for column in columns if term.lower() in column for word in column}


def _as_word(term: str) -> str:
    escaped = re.escape(term)
    return rf"(?<![a-z])(?:good|mid)?{escaped}(?:s|es|y)?(?![a-z])" if term.isascii() else escaped


@cache
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_as_word, terms)) or r"(?!)")


def breaches(text: str, terms: tuple[str, ...]) -> int:
    """How often `text` holds one of the terms."""
    return len(_pattern(terms).findall(text.lower()))
