"""What a character wears, read from the clothing of its sheet."""

import random
from collections.abc import Mapping, Sequence

from storybook.domain.characters import CharacterSheet
from storybook.providers.studio.painter.characters.look import Garment
from storybook.providers.studio.painter.characters.tables import kinds, words
from storybook.providers.studio.painter.characters.told import Told
from storybook.providers.studio.painter.characters.wording import clause_at, colour_before, find, find_all, has

Wardrobe = tuple[Garment | None, Garment | None, Garment | None, tuple[Garment, ...]]

_NO_SHOES = {"fish", "whale", "octopus", "truck"}
_MANY_ACCESSORIES = 4
_LENT = ("scarf", "bandana", "bowtie", "backpack", "ribbon", "beanie")
_SCALES = "#4fb5a3"
_LENT_TO_HEADS = ("ribbon", "beanie", "cap")
_ONE_OF = (
    {"cap", "beanie", "helmet", "crown", "wizard", "hat", "flower", "headband", "ribbon", "hairpin"},
    {"scarf", "bandana", "bowtie", "necklace"},
    {"cape", "backpack"},
)


def dress(
    sheet: CharacterSheet, told: Told, everything: str, kind: str, *, person: bool, chance: random.Random
) -> Wardrobe:
    """Top, bottom, shoes and accessories: those of the sheet's own fields, and what is `told` where they name none.
    People are always dressed; an animal wears what its sheet says.
    """
    picks = _picks(chance)
    clothing = sheet.clothing
    top = _garment(clothing.top.lower(), "tops", picks[0], told)
    bottom = _garment(clothing.bottom.lower(), "bottoms", picks[1], told)
    shoes = _garment(clothing.shoes.lower(), "shoes", picks[2], told)
    over_top = _garment(clothing.top.lower(), "bottoms", picks[1])
    bottom = over_top if over_top and over_top.name == "dungarees" else bottom or over_top
    if person:
        top = top or Garment(chance.choice(("jumper", "tshirt", "hoodie", "shirt")), picks[0])
        if top.name != "dress":
            bottom = bottom or Garment("trousers", picks[1])
        shoes = shoes or (None if _nothing(clothing.shoes.lower()) else Garment("shoe", picks[2]))
    if top and top.name == "dress":
        bottom = None
    top, hood = _rainwear(top)
    worn = (*hood, *_accessories(sheet, everything, picks[3]))
    if not person and not (top or bottom or worn) and not _nothing(clothing.accessories.lower()):
        worn = (Garment(chance.choice(_LENT_TO_HEADS if _all_head(kind) else _LENT), picks[3]),)
    if kind in _NO_SHOES:
        shoes = None
    return top, bottom, shoes, worn


def finned(top: Garment | None) -> tuple[Garment | None, None, None, str]:
    """What someone wears whose legs are a fish tail, and the tail's colour: that of her dress, if it is one."""
    if top and top.name == "dress":
        return Garment("tshirt", top.colour, top.pattern), None, None, top.colour
    return top, None, None, _SCALES


def _all_head(kind: str) -> bool:
    return not kinds()[kind].torso or kinds()[kind].plan == "swimmer"


def _picks(chance: random.Random) -> tuple[str, str, str, str]:
    wardrobe = words()["wardrobe"]
    bright: Sequence[str] = wardrobe["colours"]
    first, second, third = chance.sample(bright, 3)
    return first, second, chance.choice(wardrobe["shoes"]), third


def _nothing(phrase: str) -> bool:
    return has(phrase, words()["nothing"]["words"])


def _garment(phrase: str, group: str, fallback: str, told: Told = Told()) -> Garment | None:  # noqa: B008 - a value
    if _nothing(phrase):
        return None
    table: Mapping[str, Sequence[str]] = words()[group]
    hits = find_all(phrase, table)
    if not hits:
        piece = told.first(group)
        return Garment(piece.name, piece.colour or fallback, piece.pattern) if piece else None
    hit = hits[0]
    clause = clause_at(phrase, hit.start)
    colour = colour_before(phrase, hit.end, words()["colours"]) or find(clause, words()["colours"])
    return Garment(hit.meaning, colour or fallback, find(phrase, words()["patterns"]))


def _rainwear(top: Garment | None) -> tuple[Garment | None, tuple[Garment, ...]]:
    """A raincoat is a coat with its hood up."""
    if top is None or top.name != "raincoat":
        return top, ()
    return Garment("coat", top.colour, top.pattern), (Garment("hood", top.colour),)


def _accessories(sheet: CharacterSheet, everything: str, fallback: str) -> tuple[Garment, ...]:
    clothing = sheet.clothing
    worn: dict[str, Garment] = {}
    for text in (clothing.accessories.lower(), clothing.top.lower(), everything):
        for hit in find_all(text, words()["accessories"]):
            clause = clause_at(text, hit.start)
            if _nothing(clause) or not _free(hit.meaning, worn):
                continue
            named = colour_before(text, hit.start, words()["colours"]) or find(clause, words()["colours"])
            colour = named or _usual(hit.meaning, fallback)
            worn[hit.meaning] = Garment(hit.meaning, colour)
    return tuple(worn.values())[:_MANY_ACCESSORIES]


def _free(name: str, worn: Mapping[str, Garment]) -> bool:
    """A head carries one hat, a neck one scarf."""
    return name not in worn and not any(name in places and places & worn.keys() for places in _ONE_OF)


def _usual(name: str, fallback: str) -> str:
    return {"glasses": "#5a4334", "crown": "#f5c451", "necklace": "#f5c451", "bag": "#a8744a"}.get(name, fallback)
