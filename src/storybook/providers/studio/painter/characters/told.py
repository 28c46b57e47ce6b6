"""What free words say of somebody's hair and clothes, in English, Korean or Japanese."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from storybook.providers.studio.painter.characters.tables import words
from storybook.providers.studio.painter.characters.wording import Hit, find, find_all, has

_WORN = ("tops", "bottoms", "shoes", "accessories")
_SIZES = ("long", "short")
_HAIR = "hair"
# What stands between a thing and the words that say how it is: "her hair is long and red", "머리는 길고 빨간".
_IS = re.compile(r"\s*(?:(?:is|are|:)(?![a-z])[^,.;]*|[은는이가はが]\s*(?:\S+(?:고|くて)\s*)?)")
_APART = re.compile(r"[,.;、。]")


class Piece(NamedTuple):
    """Something worn: its group and name are those of the tables, `word` is how the text calls it; the colour is
    `#rrggbb`, "" where none is named.
    """

    group: str
    name: str
    word: str
    colour: str = ""
    pattern: str = ""

    def in_english(self, colour: str) -> str:
        """The piece in English words, in this colour where it has none of its own."""
        english = words()["english"]
        own = words()["colours"][self.colour][0] if self.colour else colour
        named = self.word if self.word.isascii() else str(english.get(self.name, self.name))
        return " ".join(part for part in (own, english.get(self.pattern, ""), named) if part)


class Told(NamedTuple):
    """`hair` is the name of a form of hair, `hair_colour` is `#rrggbb`; both are "" where nothing is said of it."""

    hair: str = ""
    hair_colour: str = ""
    pieces: tuple[Piece, ...] = ()

    def first(self, group: str) -> Piece | None:
        """The first thing of that group that is worn."""
        return next((piece for piece in self.pieces if piece.group == group), None)

    @property
    def hair_in_english(self) -> tuple[str, str]:
        """Colour and form in English words, "" for what is not said."""
        called = words()["hair_colours"].get(self.hair_colour) or words()["colours"].get(self.hair_colour) or [""]
        return str(called[0]), str(words()["english"].get(self.hair, self.hair))


class _Thing(NamedTuple):
    """A place in the text that names hair, a garment, somebody or a part of the body."""

    hit: Hit
    group: str
    name: str


@lru_cache(maxsize=256)
def told_of(text: str) -> Told:
    """Hair and clothes that the text names. A colour, length or pattern belongs to the thing that it stands before, or
    that it is said of ("curly red hair", "her hair is red", "髪は赤い").
    """
    text = text.lower()
    things = [_Thing(hit, *hit.meaning.split(".", 1)) for hit in find_all(text, _things())]
    said: dict[_Thing, list[str]] = {thing: [] for thing in things}
    for hit in find_all(text, _manners()):
        owner = _owner(text, hit, things)
        if owner:
            said[owner].append(text[hit.start : hit.end])
    hair = [thing for thing in things if thing.group == _HAIR]
    about_hair = [*chain.from_iterable(said[thing] for thing in hair), *(text[t.hit.start : t.hit.end] for t in hair)]
    return Told(
        hair=next((thing.name for thing in hair if thing.name), "") or _size(about_hair),
        hair_colour=_last(about_hair, "hair_colours") or _last(about_hair, "colours"),
        pieces=tuple(_piece(text, thing, said[thing]) for thing in things if thing.group in _WORN),
    )


def _piece(text: str, thing: _Thing, said: Sequence[str]) -> Piece:
    word = text[thing.hit.start : thing.hit.end]
    return Piece(thing.group, thing.name, word, _last(said, "colours"), _last(said, "patterns"))


def _last(said: Sequence[str], table: str) -> str:
    found = [meaning for word in said if (meaning := find(word, words()[table]))]
    return found[-1] if found else ""


def _size(said: Sequence[str]) -> str:
    return next((size for size in _SIZES for word in said if has(word, words()["hair"][size])), "")


def _owner(text: str, hit: Hit, things: Sequence[_Thing]) -> _Thing | None:
    """The thing of which the words at this place are said."""
    if any(thing.hit.start < hit.end and hit.start < thing.hit.end for thing in things):
        return None
    before = next((thing for thing in reversed(things) if thing.hit.end <= hit.start), None)
    after = next((thing for thing in things if thing.hit.start >= hit.end), None)
    if before and _IS.fullmatch(text[before.hit.end : hit.start]):
        return before
    if after and not _APART.search(text[hit.end : after.hit.start]):
        return after
    return before or after


@lru_cache(maxsize=1)
def _things() -> dict[str, list[str]]:
    table = words()
    hair = {f"{_HAIR}.{form}": terms for form, terms in table["hair"].items() if form not in _SIZES}
    worn = {f"{group}.{name}": terms for group in _WORN for name, terms in table[group].items()}
    bodies = {f"body.{name}": terms for group in table["kinds"].values() for name, terms in group.items()}
    parts = {f"{part}.": terms for part, terms in table["parts"].items()}
    return hair | worn | bodies | parts


@lru_cache(maxsize=1)
def _manners() -> dict[str, list[str]]:
    """Colours, patterns and lengths."""
    table = words()
    tints: dict[str, list[str]] = {f"hair {colour}": terms for colour, terms in table["hair_colours"].items()}
    sizes: dict[str, list[str]] = {size: table["hair"][size] for size in _SIZES}
    return {**tints, **table["colours"], **table["patterns"], **sizes}
