"""Things: the known words, how large each is beside a child, where it belongs, and how it is drawn."""

import random
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from storybook.providers.studio.painter.characters.tables import words as known_words
from storybook.providers.studio.painter.characters.wording import find
from storybook.providers.studio.painter.light import darker, lighter
from storybook.providers.studio.painter.pen import Pen
from storybook.providers.studio.painter.props.steps import Step, run, steps_of

Home = Literal["ground", "air", "sky", "hand", "wall", "water"]

BOX = 200.0
_TABLES = ("toys", "home", "nature", "travel")


@dataclass(frozen=True)
class Prop:
    """A thing. `size` is its height beside a child of height 1, `aspect` its width by its height, `grip` where a
    hand takes it as shares of its height, from the middle of its foot. Things `aloft` are held high above the head.
    """

    name: str
    words: tuple[str, ...]
    home: Home
    size: float
    aspect: float
    grip: tuple[float, float]
    aloft: bool
    colours: tuple[str, ...]
    steps: tuple[Step, ...]


def _prop(name: str, entry: dict[str, Any]) -> Prop:
    x, y = entry.get("grip", (0, -6))
    return Prop(
        name=name,
        words=tuple(entry["words"]),
        home=entry.get("home", "ground"),
        size=entry["size"],
        aspect=entry.get("width", BOX) / BOX,
        grip=(x / BOX, y / BOX),
        aloft=entry.get("aloft", False),
        colours=tuple(entry.get("colours", ("#d9705f",))),
        steps=steps_of(entry["steps"]),
    )


def _load(tables: Iterable[str]) -> dict[str, Prop]:
    props: dict[str, Prop] = {}
    for table in tables:
        text = files(__package__).joinpath(f"{table}.toml").read_text(encoding="utf-8")
        props |= {name: _prop(name, entry) for name, entry in tomllib.loads(text).items()}
    return props


PROPS: Mapping[str, Prop] = _load(_TABLES)


@cache
def prop_of(words: str) -> Prop | None:
    """The thing that free English words mean ("an old brass key"), by its longest word that occurs; else None.

    Where they name a colour ("a red ball") the thing has that colour.
    """
    text = " ".join(re.findall(r"[a-z']+", words.lower()))
    best: Prop | None = None
    length = 0
    for prop in PROPS.values():
        for word in (*prop.words, prop.name):
            if len(word) > length and re.search(rf"\b{re.escape(word)}(s|es)?\b", text):
                best, length = prop, len(word)
    colour = find(text, known_words()["colours"]) if best else ""
    return replace(best, colours=(colour,)) if best and colour else best


def owned(words: str, owners: str) -> Prop | None:
    """The thing in one colour: the one that the words name, else one that it keeps in all pictures of its `owners`."""
    prop = prop_of(words)
    return replace(prop, colours=(random.Random(f"{prop.name}|{owners}").choice(prop.colours),)) if prop else None


def shines(prop: Prop) -> bool:
    """Does it give light?"""
    return any(step.kind == "g" for step in prop.steps)


def draw_prop(pen: Pen, word: str, x: float, y: float, size: float, rng: random.Random) -> None:
    """Draws the thing that stands (or ends) at (x, y) and is `size` units high. An unknown word draws nothing."""
    prop = prop_of(word)
    if prop:
        draw_thing(pen, prop, x, y, size, rng)


def draw_thing(pen: Pen, prop: Prop, x: float, y: float, size: float, rng: random.Random) -> None:
    """Draws the thing in one of its colours, as `draw_prop` does."""
    colour = rng.choice(prop.colours)
    shades = {"$": colour, "$d": darker(colour, 0.24), "$l": lighter(colour, 0.42)}
    with pen.group(f"translate({x:.1f},{y:.1f}) scale({size / BOX:.4f})"):
        run(pen, prop.steps, shades)
