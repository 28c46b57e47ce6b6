"""Where a job is and what it has made so far, in one statement."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, LargeBinary, Select, String, and_, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storybook.core.errors import NoBookOfStranger, NoSuchBook
from storybook.domain.jobs import JobKind, JobState, Step
from storybook.domain.story import COVER
from storybook.models import Book, Job, Page, StepArtifact, StoryDraftRow
from storybook.models.jobs import WHOLE_BOOK
from storybook.services.accounts import DeviceHolder, KeyHolder, UserRef, identify, owner_of_device, owner_of_key


class PreviewPage(NamedTuple):
    page_number: int
    text: str
    image_key: str


class Preview(NamedTuple):
    """What can be read of a book in the making: only what has passed its checks."""

    title: str
    cover_key: str | None
    pages: tuple[PreviewPage, ...]


class Progress(NamedTuple):
    """A job; its book when it is done and not deleted; a preview while it runs."""

    job: Job
    book: Book | None
    pages: tuple[Page, ...]
    preview: Preview | None


async def look(session: AsyncSession, user: UserRef, job_id: str) -> Progress:
    """Where the user's job is, in one statement.

    Raises NotFound, for somebody else's too, and Unauthenticated for a caller who may not ask any more.
    """
    statement, who = _statement_for(user)
    rows = (await session.execute(statement, {**who, "job": job_id})).all()
    if not rows:
        if not isinstance(user, str) and await identify(session, user) is None:
            raise NoBookOfStranger
        raise NoSuchBook
    job, book, _, draft, pictures = rows[0]
    pages = tuple(page for _, _, page, _, _ in rows if page)
    return Progress(job, book, pages, _preview(draft, pictures or {}) if draft else None)


def _statement_for(user: UserRef) -> tuple[Select[Any], dict[str, Any]]:
    match user:
        case KeyHolder(key_hash):
            return _OF_KEY, {"key_hash": key_hash}
        case DeviceHolder(user_id, device_id):
            return _OF_DEVICE, {"user": user_id, "device": device_id}
    return _OF_USER, {"user": user}


def _statement(user: ColumnElement[str]) -> Select[Any]:
    made = Job.request["book_id"].astext
    its_book = and_(Book.user_id == Job.user_id, (Book.job_id == Job.id) | (Book.id == made))
    return (
        select(Job, Book, Page, _if_running(_draft()), _if_running(_checked_pictures()))
        .outerjoin(Book, and_(Job.status == JobState.DONE, its_book))
        .outerjoin(Page, Page.book_id == Book.id)
        .where(Job.id == bindparam("job"), Job.user_id == user)
        .order_by(Page.page_number)
    )


def _if_running(value: Any) -> ColumnElement[Any]:
    return case((and_(Job.status == JobState.RUNNING, Job.kind == JobKind.BOOK), value))


def _draft() -> Any:
    """The story, once its text and the request have both passed their checks."""
    judged = aliased(StepArtifact)
    return (
        select(StoryDraftRow.draft)
        .join(
            judged,
            and_(
                judged.job_id == StoryDraftRow.job_id,
                judged.step == Step.MODERATE_INPUT,
                judged.page_number == WHOLE_BOOK,
            ),
        )
        .where(StoryDraftRow.job_id == Job.id)
        .correlate(Job)
        .scalar_subquery()
    )


def _checked_pictures() -> Any:
    """The storage keys of the pictures that have a good verdict, by page number."""
    picture, verdict = aliased(StepArtifact), aliased(StepArtifact)
    return (
        select(func.jsonb_object_agg(picture.page_number, picture.artifact["key"]))
        .join(
            verdict,
            and_(
                verdict.job_id == picture.job_id,
                verdict.page_number == picture.page_number,
                verdict.step == Step.MODERATE_OUTPUT,
            ),
        )
        .where(picture.job_id == Job.id, picture.step == Step.GENERATE_IMAGES)
        .correlate(Job)
        .scalar_subquery()
    )


def _preview(draft: dict[str, Any], pictures: dict[str, str]) -> Preview:
    return Preview(
        title=draft["title"],
        cover_key=pictures.get(str(COVER)),
        pages=tuple(
            PreviewPage(page["page_number"], page["text"], pictures[str(page["page_number"])])
            for page in draft["pages"]
            if str(page["page_number"]) in pictures
        ),
    )


# Putting the statement together takes longer than running it, and clients ask every second.
_USER = bindparam("user", type_=String())
_OF_USER = _statement(_USER)
_OF_KEY = _statement(owner_of_key(bindparam("key_hash", type_=LargeBinary())))
_OF_DEVICE = _statement(owner_of_device(_USER, bindparam("device", type_=String())))
