"""What may stand on a page: no sentence twice, nothing forbidden, and no more than its readers can take."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.reading_level import BANDS, count_sentences, count_words
from storybook.providers.studio.writer.forbidden import breaches

MAX_PAGE_CHARS = 600

_END = re.compile(r"(?<=[.!?…])\s+|(?<=[.!?…][”’])\s+(?=[A-Z“‘])|(?<=[。！？])(?![」』])")
_CLOSE = re.compile(r"[.!?…。！？]+[”’」』]*")
_STARTS = re.compile(r"[A-Z“「『]")


def parts(text: str) -> list[str]:
    """The text's sentences, those inside quotation marks as well, without marks, in small letters."""
    pieces = (re.sub(r"[^\w\s]", "", piece).strip().lower() for piece in _END.split(text))
    return [piece for piece in pieces if piece]


@lru_cache(maxsize=4096)
def _words(text: str, language: Language) -> int:
    return count_words(text, language)


class Paper:
    """The pages of one story as far as they are written."""

    def __init__(self, language: Language, age: TargetAge, forbidden: tuple[str, ...]) -> None:
        self.language = language
        self.band = BANDS[age]
        self._forbidden = forbidden
        self._written: set[str] = set()

    def write(self, sentences: Iterable[str]) -> None:
        """Remembers what stands in the book."""
        self._written |= {part for sentence in sentences for part in parts(sentence)}

    def takes(self, sentence: str, kept: Sequence[str], ends: Sequence[str] = ()) -> bool:
        """Whether the sentence may follow those `kept` on a page that closes with `ends`."""
        return self.is_new(sentence, [*kept, *ends]) and self._has_room([*kept, sentence, *ends])

    def is_new(self, sentence: str, kept: Sequence[str]) -> bool:
        """Whether nothing of the sentence is forbidden, written already, or among those `kept`."""
        own = parts(sentence)
        said = self._written | {part for earlier in kept for part in parts(earlier)}
        return len(set(own)) == len(own) and not said & set(own) and not breaches(sentence, self._forbidden)

    def lacks(self, sentences: Sequence[str]) -> bool:
        """Whether the page has fewer sentences than its readers want."""
        return count_sentences(self.text(sentences)) < self.band.min_sentences

    def _has_room(self, sentences: Sequence[str]) -> bool:
        text, band = self.text(sentences), self.band
        words_fit = band.max_words is None or _words(text, self.language) <= band.max_words
        return words_fit and count_sentences(text) <= band.max_sentences and len(text) <= MAX_PAGE_CHARS

    def text(self, sentences: Sequence[str]) -> str:
        """The sentences as a page."""
        return ("" if self.language is Language.JA else " ").join(sentences)


def sentences_of(text: str, language: Language) -> list[str]:
    """The sentences of a page with their marks; what is quoted inside one stays with it."""
    found, start = [], 0
    for end in (hit.end() for hit in _CLOSE.finditer(text)):
        piece, rest = text[start:end], text[end:]
        quoted = sum(piece.count(mark) for mark in "“「『") > sum(piece.count(mark) for mark in "”」』")
        spaced = not rest or rest[0].isspace() or language is Language.JA
        goes_on = piece.endswith(("”", "」", "』")) and rest.strip() and not _STARTS.match(rest.lstrip())
        if not quoted and spaced and not goes_on:
            found.append(piece.strip())
            start = end
    return [piece for piece in [*found, text[start:].strip()] if piece]
