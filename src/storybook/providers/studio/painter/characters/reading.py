"""Reading a look from a character sheet: what its words say, and a stable choice for what they leave open."""

import hashlib
import random
from collections.abc import Sequence
from functools import lru_cache

from storybook.domain.characters import CharacterSheet
from storybook.providers.studio.painter.characters.colour import darker, lighter
from storybook.providers.studio.painter.characters.look import Look
from storybook.providers.studio.painter.characters.tables import Kind, kinds, words
from storybook.providers.studio.painter.characters.told import Told, told_of
from storybook.providers.studio.painter.characters.wardrobe import dress, finned
from storybook.providers.studio.painter.characters.wording import Hit, colour_before, find, find_all, has
from storybook.providers.studio.painter.colour import luminance, mix

_EYES = "#3a2426"
_OLD_HAIR = ("#dcd9da", "#c9c5c9", "#efece9")


@lru_cache(maxsize=256)
def look_of(sheet: CharacterSheet) -> Look:
    """How the character of this sheet looks: the same sheet is the same look for ever.

    The words may be English, Korean or Japanese. What they leave open is chosen by a digest of the name and the
    master description. A kind that nobody can draw becomes a child.
    """
    chance = _chance(sheet)
    kind = _kind_of(sheet, chance)
    traits = kinds()[kind]
    person = traits.family == "person"
    fur = _skin(sheet, chance) if person else _fur(sheet, kind, traits, chance)
    everything = _everything(sheet)
    features = words()["features"]
    told = _told(sheet)
    top, bottom, shoes, accessories = dress(sheet, told, everything, kind, person=person, chance=chance)
    tail = ""
    if person and has(everything, features["mermaid"]):
        top, bottom, shoes, tail = finned(top)
    return Look(
        kind=kind,
        fur=fur,
        light=_light(fur, traits),
        accent=_accent(fur, traits),
        nose=traits.nose,
        eyes="#8df0e2" if kind == "robot" else _eyes(sheet),
        hair=_hair(sheet, kind, chance) if person else "",
        hair_colour=_hair_colour(sheet, kind, chance),
        build=_build(sheet, chance),
        age=_age(everything, kind),
        lashes=kind in {"girl", "woman"} or (not person and has(everything, features["female"])),
        freckles=has(everything, features["freckles"]) or (kind in {"girl", "boy"} and chance.random() < 0.12),
        beard=kind in {"man", "grandfather"} and (has(everything, features["beard"]) or chance.random() < 0.35),
        top=top,
        bottom=bottom,
        shoes=shoes,
        accessories=accessories,
        tail=tail,
    )


def kind_named(text: str) -> str:
    """The kind that a text names, "" where it names none; "child" where it is a child of unknown gender."""
    text = text.lower()
    people = _meant(text, find_all(text, words()["kinds"]["people"]))
    others = _meant(text, find_all(text, words()["kinds"]["others"]))
    if people and others:
        first, second = sorted([people[0], others[0]])
        # "fox girl" and "grandmother owl" are a fox and an owl; "a girl who loves owls" is a girl.
        between = text[first.end : second.start]
        if len(between) <= 2 or (first.meaning == "child" and not has(between, words()["short"]["apart"])):
            return others[0].meaning
        return first.meaning
    return next((hit.meaning for hit in [*others, *people]), "")


def _meant(text: str, hits: list[Hit]) -> list[Hit]:
    return [hit for hit in hits if not text.startswith(tuple(words()["short"]["not_after"]), hit.end)]


def _chance(sheet: CharacterSheet) -> random.Random:
    digest = hashlib.sha256(f"{sheet.name}\n{sheet.master_description}".encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))


def _told(sheet: CharacterSheet) -> Told:
    """What the description says of hair and clothes, for what their own fields leave open."""
    return told_of(sheet.master_description.lower().replace(sheet.name.lower(), " "))


def _everything(sheet: CharacterSheet) -> str:
    looks = sheet.appearance
    parts = (sheet.master_description, looks.age_visual, looks.face, looks.hair, looks.body, sheet.visual_style_notes)
    return " . ".join(parts).lower()


def _kind_of(sheet: CharacterSheet, chance: random.Random) -> str:
    looks = sheet.appearance
    # "Robin, a small boy" is no bird.
    unnamed = sheet.master_description.lower().replace(sheet.name.lower(), " ")
    texts = (unnamed, looks.body, looks.face, looks.age_visual, looks.skin, looks.hair, sheet.master_description)
    named = next((kind for kind in map(kind_named, texts) if kind), "child")
    coin = "girl" if chance.random() < 0.5 else "boy"
    if named != "child":
        return named
    everything = _everything(sheet)
    female, male = (has(everything, words()["features"][key]) for key in ("female", "male"))
    worn = f"{sheet.clothing.top} {sheet.clothing.bottom}".lower()
    if female != male:
        return "girl" if female else "boy"
    return "girl" if find(worn, words()["tops"]) == "dress" or "skirt" in worn else coin


def _skin(sheet: CharacterSheet, chance: random.Random) -> str:
    fallback = chance.choice(_row("skins"))
    return find(sheet.appearance.skin.lower(), words()["skins"]) or fallback


def _fur(sheet: CharacterSheet, kind: str, traits: Kind, chance: random.Random) -> str:
    """The colour that the words give this animal, softened towards its own; else one of its own."""
    own = chance.choice(traits.fur)
    text = sheet.master_description.lower()
    hits = [hit for hit in find_all(text, words()["kinds"]["others"]) if hit.meaning == kind]
    named = colour_before(text, hits[0].start, words()["colours"]) if hits else ""
    looks = sheet.appearance
    for phrase in (looks.skin, looks.hair, looks.body):
        named = named or find(phrase.lower(), words()["colours"])
    if not named or kind in {"panda", "cow"}:
        return own
    # A "red fox" or a "yellow duckling" is the colour that such animals have, not that of paint.
    near = min(traits.fur, key=lambda colour: _distance(colour, named))
    return near if _distance(near, named) < 105 else mix(named, near, 0.12)


def _distance(first: str, second: str) -> float:
    return sum(abs(int(first[i : i + 2], 16) - int(second[i : i + 2], 16)) for i in (1, 3, 5))


def _light(fur: str, traits: Kind) -> str:
    return traits.light if fur in traits.fur or traits.head == "box" else mix(traits.light, lighter(fur, 0.72), 0.4)


def _accent(fur: str, traits: Kind) -> str:
    if traits.muzzle == "wide" and not traits.marks and not traits.behind:
        return lighter(fur, 0.3)
    if fur in traits.fur or _distance(fur, traits.accent) > 90:
        return traits.accent
    return darker(traits.accent, 0.3) if luminance(traits.accent) > 0.4 else lighter(traits.accent, 0.3)


def _eyes(sheet: CharacterSheet) -> str:
    face = sheet.appearance.face.lower()
    places = [place for place in (face.find(word) for word in ("eye", "눈", "目", "瞳")) if place >= 0]
    named = colour_before(face, places[0], words()["eyes"]) if places else ""
    return named or _EYES


def _hair(sheet: CharacterSheet, kind: str, chance: random.Random) -> str:
    fallback = chance.choice(words()["hair_by_person"][kind])
    hair = sheet.appearance.hair.lower()
    styles = words()["hair"]
    named = next((style for style in styles if has(hair, styles[style])), "")
    return str(named or _told(sheet).hair or fallback)


def _hair_colour(sheet: CharacterSheet, kind: str, chance: random.Random) -> str:
    colours = _row("hair")
    fallback = chance.choice(_OLD_HAIR if kind in {"grandmother", "grandfather"} else colours)
    hair = sheet.appearance.hair.lower()
    named = find(hair, words()["hair_colours"]) or find(hair, words()["colours"])
    return named or _told(sheet).hair_colour or fallback


def _build(sheet: CharacterSheet, chance: random.Random) -> float:
    usual = 0.97 + 0.06 * chance.random()
    body = sheet.appearance.body.lower()
    if has(body, words()["features"]["round"]):
        return usual * 1.12
    return usual * 0.9 if has(body, words()["features"]["slim"]) else usual


def _age(everything: str, kind: str) -> str:
    if kind in {"grandmother", "grandfather"} or has(everything, words()["features"]["old"]):
        return "old" if "year" not in everything or kind.startswith("grand") else "young"
    return "grown" if kind in {"woman", "man"} else "young"


def _row(name: str) -> Sequence[str]:
    row: Sequence[str] = words()["wardrobe"][name]
    return row
