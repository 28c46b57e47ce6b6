"""A text in breaths: phrases of words, how each ends, and how long to wait after it."""

from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from storybook.providers.studio.narrator.words import Word

_OPENING = "\u201c\u300c\u300e\u00ab"
_CLOSING = "\u201d\u300d\u300f\u00bb"
_EITHER = '"\uff02'
_ASKING = "?\uff1f"
_CALLING = "!\uff01"
_ENDING = ".\u3002\uff0e\u2026"
_HALTING = ",\u3001\uff0c;\uff1b:\uff1a\u2014\u2013\u2015\u2012~\u301c\uff5e()\uff08\uff09\u00b7"


class Pause(Enum):
    """How long to wait after a phrase."""

    COMMA = "comma"
    QUOTE = "quote"
    SENTENCE = "sentence"
    LINE = "line"


class Phrase(NamedTuple):
    """Words said in one breath. `ending` is one of `,` `.` `?` `!`, and tells the voice how to end."""

    words: tuple[Word, ...]
    ending: str
    pause: Pause
    quoted: bool


def phrases_of(text: str, words: Sequence[Word]) -> Iterator[Phrase]:
    """The phrases of the text, parted at its punctuation, its quotations and its lines."""
    if not words:
        return
    quoted = _turn(text[: words[0].start], now=False)
    breath: list[Word] = []
    for word, gap, following in _with_gaps(text, words):
        breath.append(word)
        after = _turn(gap, now=quoted)
        pause = _pause(gap, goes_on=quoted and not after and not following.isupper())
        if pause:
            yield Phrase(tuple(breath), _ending(gap), pause, quoted)
            breath = []
        quoted = after


def _with_gaps(text: str, words: Sequence[Word]) -> Iterator[tuple[Word, str, str]]:
    """Each word, what stands between it and the next, and the next one's first character; the last ends a line."""
    for word, following in pairwise(words):
        yield word, text[word.end : following.start], text[following.start]
    yield words[-1], text[words[-1].end :] + "\n", ""


def _pause(gap: str, *, goes_on: bool) -> Pause | None:
    """`goes_on` says that a quotation ended here, but not the sentence that it is part of."""
    marks = set(gap)
    if "\n" in marks:
        return Pause.LINE
    if goes_on:
        return Pause.QUOTE
    if marks & set(_ASKING + _CALLING + _ENDING):
        return Pause.SENTENCE
    if marks & set(_OPENING + _CLOSING + _EITHER):
        return Pause.QUOTE
    return Pause.COMMA if marks & set(_HALTING) else None


def _ending(gap: str) -> str:
    for mark in gap:
        if mark in _ASKING:
            return "?"
        if mark in _CALLING:
            return "!"
        if mark in _ENDING or mark == "\n":
            return "."
    return ","


def _turn(gap: str, *, now: bool) -> bool:
    """Whether what follows the gap is quoted, where before it that was `now`."""
    for mark in gap:
        if mark in _OPENING:
            now = True
        elif mark in _CLOSING:
            now = False
        elif mark in _EITHER:
            now = not now
    return now
