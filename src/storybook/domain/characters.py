"""How a character looks, in words: the sheet that keeps it the same on every page and in every book."""

from typing import Annotated

from pydantic import Field, StringConstraints

from storybook.domain.book_spec import Name
from storybook.domain.values import Readable, Strict

Short = Annotated[str, StringConstraints(min_length=1, max_length=40), Readable]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=80), Readable]
Detail = Annotated[str, StringConstraints(min_length=1, max_length=120), Readable]
MasterDescription = Annotated[str, StringConstraints(min_length=10, max_length=400), Readable]
Traits = Annotated[tuple[Short, ...], Field(min_length=1, max_length=10)]
StyleNotes = Annotated[str, StringConstraints(min_length=1, max_length=200), Readable]


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

    def texts(self) -> list[str]:
        """Everything that is said of the character."""
        looks = [*self.appearance.model_dump().values(), *self.clothing.model_dump().values()]
        return [self.name, self.master_description, *looks, *self.personality_traits, self.visual_style_notes]


class CastSheet(Strict):
    """The sheets of everyone in one story, in the order of its cast."""

    characters: Annotated[tuple[CharacterSheet, ...], Field(min_length=1, max_length=6)]

    def by_name(self, name: str) -> CharacterSheet:
        """The sheet of that name; raises KeyError when nobody has it."""
        for sheet in self.characters:
            if sheet.name == name:
                return sheet
        raise KeyError(name)
