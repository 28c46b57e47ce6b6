"""How a character looks, in words: the sheet that keeps it the same on every page and in every book."""

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from storybook.domain.book_spec import Language, Name
from storybook.domain.values import Readable, Strict

Short = Annotated[str, StringConstraints(min_length=1, max_length=40), Readable]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=80), Readable]
Detail = Annotated[str, StringConstraints(min_length=1, max_length=120), Readable]
MasterDescription = Annotated[str, StringConstraints(min_length=10, max_length=400), Readable]
Traits = Annotated[tuple[Short, ...], Field(min_length=1, max_length=10)]
StyleNotes = Annotated[str, StringConstraints(min_length=1, max_length=200), Readable]

_KOREAN, _JAPANESE = re.compile(r"[가-힣]"), re.compile(r"[ぁ-んァ-ヶ一-鿿]")


class Appearance(Strict):
    age_visual: Short
    face: Detail
    hair: Detail
    skin: Phrase
    body: Phrase


class Clothing(Strict):
    top: Phrase
    bottom: Phrase
    shoes: Phrase
    accessories: Phrase


class CharacterSheet(Strict):
    """One character in words; the limits are those of the wire contract."""

    name: Name
    master_description: MasterDescription
    appearance: Appearance
    clothing: Clothing
    personality_traits: Traits
    visual_style_notes: StyleNotes

    def said(self) -> dict[str, tuple[str, ...]]:
        """Everything that is said of the character, by its fields."""
        return {
            "name": (self.name,),
            "master_description": (self.master_description,),
            "appearance": tuple(self.appearance.model_dump().values()),
            "clothing": tuple(self.clothing.model_dump().values()),
            "personality_traits": self.personality_traits,
            "visual_style_notes": (self.visual_style_notes,),
        }

    def texts(self) -> list[str]:
        """Everything that is said of the character."""
        return [text for texts in self.said().values() for text in texts]

    def language(self) -> Language:
        """The language that most is said in, by its script; Chinese signs alone are read as Japanese."""
        text = " ".join(self.texts())
        korean, japanese = len(_KOREAN.findall(text)), len(_JAPANESE.findall(text))
        if not korean and not japanese:
            return Language.EN
        return Language.KO if korean >= japanese else Language.JA


class CastSheet(Strict):
    """The sheets of everyone in one story, in the order of its cast."""

    characters: Annotated[tuple[CharacterSheet, ...], Field(min_length=1, max_length=6)]

    def by_name(self, name: str) -> CharacterSheet:
        """The sheet of that name; raises KeyError when nobody has it."""
        for sheet in self.characters:
            if sheet.name == name:
                return sheet
        raise KeyError(name)
