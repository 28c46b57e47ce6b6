"""How someone of a kind looks, in English words that a painter can follow."""

from random import Random
from typing import Any

from storybook.providers.studio.writer.data import table


def _wardrobe() -> dict[str, Any]:
    return table("wardrobe")


def english_words(text: str, section: str) -> list[str]:
    """The English words of a section of the wardrobe that a text names in any language, in its own order."""
    lowered = text.lower()
    found = []
    for english, others in _wardrobe()[section].items():
        places = [lowered.find(word) for word in [english, *others] if word in lowered]
        if places:
            found.append((min(places), english))
    return [english for _, english in sorted(found)]


def invent_look(kind: str, rng: Random) -> str:
    """A look for someone of that kind: natural colours and one piece of clothing to be known by."""
    colour = rng.choice(_wardrobe()["natural"].get(kind, ["brown"]))
    piece = rng.choice(_wardrobe()["signature"])
    tint = rng.choice(_wardrobe()["bright"])
    if kind in _wardrobe()["people"]:
        return f"a gentle {kind} with {colour} hair and a {tint} {piece}"
    return f"a small {colour} {kind} with a {tint} {piece}"


def look_of_hero(kind: str, appearance: str | None, rng: Random) -> str:
    """The hero's look; colours and clothes that the parent named are kept."""
    invented = invent_look(kind, rng)
    if appearance is None:
        return invented
    if appearance.isascii():
        return f"{appearance.strip()}"[:200].strip()
    colours, clothes = english_words(appearance, "colours"), english_words(appearance, "clothes")
    if not colours and not clothes:
        return invented
    tint = colours[0] if colours else rng.choice(_wardrobe()["bright"])
    piece = clothes[0] if clothes else rng.choice(_wardrobe()["signature"])
    hair = rng.choice(_wardrobe()["natural"].get(kind, ["brown"]))
    own = f"{hair} hair and " if kind in _wardrobe()["people"] else ""
    return f"a gentle {kind} with {own}a {tint} {piece}"
