"""Bodies of the characters' routes, in both spellings that the clients know."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from storybook.domain.book_spec import Name
from storybook.domain.characters import Appearance, CharacterSheet, Clothing, MasterDescription, StyleNotes, Traits
from storybook.domain.values import Strict
from storybook.models import Character
from storybook.services.characters import Cast

NO_NOTES = "as described"


class NewCharacter(Strict):
    """A character in words; `visual_style_notes` may be left out."""

    name: Name
    master_description: MasterDescription
    appearance: Appearance
    clothing: Clothing
    personality_traits: Traits
    visual_style_notes: StyleNotes | None = None

    def sheet(self) -> CharacterSheet:
        return CharacterSheet.model_validate(
            self.model_dump() | {"visual_style_notes": self.visual_style_notes or NO_NOTES}
        )


class CharacterChange(Strict):
    """What is to be different; everything that is left out stays."""

    name: Name | None = None
    master_description: MasterDescription | None = None
    appearance: Appearance | None = None
    clothing: Clothing | None = None
    personality_traits: Traits | None = None
    visual_style_notes: StyleNotes | None = None

    def of(self, sheet: CharacterSheet) -> CharacterSheet:
        """The sheet as it will be."""
        return CharacterSheet.model_validate(sheet.model_dump() | self.model_dump(exclude_none=True))

    def changes(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class CharacterAnswer(BaseModel):
    character_id: str
    id: str = Field(description="The same as character_id")
    name: str
    master_description: str
    appearance: Appearance
    clothing: Clothing
    personality_traits: list[str]
    visual_style_notes: str
    created_at: datetime

    @classmethod
    def of(cls, character: Character) -> Self:
        return cls(
            character_id=character.id,
            id=character.id,
            name=character.name,
            master_description=character.master_description,
            appearance=Appearance.model_validate(character.appearance),
            clothing=Clothing.model_validate(character.clothing),
            personality_traits=character.personality_traits,
            visual_style_notes=character.visual_style_notes,
            created_at=character.created_at,
        )


class CastAnswer(BaseModel):
    characters: list[CharacterAnswer]
    total: int

    @classmethod
    def of(cls, cast: Cast) -> Self:
        return cls(characters=[CharacterAnswer.of(character) for character in cast.characters], total=cast.total)
