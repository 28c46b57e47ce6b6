"""Characters that a user keeps."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import NotFound
from storybook.domain.characters import Appearance, CharacterSheet, Clothing
from storybook.models import Character


async def get(session: AsyncSession, user_id: str, character_id: str) -> Character:
    """The user's character; raises NotFound, for somebody else's too."""
    owned = select(Character).where(Character.id == character_id, Character.user_id == user_id)
    if character := await session.scalar(owned):
        return character
    raise NotFound("There is no such character. Please choose one from your list.")


def sheet_of(character: Character) -> CharacterSheet:
    """The character in words, as writers and painters use it."""
    return CharacterSheet(
        name=character.name,
        master_description=character.master_description,
        appearance=Appearance.model_validate(character.appearance),
        clothing=Clothing.model_validate(character.clothing),
        personality_traits=tuple(character.personality_traits),
        visual_style_notes=character.visual_style_notes,
    )
