"""Characters from photos: the photo waits beside its job and goes with it."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import ErrorCode, JobFailed
from storybook.core.ids import new_id
from storybook.domain.book_spec import Gender, Language, Style
from storybook.domain.characters import CharacterSheet
from storybook.domain.jobs import JobKind
from storybook.domain.orders import Claim, PortraitOrder
from storybook.models import Job, JobPhoto
from storybook.services import characters, jobs
from storybook.services.quotas import Quotas


async def order(
    session: AsyncSession,
    user_id: str,
    photo: bytes,
    quotas: Quotas,
    *,
    name: str | None,
    gender: Gender | None,
    style: Style,
    language: Language,
) -> Job:
    """A job that makes a character from a photo, which is kept until the job ends and no longer."""
    wish = PortraitOrder(character_id=new_id("char"), name=name, gender=gender, style=style, language=language)
    job = await jobs.start(session, user_id, JobKind.PORTRAIT, wish, quotas)
    session.add(JobPhoto(job_id=job.id, photo=photo))
    await session.flush()
    return job


async def photo_of(session: AsyncSession, claim: Claim) -> bytes:
    """The photo; raises JobFailed when it is gone."""
    photo = await session.scalar(select(JobPhoto.photo).where(JobPhoto.job_id == claim.job_id))
    if photo is None:
        raise JobFailed(ErrorCode.UNKNOWN, "the photo is gone")
    return photo


async def finish(session: AsyncSession, claim: Claim, order: PortraitOrder, sheet: CharacterSheet) -> None:
    """Keeps the character, deletes the photo and ends the job: all or nothing."""
    await jobs.finish(session, claim)
    await session.execute(delete(JobPhoto).where(JobPhoto.job_id == claim.job_id))
    await characters.keep(session, claim.user_id, sheet, character_id=order.character_id)
