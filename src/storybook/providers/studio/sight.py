"""A character from a photo's colours. There is no model that sees: who is in the picture is never asked."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple

from storybook.domain.book_spec import Gender, Language
from storybook.domain.characters import Appearance, CharacterSheet, Clothing
from storybook.providers.base import SightRequest
from storybook.providers.studio.hues import EVERYWHERE, Hue, Pixels, Region, main_hues, name_of, thumbnail
from storybook.providers.studio.painter.characters.tables import words
from storybook.providers.studio.writer.naming import choose_name

# Where hair and clothes are in most photos of one person. What else may be there does no harm: it is a colour too.
HAIR = Region(0.3, 0.04, 0.7, 0.3)
CLOTHES = Region(0.25, 0.65, 0.75, 1.0)

_NATURAL_HAIR = ("black", "brown", "light brown", "blond", "red")
_HAIR_NEAR = 20.0
_STRONG = 35.0
_TRAITS = 3


class Palette(NamedTuple):
    """The colours of a character by their English names; all of them are ones that the painter knows."""

    hair: str
    top: str
    bottom: str
    accent: str


def describe(request: SightRequest) -> CharacterSheet:
    """A child of a picture book in the photo's colours; the same request is the same character.

    The hair's and the clothes' colours come from the photo, name, gender and language from the request, everything else
    by the seed. Skin, age and face are the same for everyone. Raises ProviderError for what is no small JPEG.
    """
    chance = Random(request.seed)
    kind = str(_table()["kinds"][request.gender or Gender.NEUTRAL])
    name = request.name or _name(request, kind, chance)
    palette = _palette(thumbnail(request.photo), chance)
    style = chance.choice(_table()["hairstyles"][kind])
    say = _Voice(request.language)
    clothing = _clothing(palette, chance, say)
    traits = tuple(chance.sample(say.traits, _TRAITS))
    return CharacterSheet(
        name=name,
        master_description=say(
            "look",
            trait=traits[0],
            kind=kind,
            colour=palette.hair,
            style=style,
            top=clothing.top,
            bottom=clothing.bottom,
            accessory=clothing.accessories,
        ),
        appearance=Appearance(
            age_visual=say("age"),
            face=say("face"),
            hair=say("hair", colour=palette.hair, style=style),
            skin=say("skin"),
            body=say("body", kind=kind),
        ),
        clothing=clothing,
        personality_traits=traits,
        visual_style_notes=say("notes" if request.name else "notes_without_name"),
    )


class _Voice:
    """Says in one language what is thought of in English."""

    def __init__(self, language: Language) -> None:
        self._words = _table()["words"][language]
        self._fillings: Mapping[str, str] = _table()["fillings"].get(language, {})

    @property
    def traits(self) -> list[str]:
        return list(self._words["traits"])

    def __call__(self, what: str, **fillings: str) -> str:
        said = {key: self._fillings.get(filling, filling) for key, filling in fillings.items()}
        return str(self._words[what]).format(**said)


def _name(request: SightRequest, kind: str, chance: Random) -> str:
    if kind in {"girl", "boy"}:
        return choose_name(kind, request.language, set(request.taken), chance)
    names = _table()["names"][request.language]
    return str(chance.choice([name for name in names if name not in request.taken] or names))


def _palette(pixels: Pixels, chance: Random) -> Palette:
    """Colours of the photo; where it has none for a thing, one by the seed. What is worn has three colours."""
    spare = _table()["colours"]
    hair = _hair_colour(main_hues(pixels, HAIR)) or chance.choice(spare["hair"])
    top, *below = dict.fromkeys(_called(hue) for hue in main_hues(pixels, CLOTHES))
    bottom = below[0] if below else _other_than({top}, spare["bottoms"], chance)
    strong = sorted(main_hues(pixels, EVERYWHERE), key=lambda hue: -hue.strength)
    accents = [name for hue in strong if hue.strength >= _STRONG and (name := _called(hue)) not in {top, bottom}]
    return Palette(hair, top, bottom, accents[0] if accents else _other_than({top, bottom}, spare["worn"], chance))


def _other_than(taken: set[str], colours: list[str], chance: Random) -> str:
    return chance.choice([colour for colour in colours if colour not in taken])


def _called(hue: Hue) -> str:
    return name_of(hue, words()["colours"]) or "gray"


def _hair_colour(hues: list[Hue]) -> str | None:
    """The commonest natural colour of hair up there; sky, walls and hats are none."""
    natural: Mapping[str, list[str]] = {
        colour: called for colour, called in words()["hair_colours"].items() if called[0] in _NATURAL_HAIR
    }
    return next((name for hue in hues if (name := name_of(hue, natural, near=_HAIR_NEAR))), None)


def _clothing(palette: Palette, chance: Random, say: _Voice) -> Clothing:
    pieces = _table()["clothes"]
    return Clothing(
        top=say("worn", colour=palette.top, piece=chance.choice(pieces["tops"])),
        bottom=say("worn", colour=palette.bottom, piece=chance.choice(pieces["bottoms"])),
        shoes=say("worn", colour="brown", piece=chance.choice(pieces["shoes"])),
        accessories=say("worn", colour=palette.accent, piece=chance.choice(pieces["accessories"])),
    )


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("sight.toml").read_text(encoding="utf-8"))
