"""Finding words of three languages in the text of a sheet."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from storybook.providers.studio.painter.characters.tables import words

_WINDOW = 26
_CLAUSE = re.compile(r"[,.;、。，]|\b(?:and|with|over|under|in)\b|그리고|위에|아래")


class Hit(NamedTuple):
    start: int
    end: int
    meaning: str


def find_all(text: str, table: Mapping[str, Iterable[str]]) -> list[Hit]:
    """Every place where a word of the table stands, in order; where words overlap the longest one counts."""
    found = [
        Hit(match.start(), match.end(), meaning)
        for meaning, terms in table.items()
        for term in terms
        for match in _pattern(term).finditer(text)
    ]
    kept: list[Hit] = []
    for hit in sorted(found, key=lambda hit: (hit.start - hit.end, hit.start)):
        if all(hit.end <= other.start or hit.start >= other.end for other in kept):
            kept.append(hit)
    return sorted(kept)


def find(text: str, table: Mapping[str, Iterable[str]]) -> str:
    """What the first word found means, "" for none."""
    hits = find_all(text, table)
    return hits[0].meaning if hits else ""


def has(text: str, terms: Iterable[str]) -> bool:
    return any(_pattern(term).search(text) for term in terms)


def colour_before(text: str, end: int, colours: Mapping[str, Iterable[str]]) -> str:
    """The colour named in the clause before that place, the nearest one; "" for none."""
    start = max(0, end - _WINDOW)
    clause = _CLAUSE.split(text[start:end])[-1]
    hits = find_all(clause, colours)
    return hits[-1].meaning if hits else ""


def clause_at(text: str, place: int) -> str:
    """The stretch between two commas, full stops or conjunctions that the place is in."""
    begin = 0
    for mark in _CLAUSE.finditer(text):
        if mark.start() >= place:
            return text[begin : mark.start()]
        begin = mark.end()
    return text[begin:]


@lru_cache(maxsize=2048)
def _pattern(term: str) -> re.Pattern[str]:
    if term.isascii():
        return re.compile(rf"(?<![a-z]){re.escape(term)}(?:e?s)?(?![a-z])")
    if term in words()["short"]["words"]:
        particles = "|".join(words()["short"]["particles"])
        return re.compile(
            rf"(?<![가-힣一-鿿])(?<![한두세네몇\d] ){re.escape(term)}(?=(?:{particles})?(?:[^가-힣一-鿿]|$))"
        )
    return re.compile(re.escape(term))
