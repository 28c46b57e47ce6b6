"""The fonts of the editions: which of them sets which character, and how wide it is."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

from storybook.domain.book_spec import Language

_FONTS = Path(__file__).with_name("fonts")
_LATIN, _KOREAN, _JAPANESE = "Andika-Regular", "GowunDodum-Regular", "ZenMaruGothic-Medium"
_LATIN_TITLE, _KOREAN_TITLE = "Fredoka-SemiBold", "Jua-Regular"
_EM = 1000
_LAST_OF_THE_BASIC_PLANE = 0xFFFF


class Run(NamedTuple):
    """Neighbouring characters of one font; `font` is a name registered with ReportLab."""

    font: str
    text: str


@dataclass(frozen=True)
class Typeface:
    """Fonts in order of preference. `weight` is the width in em of a stroke that thickens the letters."""

    fonts: tuple[str, ...]
    weight: float = 0.0

    @property
    def leading_font(self) -> str:
        """The name of the preferred font, registered with ReportLab."""
        return str(_font(self.fonts[0]).fontName)

    def runs(self, text: str) -> tuple[Run, ...]:
        """The text in order, in runs of one font. Only of a printable text is every character there."""
        return tuple(Run(font, "".join(run)) for font, run in groupby(text, self._font_of))

    def width(self, text: str) -> float:
        """The width of a printable text in em."""
        return sum(_advance(self._font_of(char), ord(char)) for char in text)

    def _font_of(self, char: str) -> str:
        return _first_with(self.fonts, char)


_TEXT = {
    Language.EN: Typeface((_LATIN, _KOREAN, _JAPANESE)),
    Language.KO: Typeface((_KOREAN, _LATIN, _JAPANESE)),
    Language.JA: Typeface((_JAPANESE, _LATIN, _KOREAN)),
}
_TITLE = {
    Language.EN: Typeface((_LATIN_TITLE, _KOREAN_TITLE, _LATIN, _KOREAN, _JAPANESE)),
    Language.KO: Typeface((_KOREAN_TITLE, _LATIN_TITLE, _KOREAN, _LATIN, _JAPANESE)),
    Language.JA: Typeface((_JAPANESE, _LATIN, _KOREAN_TITLE, _KOREAN), weight=0.045),
}


def font_file(name: str) -> Path:
    """The file of a font by the name that runs give it."""
    return _FONTS / f"{name}.ttf"


def text_face(language: Language) -> Typeface:
    return _TEXT[language]


def title_face(language: Language) -> Typeface:
    return _TITLE[language]


def printable(text: str) -> str:
    """The text without what no font can show (emoji, rare letters); composed, so that Hangul keeps its syllables.

    Line ends stay; every other white space is a space. May be empty.
    """
    composed = unicodedata.normalize("NFC", text)
    return "".join(_spaced(char) for char in composed if char.isspace() or _is_shown(char)).strip()


def _spaced(char: str) -> str:
    return char if not char.isspace() or char in "\n\u3000" else " "


@cache
def _is_shown(char: str) -> bool:
    category = unicodedata.category(char)
    is_selector = unicodedata.name(char, "").startswith("VARIATION SELECTOR")
    # ReportLab maps only characters of the basic plane back to text, for search and for screen readers
    if category.startswith("C") or is_selector or ord(char) > _LAST_OF_THE_BASIC_PLANE:
        return False
    return any(_has(font, char) for font in (_LATIN, _KOREAN, _JAPANESE))


@cache
def _first_with(fonts: tuple[str, ...], char: str) -> str:
    return next((font for font in fonts if _has(font, char)), fonts[0])


def _has(font: str, char: str) -> bool:
    return ord(char) in _font(font).face.charToGlyph


@cache
def _advance(font: str, code: int) -> float:
    return float(_font(font).face.getCharWidth(code)) / _EM


@cache
def _font(name: str) -> TTFont:
    """The parsed font, once for each process: parsing takes longer than setting a page."""
    font = TTFont(name, str(font_file(name)))
    registerFont(font)
    return font
