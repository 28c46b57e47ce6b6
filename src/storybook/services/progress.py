"""Where a job is and what it has made so far, in one statement."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, LargeBinary, String, and_, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from structlog.contextvars import bind_contextvars

from storybook.core.database import Database, Prepared
from storybook.core.errors import NoBookOfStranger, NoSuchBook
from storybook.core.logs import about_user
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


class JobNow(NamedTuple):
    id: str
    user_id: str
    kind: str
    status: str
    progress: int
    current_step: str
    error_code: str | None
    error_message: str | None
    note: str | None
    revision: int


class PageNow(NamedTuple):
    page_number: int
    text: str
    image_key: str
    image_prompt: str
    alt_text: str | None
    audio_key: str | None


class BookNow(NamedTuple):
    id: str
    job_id: str
    title: str
    language: str
    target_age: str
    style: str
    theme: str | None
    character_id: str | None
    series_id: str | None
    previous_book_id: str | None
    cover_key: str
    cover_alt_text: str | None
    pdf_key: str | None
    audio_key: str | None
    made_by: dict[str, str]
    created_at: datetime


class Progress(NamedTuple):
    """A job; its book when it is done and not deleted; a preview while it runs."""

    job: JobNow
    book: BookNow | None
    pages: tuple[PageNow, ...]
    preview: Preview | None


async def look(database: Database, user: UserRef, job_id: str) -> Progress:
    """Where the user's job is, in one statement.

    Raises NotFound, for somebody else's too, and Unauthenticated for a caller who may not ask any more.
    """
    question, who = _question_of(user)
    rows = await database.run(question, job=job_id, **who)
    if not rows:
        async with database.reading() as session:
            if not isinstance(user, str) and await identify(session, user) is None:
                raise NoBookOfStranger
        raise NoSuchBook
    *row, pages, draft, pictures = rows[0]
    job, book = JobNow(*row[: len(_JOB)]), BookNow(*row[len(_JOB) :])
    bind_contextvars(job_id=job.id, **about_user(job.user_id))
    return Progress(
        job,
        book if book.id else None,
        tuple(PageNow(*page) for page in pages or ()),
        _preview(draft, pictures or {}) if draft else None,
    )


def of_ended(job: Job) -> Progress:
    """A job that has just come to an end without a book."""
    return Progress(JobNow(*(getattr(job, name) for name in JobNow._fields)), None, (), None)


def _question_of(user: UserRef) -> tuple[Prepared, dict[str, Any]]:
    match user:
        case KeyHolder(key_hash):
            return _OF_KEY, {"key_hash": key_hash}
        case DeviceHolder(user_id, device_id):
            return _OF_DEVICE, {"user": user_id, "device": device_id}
    return _OF_USER, {"user": user}


def _question(user: ColumnElement[str]) -> Prepared:
    made = Job.request["book_id"].astext
    its_book = and_(Book.user_id == Job.user_id, (Book.job_id == Job.id) | (Book.id == made))
    return Prepared(
        select(*_JOB, *_BOOK, _pages(), _if_running(_draft()), _if_running(_checked_pictures()))
        .outerjoin(Book, and_(Job.status == JobState.DONE, its_book))
        .where(Job.id == bindparam("job", type_=String()), Job.user_id == user)
    )


def _pages() -> Any:
    columns = (getattr(Page, name) for name in PageNow._fields)
    listed = aggregate_order_by(func.jsonb_build_array(*columns), Page.page_number)
    return select(func.jsonb_agg(listed)).where(Page.book_id == Book.id).correlate(Book).scalar_subquery()


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


_JOB = [getattr(Job, name) for name in JobNow._fields]
_BOOK = [getattr(Book, name) for name in BookNow._fields]
_USER = bindparam("user", type_=String())
_OF_USER = _question(_USER)
_OF_KEY = _question(owner_of_key(bindparam("key_hash", type_=LargeBinary())))
_OF_DEVICE = _question(owner_of_device(_USER, bindparam("device", type_=String())))
