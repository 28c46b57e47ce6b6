"""Where a text may be broken: into paragraphs, into pieces that stay whole, and, if need be, into crumbs."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

import budoux

from storybook.domain.book_spec import Language

_NEVER_FIRST = frozenset(
    "。、，．・：；？！‼⁇⁈⁉）〕］｝〉》」』】〙〗〟’”»ー〜～…‥—々ゝゞヽヾ!?,.:;)]}%"
    "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
)
_NEVER_LAST = frozenset("（〔［｛〈《「『【〘〖〝‘“«([{")
_IDEOGRAPHIC_SPACE = "\u3000"

_MANY_PARAGRAPHS = 24
_SHORT_TEXT = 120
_FEW_SENTENCES = 5

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s+(?=\S)|(?<=[”」』])\s+(?=[“「『])")
_JAPANESE_SENTENCE_END = re.compile(r"(?<=[。！？])\s*(?=[^\s。！？」』）…])|(?<=[」』])\s*(?=[「『])")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|[A-Z])\.$")
_OPENING = "“‘「『（(«"
_CLOSING = "”’」』）)»"

_KANA = re.compile(r"[\u3041-\u30ff]")
_HAN = re.compile(r"[\u3005\u3400-\u9fff]")
_KANJI_AND_ITS_ENDING = re.compile(r"[\u3005\u3400-\u9fff][\u3041-\u309f]")
_STOP = re.compile(r"(?<=[。！？])(?=[^。！？」』）…])")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7a3]")
_HYPHENATED = re.compile(r"(?<=\w\w[-–—])(?=[A-Za-z]{2})")


class Piece(NamedTuple):
    """Some characters that stay on one line, and the space before them where they do not begin it."""

    text: str
    gap: str = ""


Paragraph = tuple[Piece, ...]


def paragraphs_of(text: str, language: Language) -> tuple[Paragraph, ...]:
    """The text's own lines as paragraphs; a short text of a single line gives each sentence one.

    A text of very many lines is run together, so that it stays readable.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > _MANY_PARAGRAPHS:
        lines = [" ".join(lines)]
    if len(lines) == 1 and len(text) <= _SHORT_TEXT:
        sentences = _sentences(lines[0], language)
        lines = sentences if len(sentences) <= _FEW_SENTENCES else lines
    return tuple(pieces_of(line) for line in lines)


def _sentences(line: str, language: Language) -> list[str]:
    pattern = _JAPANESE_SENTENCE_END if language is Language.JA else _SENTENCE_END
    sentences: list[str] = []
    start = 0
    for end in pattern.finditer(line):
        sentence = line[start : end.start()]
        if not _inside_speech(sentence) and not _ABBREVIATION.search(sentence):
            sentences.append(sentence)
            start = end.end()
    return [*sentences, line[start:]]


def _inside_speech(text: str) -> bool:
    opened = sum(text.count(mark) for mark in _OPENING)
    closed = sum(text.count(mark) for mark in _CLOSING if mark != "’")
    return opened > closed or text.count('"') % 2 == 1


def pieces_of(line: str) -> Paragraph:
    """Words of Korean and English, phrases of Japanese. All but white space is kept, in order."""
    pieces: list[Piece] = []
    gap = ""
    for part in re.split(r"(\s+)", line):
        if not part:
            continue
        if part.isspace():
            gap = _IDEOGRAPHIC_SPACE if _IDEOGRAPHIC_SPACE in part else " "
            continue
        first, *others = _phrases(part)
        pieces.append(Piece(first, gap if pieces else ""))
        pieces.extend(Piece(other) for other in others)
        gap = ""
    return tuple(pieces)


def _phrases(word: str) -> list[str]:
    if _KANA.search(word) or (_HAN.search(word) and not _HANGUL.search(word)):
        phrases = [phrase for clause in _STOP.split(word) for phrase in _japanese().parse(clause)]
        return _joined(_without_lone_kana(phrases))
    return _HYPHENATED.split(word)


def _without_lone_kana(phrases: list[str]) -> list[str]:
    """A single kana is the beginning of the word after it, taken for a particle."""
    joined: list[str] = []
    for phrase in phrases:
        if joined and len(joined[-1]) == 1 and _KANA.match(joined[-1]):
            joined[-1] += phrase
        else:
            joined.append(phrase)
    return joined


@cache
def _japanese() -> budoux.Parser:
    return budoux.load_default_japanese_parser()


def crumbs_of(piece: str) -> tuple[str, ...]:
    """The smallest parts of a piece that is longer than a line; Japanese rules of line start and end still hold."""
    return tuple(_joined(list(piece), within_words=True))


def _joined(parts: list[str], *, within_words: bool = False) -> list[str]:
    joined: list[str] = []
    for part in parts:
        if joined and _inseparable(joined[-1][-1], part[0], within_words=within_words):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _inseparable(before: str, after: str, *, within_words: bool) -> bool:
    if after in _NEVER_FIRST or before in _NEVER_LAST or unicodedata.category(after).startswith("M"):
        return True
    if within_words:
        return False
    is_latin = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
    return is_latin or _KANJI_AND_ITS_ENDING.match(before + after) is not None
