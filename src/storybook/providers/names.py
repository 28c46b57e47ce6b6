"""Names stay at home: a vendor reads a stand-in, and the name is put back into what comes home.

A stand-in is `[[A]]`, `[[B]]` and so on, with `[[A2]]` after `[[Z]]`. In Korean the particle after a name depends on
how the name ends, which a vendor cannot know: whichever form it wrote after the stand-in becomes the right one when the
name is put back.

A name is found in any case and width, with and without accents, hyphens, dots and blanks inside, in hiragana and
katakana; and where only the given name of somebody is written whose full name was told. In another script it is not,
nor where it is run together with other words that have clear ends. One that is also a word, as Fox and Rose are, is
found only where it is written as a name.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import lru_cache
from itertools import count
from string import ascii_uppercase
from typing import Any

from pydantic import BaseModel

from storybook.domain.book_spec import Language
from storybook.domain.korean import with_particle
from storybook.providers.dates import without_dates
from storybook.providers.given_names import called, each_of
from storybook.providers.particles import FORMS, WAS, any_of, pair_of
from storybook.providers.spelling import Folded, anywhere, as_a_name, bare, fold
from storybook.providers.word_names import is_also_a_word, is_only_a_word

STAND_IN = r"([A-Z](?:[2-9]|[1-9]\d+)?)"
_WRITTEN = r"([A-Za-zＡ-Ｚａ-ｚ](?:[2-9２-９]|[1-9１-９]\d+)?)"
_BENT = rf"(?:\\?[\[［【{{｛⟦]){{1,2}}\s*{_WRITTEN}\s*(?:\\?[\]］】}}｝⟧]){{1,2}}"
_BARE = re.compile(_BENT)
_PARTICLE = rf"{any_of(WAS)}|(?:{any_of(FORMS)})(?![가-힣])"
_PUT_BACK = {
    Language.KO: re.compile(rf"{_BENT}(\s?[씨님](?={_PARTICLE}|(?![가-힣])))?({_PARTICLE})?"),
    Language.EN: re.compile(rf"{_BENT}()()"),
    Language.JA: re.compile(rf"{_BENT}(ちゃん|くん|さん|さま|[君様])?()"),
}
"""A stand-in with how its owner is addressed, and with the particle that depends on the name."""
_ADDRESSED = re.compile(r"(?<=.)(?:ちゃん|くん|さん|さま|[君様씨님])$")
_LIKE_ONE = re.compile(r"(?:\\?[\[［{｛]){2}|⟦")
_ONE_LETTER = re.compile(r"[^가-힣ぁ-ヺ一-鿿]")
_APART = " | "
_NOTHING = r"(?!)"


class Names:
    """The stand-ins of one request: the first name is `[[A]]`."""

    def __init__(self, names: Iterable[str], language: Language) -> None:
        first: dict[str, str] = {}
        for name in filter(str.strip, each_of(map(_composed, names))):
            first.setdefault(name.casefold(), name)
        self._letters = dict(zip(first, _letters(), strict=False))
        self._names = {self._letters[key]: name for key, name in first.items()}
        self._language = language
        self._search = _search(tuple(self._names.items()))

    def hide(self, text: str) -> str:
        """The text with a stand-in for every name, also inside other words where words have no clear ends, and for the
        first name of somebody who is named in full; and without birthdays. All else is as it was written.

        Days are looked for before names, since June and May are also children; and behind them, since a name of
        several words may stand between a day and the word birthday.
        """
        return without_dates(self._without_names(without_dates(text, self._language)), self._language)

    def reveal(self, text: str) -> str:
        """The text with every name back in its place, in Korean with the particle that fits it; a name that ends in
        `ちゃん` or `씨` has no second one behind it.
        """
        return _PUT_BACK[self._language].sub(self._name_and_particle, text)

    def hide_in(self, value: Any) -> Any:
        """The value as JSON, with stand-ins in all of its texts; words of closed lists stay as they are."""
        return _mapped(value, self.hide)

    def reveal_in(self, value: Any) -> Any:
        """The same JSON with the names back in all of its texts."""
        return _mapped(value, self.reveal)

    def strays(self, said: Any) -> bool:
        """Whether one of the texts holds a stand-in that stands for nobody, or what looks like one."""
        without = map(self.without_stand_ins, _texts(said))
        return any(_BARE.search(text) or _LIKE_ONE.search(text) for text in without)

    def without_stand_ins(self, text: str) -> str:
        """The text with a blank in the place of each stand-in that stands for somebody."""
        return _BARE.sub(lambda found: " " if _letter(found) in self._names else found.group(), text)

    def spoken_of(self, known: Iterable[str], said: Any) -> tuple[str, ...]:
        """Who else of the `known` is named in what was `said`, as it is written there; each once."""
        text = Folded(_APART.join(_texts(_mapped(said, self._without_names))))
        letters = bare(text.text)
        told = filter(_may_be_a_name, map(fold, dict.fromkeys(each_of(map(_composed, known)))))
        patterns = _patterns([("", name) for name in told], lambda part: bare(part) in letters)
        search = re.compile("|".join(dict.fromkeys(pattern for _, pattern in patterns)) or _NOTHING)
        found = [text.written(match) for match in search.finditer(text.text)]
        return tuple({_composed(name).casefold(): _composed(name) for name in reversed(found)}.values())[::-1]

    def _without_names(self, text: str) -> str:
        folded = Folded(text)

        def stand_in(found: re.Match[str]) -> str:
            written = _composed(folded.written(found)).casefold()
            return f"[[{self._letters.get(written) or str(found.lastgroup).removesuffix('_given')}]]"

        return folded.replaced(self._search, stand_in)

    def _name_and_particle(self, found: re.Match[str]) -> str:
        letter, (_, address, particle) = _letter(found), found.groups(default="")
        if letter not in self._names:
            return found.group()
        name = self._names[letter]
        name += "" if _ADDRESSED.search(name) else address
        if not particle:
            return name
        return with_particle(name, pair_of(particle, found.string[: found.start()], found.string[found.end() :]))


def _letter(found: re.Match[str]) -> str:
    """The letter of a stand-in, in whichever case and width it was written."""
    return unicodedata.normalize("NFKC", found[1]).upper()


def _letters() -> Iterator[str]:
    return (f"{letter}{number if number > 1 else ''}" for number in count(1) for letter in ascii_uppercase)


@lru_cache(maxsize=32)
def _search(names: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """Finds each of the names under its letter. All calls for a book ask for the same."""
    patterns = _patterns([(letter, fold(name)) for letter, name in names])
    return re.compile("|".join(f"(?P<{group}>{pattern})" for group, pattern in patterns) or _NOTHING)


def _patterns(folded: list[tuple[str, str]], may_be_there: Callable[[str], bool] = bool) -> Iterator[tuple[str, str]]:
    """Patterns for the names under their letters, the longest first, and for what somebody is called who has no
    other's; of those only for what `may_be_there`, since a pattern costs a thousand times more than a look.
    """
    names = sorted(((letter, name.strip(" -") or name) for letter, name in folded), key=lambda item: -len(item[1]))
    taken = {bare(name) for _, name in names}
    for letter, name in names:
        if name and may_be_there(name) and not is_only_a_word(name):
            yield letter, as_a_name(name) if is_also_a_word(name) else anywhere(name)
    for letter, name in names:
        parts = [made(part) for part, made in called(name) if bare(part) not in taken and may_be_there(part)]
        if parts:
            any_part = f"(?:{'|'.join(parts)})"
            yield f"{letter}_given", f"{any_part}(?: +{any_part})*"


def _may_be_a_name(folded: str) -> bool:
    """One letter alone is nobody's name here: it is a word too often."""
    return len(folded) > 1 or bool(folded and not _ONE_LETTER.match(folded))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in _texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _texts(part))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, BaseModel):
        return _mapped(value.model_dump(), change)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(part, change) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(part, change) for part in value]
    return value
