"""The age bands of a page's text, and how its sentences and words are counted.

Bands: sentences a page and words a page, from the wire contract (3-5: 1-2, 25; 5-7: 2-3, 40; 7-9: 2-4, 60;
adult: 3-6, none). A word is what stands between spaces in English and Korean, and a phrase as BudouX
(Japanese model) parts it in Japanese, which is close to a Korean word in length.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import budoux

from storybook.domain.book_spec import Language, TargetAge


class AgeBand(NamedTuple):
    min_sentences: int
    max_sentences: int
    max_words: int | None


BANDS = {
    TargetAge.TODDLER: AgeBand(1, 2, 25),
    TargetAge.EARLY_READER: AgeBand(2, 3, 40),
    TargetAge.READER: AgeBand(2, 4, 60),
    TargetAge.ADULT: AgeBand(3, 6, None),
}

_OPENING = "\u201c\u300c\u300e"
_CLOSING = "\u201d\u300d\u300f"
_END_OF_SENTENCE = re.compile(r"[.!?\u3002\uff01\uff1f\u2026]+")
_ENDS_NOTHING = re.compile(
    r"(?<=\d)\.(?=\d)"
    r"|(?<=\b[A-Za-z])\.(?=[,、\w]|['\u2019]s\b)"
    r"|(?<=\b[A-HJ-Z])\.(?=\s[a-z])"
    r"|(?<=\.[a-z])\.(?=\s[a-z])"
    r"|\b(?:Mr|Mrs|Ms|Dr|St|Prof)\."
    r"|(?:\.\.|\u2026)[.\u2026]*(?=\s*[,、a-zß-ÿ])"
)
"""Dots inside numbers, names and short forms: `2.5`, `T.J. ran`, `p.m. today`, `Mr. Bear`; and those of a pause."""
_UNCASED = "[ぁ-ヺ一-鿿가-힣]"
_MAY_END = re.compile(rf"(?<=\b[A-HJ-Z])\.(?=\s[A-Z])|(?:\.\.|\u2026)[.\u2026]*(?=\s*{_UNCASED})")
"""`T.J. Fox` is one name, and `He met T.J. They ran.` is two sentences. Of `그런데… 달이` nobody can tell."""
_SAID_IN_PASSING = re.compile(
    rf"(?<!\w)['\u2018](?:[^'\u2018\u2019]|(?<=\w)['\u2019](?=\w))*['\u2019](?=\s[a-z]|\s?{_UNCASED})"
)
_WORD = re.compile(r"\w", re.UNICODE)
_BETWEEN_SPACES = re.compile(r"\s*\S+|\s+")


@cache
def _japanese() -> budoux.Parser:
    return budoux.load_default_japanese_parser()


def _blank_quotations(text: str) -> str:
    """The text with the ends of sentences inside quotations removed, where more of the sentence follows."""
    out: list[str] = []
    depth = 0
    for index, char in enumerate(text):
        if char in _OPENING:
            depth += 1
        if char in _CLOSING:
            depth = max(0, depth - 1)
            if depth == 0 and _closes_the_sentence(text, index):
                out.append(".")
        out.append(char if depth == 0 or not _END_OF_SENTENCE.match(char) else " ")
    return "".join(out)


def _closes_the_sentence(text: str, closing: int) -> bool:
    rest = text[closing + 1 :].lstrip()
    ended = bool(_END_OF_SENTENCE.match(text[closing - 1]))
    return ended and (not rest or rest[0] in _OPENING or rest[0].isupper())


def count_sentences(text: str) -> int:
    """How many sentences a page holds; one that is quoted inside another is not counted on its own.

    Quotations are marked by curly or corner quotation marks, or by single ones where a lower-case word, or a Korean or
    Japanese one, goes on. Where the dot of an initial or an ellipsis may end a sentence, it ends none.
    """
    return _ended(_MAY_END.sub("", text))


def _ended(text: str) -> int:
    told = _SAID_IN_PASSING.sub(lambda said: _END_OF_SENTENCE.sub(" ", said.group()), _ENDS_NOTHING.sub("", text))
    parts = _END_OF_SENTENCE.split(_blank_quotations(told))
    return sum(1 for part in parts if _WORD.search(part))


def count_words(text: str, language: Language) -> int:
    """How many words a page holds, by the rule of its language."""
    return sum(1 for _ in word_spans(text, language))


def word_spans(text: str, language: Language) -> Iterator[tuple[int, int]]:
    """Where each word of a text begins and ends, without the punctuation around it."""
    pieces = _japanese().parse(text) if language is Language.JA else _BETWEEN_SPACES.findall(text)
    at = 0
    for piece in pieces:
        if letters := [match.start() for match in _WORD.finditer(piece)]:
            yield at + letters[0], at + letters[-1] + 1
        at += len(piece)


def complaints(text: str, age: TargetAge, language: Language) -> list[str]:
    """What breaks the age band, each as a sentence for the writer; empty when the text fits, or may fit: only its
    reader knows whether the dot of an initial or an ellipsis ends a sentence.
    """
    band = BANDS[age]
    sentences, most, words = count_sentences(text), _ended(text), count_words(text, language)
    found = []
    if most < band.min_sentences or sentences > band.max_sentences:
        found.append(f"has {sentences} sentences; {band.min_sentences} to {band.max_sentences} are allowed")
    if band.max_words is not None and words > band.max_words:
        found.append(f"has {words} words; at most {band.max_words} are allowed")
    return found
