"""Characters that a user keeps."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storybook.core.errors import Invalid, NotFound
from storybook.core.ids import new_id
from storybook.domain.book_spec import BookSpec
from storybook.domain.characters import Appearance, CharacterSheet, Clothing
from storybook.domain.normalize import same_for_a_reader
from storybook.models import Book, Character
from storybook.services.accounts import UserRef, owner

MOST_TOLD = 300


class Cast(NamedTuple):
    characters: list[Character]
    total: int


async def keep(session: AsyncSession, user_id: str, sheet: CharacterSheet, *, character_id: str | None = None) -> str:
    """The id of a new character with this look."""
    character = Character(id=character_id or new_id("char"), user_id=user_id, **sheet.model_dump(mode="json"))
    session.add(character)
    await session.flush()
    return character.id


async def get(session: AsyncSession, user: UserRef, character_id: str) -> Character:
    """The user's character; raises NotFound, for somebody else's too."""
    owned = select(Character).where(Character.id == character_id, Character.user_id == owner(user))
    if character := await session.scalar(owned):
        return character
    raise _not_there()


async def require_all(session: AsyncSession, user: UserRef, character_ids: Sequence[str]) -> list[Character]:
    """The user's characters in the order asked for; raises NotFound when one is not the user's."""
    if not character_ids:
        return []
    found = await find_all(session, user, character_ids)
    if len(found) < len(character_ids):
        raise _not_there()
    return found


async def find_all(session: AsyncSession, user: UserRef, character_ids: Sequence[str]) -> list[Character]:
    """Those of the characters that the user still has, in the order asked for."""
    owned = select(Character).where(Character.id.in_(character_ids), Character.user_id == owner(user))
    found = {character.id: character for character in await session.scalars(owned)}
    return [found[character_id] for character_id in character_ids if character_id in found]


async def require_cast(session: AsyncSession, user: UserRef, spec: BookSpec) -> None:
    """Raises NotFound where a chosen character is not the user's, and Invalid where two in the book have one name."""
    chosen = await require_all(session, user, spec.chosen_characters)
    described = [spec.character.name] if spec.character else []
    if twice := same_for_a_reader([*described, *(character.name for character in chosen)]):
        raise Invalid(f"Two of the characters are called {twice}. Please give one of them another name first.")


async def names_of(session: AsyncSession, user: UserRef) -> tuple[str, ...]:
    """The names that the user's characters have, those of the newest first."""
    mine = select(Character.name).where(Character.user_id == owner(user))
    return tuple(await session.scalars(mine.order_by(Character.created_at.desc(), Character.id.desc())))


async def told_names(session: AsyncSession, user: UserRef) -> list[str]:
    """Names that the user has told us: of their characters and of their books' heroes, at most MOST_TOLD of each, the
    newest first.
    """
    told = []
    for model, name in ((Character, Character.name), (Book, Book.hero)):
        mine = select(name.label("name"), model.created_at).where(model.user_id == owner(user))
        told.append(mine.order_by(model.created_at.desc(), model.id.desc()).limit(MOST_TOLD).subquery())
    every = union_all(*(select(names) for names in told)).subquery()
    newest_first = (func.max(every.c.created_at).desc(), every.c.name)
    return list(await session.scalars(select(every.c.name).group_by(every.c.name).order_by(*newest_first)))


async def list_all(session: AsyncSession, user: UserRef, *, limit: int, offset: int) -> Cast:
    """One part of the user's characters, the newest first, and how many there are in all."""
    mine = select(Character).where(Character.user_id == owner(user))
    total = select(func.count()).select_from(mine.subquery()).subquery()
    page = mine.order_by(Character.created_at.desc(), Character.id.desc()).limit(limit).offset(offset).subquery()
    shown = aliased(Character, page)
    rows = (await session.execute(select(total.c[0], shown).join_from(total, shown, true(), isouter=True))).all()
    return Cast([character for _, character in rows if character], rows[0][0])


async def change(session: AsyncSession, user: UserRef, character_id: str, changes: dict[str, Any]) -> Character:
    """Gives the user's character other words; raises NotFound."""
    character = await get(session, user, character_id)
    for name, value in changes.items():
        setattr(character, name, value)
    await session.flush()
    return character


async def remove(session: AsyncSession, user: UserRef, character_id: str) -> None:
    """Books that the character is in stay. Raises NotFound."""
    gone = (
        delete(Character).where(Character.id == character_id, Character.user_id == owner(user)).returning(Character.id)
    )
    if await session.scalar(gone) is None:
        raise _not_there()


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


def _not_there() -> NotFound:
    return NotFound("There is no such character. Please choose one from your list.")
