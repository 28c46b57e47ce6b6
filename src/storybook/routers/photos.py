"""Characters from photos. The photo is read, used once and forgotten."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import Invalid, Unavailable
from storybook.core.photos import MAX_BYTES, PhotoTooLarge, read_photo
from storybook.core.settings import STUDIO
from storybook.domain.book_spec import Gender, Language, Name, Style
from storybook.domain.jobs import JobState
from storybook.domain.values import Strict
from storybook.resources import Resources
from storybook.routers.answers import errors
from storybook.routers.deps import IdempotencyKey, ResourcesDep, UserId
from storybook.routers.once import Once, TurnDep
from storybook.routers.waiting import wait_for_end
from storybook.schemas.photos import PhotoAnalysis, PortraitAnswer, PortraitOrdered
from storybook.services import characters, portraits

router = APIRouter(prefix="/v1/characters", tags=["characters"])

RETRY_SECONDS = 5
MAX_FIELD_BYTES = 2048


class Wish(Strict):
    """What is to be made of the photo."""

    name: Name | None
    gender: Gender | None
    style: Style
    language: Language


async def get_wish(
    name: Annotated[Name | None, Form()] = None,
    style: Annotated[Style, Form()] = Style.CARTOON,
    gender: Annotated[Gender | None, Form()] = None,
    language: Annotated[Language, Form(description="The language of the character's name and looks")] = Language.KO,
) -> Wish:
    return Wish(name=name, gender=gender, style=style, language=language)


# Fields are decoded in the character set that the client names; some take a time that grows with the square.
@router.post(
    "/from-photo",
    summary="Make a character from a photo",
    responses=errors(404, 409, 413),
    form_limits={"max_files": 1, "max_fields": 8, "max_part_size": MAX_FIELD_BYTES},
)
async def create_character_from_photo(
    request: Request,
    resources: ResourcesDep,
    user_id: UserId,
    key: IdempotencyKey,
    turn: TurnDep,
    photo: Annotated[UploadFile, File(description="A JPEG, PNG or WebP picture of at most 10 MB")],
    wish: Annotated[Wish, Depends(get_wish)],
) -> PortraitAnswer:
    """A kept character that the photo suggests; the photo itself is deleted as soon as the character is made."""
    small = await read_photo(await _take(photo))

    async def order(session: AsyncSession) -> PortraitOrdered:
        job = await portraits.order(session, user_id, small, resources.quotas, **dict(wish))
        return PortraitOrdered(job_id=job.id, character_id=job.request["character_id"])

    sent = hashlib.sha256(small).digest() + wish.model_dump_json().encode()
    async with resources.database.session() as session:
        ordered = await Once(request, turn, session, user_id, key)(sent, PortraitOrdered, lambda: order(session))
    turn.release()
    if ordered.answer:
        return ordered.answer
    request.app.state.runner.wake()
    await _wait(resources, user_id, ordered.job_id)
    async with resources.database.session() as session:
        character = await characters.get(session, user_id, ordered.character_id)
        analysis = _analysis(resources.providers.sight.name, wish)
        answer = PortraitAnswer.made(character, ordered.job_id, analysis)
        made = ordered.model_copy(update={"answer": answer})
        await Once(request, turn, session, user_id, key).keep_instead(sent, made)
    return answer


async def _take(photo: UploadFile) -> bytes:
    """All that was sent; nothing of it is left on the disk while the character is made."""
    data = await photo.read(MAX_BYTES + 1)
    await photo.close()
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge("This photo has more than 10 MB. Please choose a smaller one.")
    return data


async def _wait(resources: Resources, user_id: str, job_id: str) -> None:
    job = (await wait_for_end(resources, user_id, job_id)).job
    if job.status == JobState.FAILED:
        details = {"job_id": job_id, "error_code": job.error_code}
        raise Invalid(job.error_message or "We could not make this character.", details=details)
    if job.status != JobState.DONE:
        sentence = "The character is still being made. It will be in your list in a moment."
        raise Unavailable(sentence, details={"job_id": job_id}, retry_after=RETRY_SECONDS)


def _analysis(made_by: str, wish: Wish) -> PhotoAnalysis:
    seen = "the photo's colours" if made_by == STUDIO else "the photo"
    return PhotoAnalysis(made_by=made_by, made_from=f"{seen} and the name" if wish.name else seen)
