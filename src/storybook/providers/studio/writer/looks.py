"""How someone of a kind looks, in English words that a painter can follow."""

import re
from random import Random
from typing import Any

from storybook.domain.book_spec import Gender
from storybook.providers.studio.painter.characters.told import Told, told_of
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.english import article
from storybook.providers.studio.writer.lexicon import told

LONGEST = 200


def _wardrobe() -> dict[str, Any]:
    return table("wardrobe")


def drawn_as(kind: str, gender: Gender | None = None) -> str:
    """The kind that a painter can draw, nearest to `kind`; a calling that anyone may have is drawn by `gender`."""
    row = _wardrobe()["drawn"].get(kind, {})
    if row.get("either"):
        return {Gender.FEMALE: "girl", Gender.MALE: "boy"}.get(gender or Gender.NEUTRAL, str(row["kind"]))
    return str(row.get("kind", kind))


def needs_to_be_alone(kind: str) -> bool:
    """Whether the word names someone only in a topic that names nobody else ("the moon is sleepy")."""
    return bool(_wardrobe()["drawn"].get(kind, {}).get("alive", False))


def is_person(kind: str) -> bool:
    """Whether someone of that kind has hair and clothes of their own."""
    return drawn_as(kind) in _wardrobe()["people"]


def natural_colours(kind: str) -> list[str]:
    """The colours of hair, fur or feathers of that kind."""
    wardrobe = _wardrobe()
    colours: list[str] = wardrobe["drawn"].get(kind, {}).get("natural") or wardrobe["natural"].get(kind, ["brown"])
    return colours


def english_words(text: str, section: str) -> list[str]:
    """The English words of a section of the wardrobe that a text names in any language, in its own order."""
    found: dict[int, str] = {}
    for english, others in _wardrobe()[section].items():
        for word in [english, *others]:
            place = re.search(rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word), text.lower())
            if place and len(found.get(place.end(), "")) < len(english):
                found[place.end()] = english
    return list(dict.fromkeys(english for _, english in sorted(found.items())))


def invent_look(
    kind: str,
    rng: Random,
    *,
    gender: Gender | None = None,
    tint: str | None = None,
    manners: tuple[str, ...] = (),
    beside: tuple[str, ...] = (),
) -> str:
    """A look for someone of that kind: the colour and manner that were told, else natural ones, and one piece of
    clothing to be known by. Nothing of it is the same as in the looks `beside` it while there is a choice.
    """
    wardrobe, person = _wardrobe(), is_person(kind)
    others = " ".join(beside)
    colour = tint or _unlike(natural_colours(kind), others, rng)
    piece = _unlike([piece for piece in wardrobe["signature"] if not person or piece != "scarf"], others, rng)
    bright = _unlike([shade for shade in wardrobe["bright"] if shade != colour], others, rng)
    if person and tint:
        bright, colour = tint, _unlike(natural_colours(kind), others, rng)
    told_look = wardrobe["drawn"].get(kind, {}).get("look")
    if told_look:
        look = re.sub(r"\ba (?=[aeio])", "an ", told_look.format(colour=colour, tint=bright))
        look = re.sub(r"\b(?:girl|boy)\b", drawn_as(kind, gender), look) if person else look
        return f"{look}, {' and '.join(manners[:3])}" if manners else str(look)
    manner = " ".join(manners[:3]) or ("gentle" if person else "small")
    if person:
        return article(f"{manner} {kind} with {colour} hair and {article(f'{bright} {piece}')}")
    return article(f"{manner} {colour} {kind} with {article(f'{bright} {piece}')}")


def _unlike(words: list[str], others: str, rng: Random) -> str:
    return rng.choice([word for word in words if word not in others] or words)


def look_of_hero(kind: str, appearance: str, rng: Random) -> str:
    """The hero's look as the parent described it; colours and clothes that were named are kept."""
    if appearance.isascii():
        stated = appearance.strip()
        return (stated if kind in stated.lower() else f"{article(kind)}, {stated}")[:LONGEST].strip()
    said, manners = told_of(appearance), told(appearance, "manners")
    colours = english_words(appearance, "colours")
    if not (colours or said.hair or said.pieces):
        return invent_look(kind, rng, manners=manners)
    bright = rng.choice(_wardrobe()["bright"])
    worn = [_some(piece.in_english(bright)) for piece in said.pieces]
    worn = worn or [article(f"{bright} {rng.choice(_wardrobe()['signature'])}")]
    manner = " ".join(manners[:3]) or "gentle"
    if is_person(kind):
        look = f"{manner} {drawn_as(kind)} with {_listed([_hair(kind, said, rng), *worn])}"
    else:
        furs = [f"{colour} " for colour in colours if not any(colour in piece.split() for piece in worn)]
        look = f"{manner} {next(iter(furs), '')}{kind} with {_listed(worn)}"
    return article(look)[:LONGEST].strip()


def _hair(kind: str, said: Told, rng: Random) -> str:
    colour, form = said.hair_in_english
    colour = colour or rng.choice(natural_colours(kind))
    return f"{colour} hair in {form}" if " " in form or form.endswith("s") else f"{form} {colour} hair".strip()


def _some(piece: str) -> str:
    return piece if piece.endswith("s") and not piece.endswith("ss") else article(piece)


def _listed(parts: list[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
