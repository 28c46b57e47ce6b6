"""The user's own account: what it is, all of it to take along, and its end."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import StreamingResponse

from storybook.core.errors import NoSuchAccount
from storybook.core.ids import utc_now
from storybook.routers.answers import errors
from storybook.routers.deps import IDENTIFIER, IdentityDep, ReadingDep, ResourcesDep, SessionDep, UserId, Wake
from storybook.schemas.account import AccountAnswer, AccountChange, DeletionAnswer
from storybook.services import account, archive, export

router = APIRouter(prefix="/v1", tags=["account"])

ZIP = "application/zip"
ZIP_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
DeletionId = Annotated[str, Path(pattern=IDENTIFIER, examples=["deletion_6f1d2c3b4a59687786956f1d2c3b4a59"])]


async def get_known_user_id(identity: IdentityDep) -> str:
    """The user who asks. Nobody is made a user to be taken along or deleted."""
    if identity is None:
        raise NoSuchAccount
    return identity.user_id


KnownUserId = Annotated[str, Depends(get_known_user_id)]


@router.get("/users/me", summary="Look at one's account", responses=errors(404))
async def get_account(user_id: UserId, session: ReadingDep) -> AccountAnswer:
    """Who the service takes the caller for, and what is set."""
    return AccountAnswer.of(await account.get(session, user_id))


@router.patch("/users/me", summary="Set the time zone or language", responses=errors(404, 413))
async def change_account(user_id: UserId, wish: AccountChange, session: SessionDep) -> AccountAnswer:
    """The time zone says when a day of reading begins and ends, the language what the story of the day is told in."""
    await account.change(session, user_id, wish.model_dump(exclude_none=True))
    return AccountAnswer.of(await account.get(session, user_id))


@router.get(
    "/users/me/export",
    summary="Take everything along",
    response_class=StreamingResponse,
    responses=errors(404) | {200: {"content": {ZIP: ZIP_BYTES}, "description": "All of it, in one zip"}},
)
async def export_account(user_id: KnownUserId, resources: ResourcesDep) -> StreamingResponse:
    """Everything that is kept of the user: books with pictures, voices and PDFs, characters, jobs, credits, reading.

    `manifest.json`, at the end of the zip, names every file in it and those that are no longer there.
    """
    content = await archive.begun(archive.zipped(export.entries(resources.database, user_id), resources.storage))
    name = f'attachment; filename="storybook-{utc_now():%Y-%m-%d}.zip"'
    return StreamingResponse(content, media_type=ZIP, headers={"Content-Disposition": name})


@router.delete("/users/me", summary="Delete the account", responses=errors(404))
async def delete_account(user_id: KnownUserId, resources: ResourcesDep, wake: Wake) -> DeletionAnswer:
    """Deletes everything of the user at once, and the files a moment later; what was being made is stopped.

    Credits that are left are lost; a subscription is ended in its store, not here. What stays are entries of credits
    and payments that name nobody. All devices are signed out. The same key is a new user afterwards.
    """
    wake()
    return DeletionAnswer.of(await account.remove(resources.database, user_id))


@router.get(
    "/deletions/{deletion_id}",
    summary="See whether a deleted account's files are gone",
    responses=errors(404),
    openapi_extra={"security": [{}]},
)
async def get_deletion(deletion_id: DeletionId, session: ReadingDep) -> DeletionAnswer:
    """The proof of a deletion. No key is needed: its id is known only to who asked for it."""
    return DeletionAnswer.of(await account.find_deletion(session, deletion_id))
