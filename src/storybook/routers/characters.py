"""Characters that a user keeps and puts into books."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from storybook.domain.book_spec import TargetAge
from storybook.routers.answers import errors
from storybook.routers.deps import (
    CharacterId,
    IdempotencyKey,
    Offset,
    Reader,
    ReadingDep,
    ResourcesDep,
    SessionDep,
    UserId,
)
from storybook.routers.once import Once, TurnDep
from storybook.routers.screening import ScreeningDep
from storybook.schemas.characters import CastAnswer, CharacterAnswer, CharacterChange, NewCharacter
from storybook.schemas.common import Message
from storybook.services import characters

router = APIRouter(prefix="/v1/characters", tags=["characters"])


@router.post("", summary="Keep a character", responses=errors(409, 413))
async def create_character(
    new: NewCharacter,
    request: Request,
    resources: ResourcesDep,
    user_id: UserId,
    key: IdempotencyKey,
    turn: TurnDep,
    screening: ScreeningDep,
) -> CharacterAnswer:
    """A character in words; it looks the same and is named the same in every book that it is chosen for.

    The words are judged first: 422 for those that do not fit into a children's book, 503 while nobody can judge them.
    """
    sheet = new.sheet()
    async with resources.database.reading() as session:
        earlier = await Once(request, turn, session, user_id, key).earlier(new, CharacterAnswer)
        names = (sheet.name, *await characters.told_names(session, user_id))
    if earlier:
        return earlier
    await screening.require_fit(user_id, sheet.said(), sheet.language(), TargetAge.TODDLER, names=names)

    async def keep() -> CharacterAnswer:
        character_id = await characters.keep(session, user_id, sheet)
        return CharacterAnswer.of(await characters.get(session, user_id, character_id))

    async with resources.database.session() as session:
        return await Once(request, turn, session, user_id, key)(new, CharacterAnswer, keep)


@router.get("", summary="List the characters", responses=errors())
async def list_characters(
    reader: Reader,
    session: ReadingDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Offset = 0,
) -> CastAnswer:
    """The newest first."""
    return CastAnswer.of(await characters.list_all(session, reader, limit=limit, offset=offset))


@router.get("/{character_id}", summary="Read a character", responses=errors(404))
async def get_character(character_id: CharacterId, reader: Reader, session: ReadingDep) -> CharacterAnswer:
    """One kept character."""
    return CharacterAnswer.of(await characters.get(session, reader, character_id))


@router.patch("/{character_id}", summary="Change a character", responses=errors(404, 413))
async def change_character(
    character_id: CharacterId,
    change: CharacterChange,
    user_id: UserId,
    resources: ResourcesDep,
    screening: ScreeningDep,
) -> CharacterAnswer:
    """Books that are made from now on show it as it is now; earlier books stay as they are.

    The words are judged first: 422 for those that do not fit into a children's book, 503 while nobody can judge them.
    """
    async with resources.database.reading() as session:
        sheet = change.of(characters.sheet_of(await characters.get(session, user_id, character_id)))
        names = (sheet.name, *await characters.told_names(session, user_id))
    await screening.require_fit(user_id, sheet.said(), sheet.language(), TargetAge.TODDLER, names=names)
    async with resources.database.session() as session:
        changed = await characters.change(session, user_id, character_id, change.changes())
        return CharacterAnswer.of(changed)


@router.delete("/{character_id}", summary="Delete a character", responses=errors(404))
async def delete_character(character_id: CharacterId, user_id: UserId, session: SessionDep) -> Message:
    """The books that it is in stay."""
    await characters.remove(session, user_id, character_id)
    return Message(message="The character is deleted.")
