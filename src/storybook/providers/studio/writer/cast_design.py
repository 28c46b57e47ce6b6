"""Sheets for a story's cast: concrete colours, hair and clothes by which everyone is known again."""

import re
from random import Random

from storybook.domain.characters import Appearance, CastSheet, CharacterSheet, Clothing
from storybook.domain.story import CastMember, Role
from storybook.providers.base import SheetRequest
from storybook.providers.studio.painter.characters.told import Told, told_of
from storybook.providers.studio.writer.data import table
from storybook.providers.studio.writer.forbidden import breaches, widen
from storybook.providers.studio.writer.looks import english_words, natural_colours

_RIBBON = "ribbon"
"""Worn by whoever has nothing else."""
SHORT, PHRASE, DETAIL, DESCRIPTION = 40, 80, 120, 400
_WORN_ABOVE = ("dress", "sweater", "overalls", "raincoat", "jacket", "shirt", "vest")
_WORN_BELOW = ("trousers", "skirt")
_WORN_ON_FEET = ("boots", "shoes")
_AGES = {"grandmother": "elderly", "grandfather": "elderly", "woman": "adult", "man": "adult"}


def design_cast(request: SheetRequest) -> CastSheet:
    """One sheet for each of the cast, in its order. Colours and clothes that a look names are kept; of what it leaves
    open nothing is given to two members while there is a choice: neither colours, nor hair, nor skin. What the parent
    does not want is not added.
    """
    taken = {colour for member in request.cast for colour in english_words(member.look, "colours")}
    taken |= _unwanted(request)
    return CastSheet(characters=tuple(_sheet(member, request.seed, taken) for member in request.cast))


def _unwanted(request: SheetRequest) -> set[str]:
    """The words of ours that the parent does not want; they count as taken."""
    said = ", ".join(request.forbidden)
    banned = (*widen(request.forbidden), *english_words(said, "colours"), *english_words(said, "clothes"))
    ours = [word for words in table("wardrobe").values() if isinstance(words, list) for word in words]
    colours = [colour for member in request.cast for colour in natural_colours(member.kind.lower())]
    return {word for word in (*ours, *colours, _RIBBON) if breaches(word, banned)} if banned else set()


def _sheet(member: CastMember, seed: int, taken: set[str]) -> CharacterSheet:
    rng = Random(f"{seed}|{member.name}|{member.kind}")
    kind = member.kind.lower()
    person = kind in table("wardrobe")["people"]
    told = told_of(member.look)
    main, accent = _colours(member, kind, told, rng, taken)
    garments = english_words(member.look, "clothes")
    clothing = _clothing(member, garments, told, accent, rng, taken)
    hair = _hair(member.look, kind, told, main, rng, taken) if person else f"{main} {_cover(kind)}"
    skin = _free(table("wardrobe")["skins"], taken, rng) if person else f"soft {main} {_cover(kind)}"
    kept = garments[:1] or [_RIBBON] * (_RIBBON not in taken)
    worn = [part for part in (clothing.top, clothing.accessories) if not part.startswith("no ")]
    return CharacterSheet(
        name=member.name,
        master_description=_fit("; ".join([f"{member.name}, {member.look}", ", ".join([hair, *worn])]), DESCRIPTION),
        appearance=Appearance(
            age_visual=_AGES.get(kind, "old" if member.role is Role.ELDER else "young child" if person else "young"),
            face=_fit(
                f"round friendly face, big dark eyes{'' if person else f', a gentle {main} {kind} face'}", DETAIL
            ),
            hair=_fit(hair, DETAIL),
            skin=_fit(skin, PHRASE),
            body=_fit(f"{'tall' if kind in _AGES else 'small'} {'' if person else main + ' '}{kind}", PHRASE),
        ),
        clothing=clothing,
        personality_traits=_traits(member, rng),
        visual_style_notes=_fit(f"always drawn with the same {accent} {kept[0] if kept else 'colours'}", 200),
    )


def _free(words: list[str], taken: set[str], rng: Random) -> str:
    """One of the words that nobody has yet, and marks it as taken; any where all are."""
    word = rng.choice([word for word in words if word not in taken] or words)
    taken.add(word)
    return word


def _fit(text: str, longest: int) -> str:
    return text[:longest].rstrip(" ,;")


def _colours(member: CastMember, kind: str, told: Told, rng: Random, taken: set[str]) -> tuple[str, str]:
    """The colour of fur or hair and the colour of the clothes. Those that the look names of them are kept."""
    body, _, rest = member.look.partition(" with ")
    person = kind in table("wardrobe")["people"]
    own, clothes = (rest or body, f"{rest} {body}") if person else (body, rest or body)
    found = [natural for natural in natural_colours(kind) if re.search(rf"\b{natural}{' hair' * person}\b", own)]
    main = next(iter([*found, *([told.hair_in_english[0]] if person else english_words(own, "colours"))]), "")
    main = main or _free(natural_colours(kind), taken, rng)
    named = [colour for colour in english_words(clothes, "colours") if colour != main]
    bright = [colour for colour in table("wardrobe")["bright"] if colour != main]
    accent = named[-1] if named else _free(bright, taken, rng)
    return main, accent


def _cover(kind: str) -> str:
    bare = {"robot": "metal", "dinosaur": "skin", "dragon": "scales", "elephant": "skin", "turtle": "shell"}
    feathered = dict.fromkeys(("owl", "penguin", "duck", "bird"), "feathers")
    smooth = dict.fromkeys(("frog", "fish", "whale", "pig", "star", "butterfly"), "skin")
    return (bare | feathered | smooth).get(kind, "fur")


def _hair(look: str, kind: str, told: Told, main: str, rng: Random, taken: set[str]) -> str:
    if "long wavy" in look:
        return f"long wavy {main} hair"
    if told.hair:
        return f"{main} hair, {told.hair_in_english[1]}"
    long = kind in ("girl", "woman", "grandmother")
    style = _free(table("wardrobe")["hairstyles" if long else "short_hairstyles"], taken, rng)
    return f"{main} hair, {style}"


def _clothing(
    member: CastMember, garments: list[str], told: Told, accent: str, rng: Random, taken: set[str]
) -> Clothing:
    """What is worn: each garment in the colour that the look gives it, else in the member's own."""
    person = member.kind.lower() in table("wardrobe")["people"]
    above = [garment for garment in garments if garment in _WORN_ABOVE]
    below = [garment for garment in garments if garment in _WORN_BELOW]
    shod = [garment for garment in garments if garment in _WORN_ON_FEET]
    other = [garment for garment in garments if garment not in (*above, *below, *shod)]

    def coloured(garment: str) -> str:
        told = re.search(rf"([\w-]+) (?:little |knitted |bobble |black )?{garment}", member.look)
        colours = english_words(told.group(1), "colours") if told else []
        return f"{colours[0] if colours else accent} {garment}"

    def worn(group: str, others: list[str]) -> str:
        piece = told.first(group)
        return piece.in_english(accent) if piece else coloured(others[0]) if others else ""

    plain = _free(table("wardrobe")["plain"], taken, rng) if person and not above else ""
    bare = not above and _RIBBON not in taken
    trousers = "the same dress" if "dress" in above else "dark blue trousers"
    return Clothing(
        top=_fit(worn("tops", above) or (f"{plain} shirt" if person else "no shirt"), PHRASE),
        bottom=_fit(worn("bottoms", below) or (trousers if person else "no trousers"), PHRASE),
        shoes=_fit(worn("shoes", shod) or ("brown shoes" if person else "no shoes"), PHRASE),
        accessories=_fit(", ".join(map(coloured, other)) or (f"{accent} {_RIBBON}" if bare else "none"), PHRASE),
    )


def _traits(member: CastMember, rng: Random) -> tuple[str, ...]:
    told = tuple(trait[:SHORT].strip() for trait in member.traits if trait.strip())
    return told or tuple(rng.sample(table("wardrobe")["traits"], 3))
