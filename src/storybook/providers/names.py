"""Names stay at home: a vendor reads a stand-in, and the name is put back into what comes home.

A stand-in is `[[A]]`, `[[B]]` and so on, with `[[A2]]` after `[[Z]]`. In Korean the particle after a name depends on
how the name ends, which a vendor cannot know: whichever form it wrote after the stand-in becomes the right one when the
name is put back.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from enum import Enum
from string import ascii_uppercase
from typing import Any

from pydantic import BaseModel

from storybook.domain.book_spec import Language
from storybook.domain.korean import with_particle
from storybook.providers.dates import without_dates

_PAIRS = (
    "은/는", "이/가", "을/를", "과/와", "아/야", "으로/로", "이랑/랑", "이나/나", "이든/든", "이여/여", "이에요/예요",
    "과는/와는", "과도/와도", "과의/와의", "이랑은/랑은", "이랑도/랑도",
    "으로는/로는", "으로도/로도", "으로서/로서", "으로써/로써",
    "이라고/라고", "이라는/라는", "이라면/라면", "이라서/라서", "이라도/라도", "이라며/라며", "이랍니다/랍니다",
)  # fmt: skip
"""Particles after a consonant and after a vowel."""

_AFTER_PET_NAME = (
    "는", "가", "를", "와", "야", "의", "도", "만", "네", "에게", "에게는", "에게도", "한테", "하고", "처럼", "보다",
    "까지", "와는", "와도", "와의",
)  # fmt: skip
"""What follows the -i that a name with a final consonant is called by (민준 + 이 + 는), and others are not."""

_SPELLINGS = ("{0}", "{1}", "{0}/{1}", "{1}/{0}", "{0}({1})", "{1}({0})")
_FORMS = {
    **{f"이{after}": f"이{after}/{after}" for after in _AFTER_PET_NAME},
    **{spelling.format(*pair.split("/")): pair for pair in reversed(_PAIRS) for spelling in _SPELLINGS},
}
_WAS = {"이었": "이었/였", "였": "이었/였"}
"""The one that more of the same word may follow."""


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_LETTERS = (*ascii_uppercase, *(f"{letter}2" for letter in ascii_uppercase))
MOST_NAMES = len(_LETTERS)
_STAND_IN = r"[\[［【]{1,2}\s*([A-Z]2?)\s*[\]］】]{1,2}"
_BARE = re.compile(_STAND_IN)
_WITH_PARTICLE = re.compile(rf"{_STAND_IN}({_any_of(_WAS)}|(?:{_any_of(_FORMS)})(?![가-힣]))?")

_LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
_HANGUL = re.compile(r"[가-힣]")
_PARTICLES_OF_SYLLABLE = _any_of([*_FORMS, *_AFTER_PET_NAME])

_SURNAMES = "김이박최정강조윤장임한오서신권황안송류유홍전고문손양배백허남심노하곽성차주우구민진나지엄"
_FULL_KOREAN_NAME = re.compile(rf"[{_SURNAMES}]([가-힣]{{2}})")
_FULL_LATIN_NAME = re.compile(rf"([{_LATIN}]{{3,}})\s+\S.*")
_TITLES = frozenset(
    ("the", "little", "big", "baby", "old", "captain", "king", "queen", "prince", "princess", "miss", "sir", "lady")
)


class Names:
    """The stand-ins of one request: the first name is `[[A]]`. There are at most `MOST_NAMES`."""

    def __init__(self, names: Iterable[str], language: Language) -> None:
        first: dict[str, str] = {}
        for name in filter(str.strip, map(_composed, names)):
            first.setdefault(name.casefold(), name)
        self._names: dict[str, str] = dict(zip(_LETTERS[: len(first)], first.values(), strict=True))
        self._language = language
        by_length = sorted(self._names.items(), key=lambda item: -len(item[1]))
        patterns = [f"(?P<{letter}>{_pattern(name)})" for letter, name in by_length]
        for letter, name in by_length:
            given = _given_name(name)
            if given and given.casefold() not in first:
                patterns.append(f"(?P<{letter}_given>(?<![가-힣]){_pattern(given)})")
        self._search = re.compile("|".join(patterns) or r"(?!)")

    def hide(self, text: str) -> str:
        """The text with a stand-in for every name, also inside other words where words have no clear ends, and for the
        first name of somebody who is named in full; and without birthdays.
        """
        hidden = self._search.sub(lambda found: f"[[{str(found.lastgroup).removesuffix('_given')}]]", _composed(text))
        return without_dates(hidden, self._language)

    def reveal(self, text: str) -> str:
        """The text with every name back in its place, and in Korean with the particle that fits it."""
        pattern = _WITH_PARTICLE if self._language is Language.KO else _BARE
        return pattern.sub(self._name_and_particle, text)

    def hide_in(self, value: Any) -> Any:
        """The value as JSON, with stand-ins in all of its texts; words of closed lists stay as they are."""
        return _mapped(value.model_dump() if isinstance(value, BaseModel) else value, self.hide)

    def reveal_in(self, value: Any) -> Any:
        """The same JSON with the names back in all of its texts."""
        return _mapped(value, self.reveal)

    def strays(self, text: str) -> bool:
        """Whether the text holds a stand-in that stands for nobody."""
        return any(letter not in self._names for letter in _BARE.findall(text))

    def _name_and_particle(self, found: re.Match[str]) -> str:
        letter, *particle = found.groups(default="")
        if letter not in self._names:
            return found.group()
        if not any(particle):
            return self._names[letter]
        return with_particle(self._names[letter], (_WAS | _FORMS)[particle[0]])


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _pattern(name: str) -> str:
    """Where a name counts as one. What has clear ends is not looked for inside other words, nor in another spelling
    when it is very short: `An` is a name and `an` is none.
    """
    words = r"\s+".join(map(re.escape, name.split()))
    if len(name) == 1 and _HANGUL.match(name):
        return rf"(?<![가-힣]){words}(?=이?(?:{_PARTICLES_OF_SYLLABLE})?(?![가-힣]))"
    before = rf"(?<![{_LATIN}])" if re.match(rf"[{_LATIN}]", name) else r"(?<!\d)" if name[0].isdigit() else ""
    after = rf"(?![{_LATIN}])" if re.search(rf"[{_LATIN}]$", name) else r"(?!\d)" if name[-1].isdigit() else ""
    return f"{before}(?{'' if len(name) < 3 else 'i'}:{words}){after}"


def _given_name(name: str) -> str | None:
    """What somebody with a full name is called."""
    found = _FULL_KOREAN_NAME.fullmatch(name) or _FULL_LATIN_NAME.fullmatch(name)
    return found.group(1) if found and found.group(1).casefold() not in _TITLES else None


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(part, change) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(part, change) for part in value]
    return value
