"""Sheets for a story's cast: concrete colours, hair and clothes by which everyone is known again."""

from random import Random

from storybook.domain.characters import Appearance, CastSheet, CharacterSheet, Clothing
from storybook.domain.story import CastMember, Role
from storybook.providers.base import SheetRequest
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.looks import english_words

SHORT, PHRASE, DETAIL, DESCRIPTION = 40, 80, 120, 400
_WORN_ABOVE = ("dress", "sweater", "overalls", "raincoat", "jacket", "shirt", "vest", "cape")
_AGES = {"grandmother": "elderly", "grandfather": "elderly", "woman": "adult", "man": "adult"}


def design_cast(request: SheetRequest) -> CastSheet:
    """One sheet for each of the cast, in its order. Colours and clothes that a look names are kept, and no two
    members wear the same colour while there are others left.
    """
    taken: set[str] = set()
    return CastSheet(characters=tuple(_sheet(member, request.seed, taken) for member in request.cast))


def _sheet(member: CastMember, seed: int, taken: set[str]) -> CharacterSheet:
    rng = Random(f"{seed}|{member.name}|{member.kind}")
    kind = member.kind.lower()
    person = kind in table("wardrobe")["people"]
    main, accent = _colours(member, kind, rng, taken)
    garments = english_words(member.look, "clothes")
    clothing = _clothing(garments, accent, rng, person=person, kind=kind)
    hair = _hair(kind, main, rng, person=person)
    skin = rng.choice(table("wardrobe")["skins"]) if person else f"soft {main} {_cover(kind)}"
    return CharacterSheet(
        name=member.name,
        master_description=_fit(
            f"{member.name}, {member.look}; {hair}, {clothing.top}, {clothing.accessories}", DESCRIPTION
        ),
        appearance=Appearance(
            age_visual=_AGES.get(kind, "old" if member.role is Role.ELDER else "young child" if person else "young"),
            face=_fit(
                f"round friendly face, big dark eyes{'' if person else f', a gentle {main} {kind} face'}", DETAIL
            ),
            hair=_fit(hair, DETAIL),
            skin=_fit(skin, PHRASE),
            body=_fit(f"{'tall' if kind in _AGES else 'small'} {main + ' ' if not person else ''}{kind}", PHRASE),
        ),
        clothing=clothing,
        personality_traits=_traits(member, rng),
        visual_style_notes=_fit(f"always drawn with the same {accent} {garments[0] if garments else 'scarf'}", 200),
    )


def _fit(text: str, longest: int) -> str:
    return text[:longest].rstrip(" ,;")


def _colours(member: CastMember, kind: str, rng: Random, taken: set[str]) -> tuple[str, str]:
    """The colour of fur or hair and the colour of the clothes; those that the look names come first."""
    wardrobe = table("wardrobe")
    named = english_words(member.look, "colours")
    natural = wardrobe["natural"].get(kind, ["brown"])
    main = named[0] if len(named) > 1 else rng.choice(natural)
    free = [colour for colour in wardrobe["bright"] if colour not in taken | {main}] or wardrobe["bright"]
    accent = named[-1] if named else rng.choice(free)
    taken.add(accent)
    return main, accent


def _cover(kind: str) -> str:
    bare = {"robot": "metal", "dinosaur": "skin", "dragon": "scales", "elephant": "skin", "turtle": "shell"}
    feathered = dict.fromkeys(("owl", "penguin", "duck", "bird"), "feathers")
    smooth = dict.fromkeys(("frog", "fish", "whale", "pig", "star", "butterfly"), "skin")
    return (bare | feathered | smooth).get(kind, "fur")


def _hair(kind: str, main: str, rng: Random, *, person: bool) -> str:
    if not person:
        return f"{main} {_cover(kind)}"
    long = kind in ("girl", "woman", "grandmother")
    style = rng.choice(table("wardrobe")["hairstyles" if long else "short_hairstyles"])
    return f"{main} hair, {style}"


def _clothing(garments: list[str], accent: str, rng: Random, *, person: bool, kind: str) -> Clothing:
    signature = garments or ["scarf"]
    above = [garment for garment in signature if garment in _WORN_ABOVE]
    worn = [garment for garment in signature if garment not in _WORN_ABOVE]
    plain = rng.choice(("cream", "light blue", "pale yellow"))
    below = "no trousers" if not person else "the same dress" if "dress" in above else "dark blue trousers"
    top = f"{accent} {above[0]}" if above else f"{plain} {'shirt' if person else 'nothing but ' + kind + ' coat'}"
    return Clothing(
        top=_fit(top if person or above else "no shirt", PHRASE),
        bottom=below,
        shoes="brown shoes" if person else "no shoes",
        accessories=_fit(", ".join(f"{accent} {garment}" for garment in worn) or f"{accent} ribbon", PHRASE),
    )


def _traits(member: CastMember, rng: Random) -> tuple[str, ...]:
    told = tuple(trait[:SHORT].strip() for trait in member.traits if trait.strip())
    return told or tuple(rng.sample(table("wardrobe")["traits"], 3))
