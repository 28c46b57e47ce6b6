"""The library: all finished books of a user."""

from typing import Annotated

from fastapi import APIRouter, Query

from storybook.routers.deps import SessionDep, UrlDep, UserId
from storybook.schemas.library import LibraryAnswer
from storybook.services import library

router = APIRouter(prefix="/v1/library", tags=["library"])

MAX_OFFSET = 1_000_000


@router.get("", summary="List the library")
async def list_books(
    user_id: UserId,
    session: SessionDep,
    url: UrlDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
) -> LibraryAnswer:
    """The newest books first."""
    return LibraryAnswer.of(await library.list_books(session, user_id, limit=limit, offset=offset), url)
