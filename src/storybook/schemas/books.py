"""Bodies of the books' routes, in both spellings that the clients know."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from storybook.core.errors import ErrorCode
from storybook.domain.book_spec import Language, Style, TargetAge
from storybook.domain.jobs import JobKind, JobState
from storybook.domain.speech import WordTiming
from storybook.models import Book, Job, Page
from storybook.services.progress import BookNow, PageNow, Preview, Progress

Url = Callable[[str], str]
"""Makes the public address of a stored object from its key."""

ESTIMATED_SECONDS = 120


class BookCreated(BaseModel):
    job_id: str = Field(examples=["job_20261122_093000_6f1d2c3b4a5968778695"])
    status: JobState
    estimated_time_seconds: int | None = Field(default=None, description="Roughly how long a book takes")

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(job_id=job.id, status=JobState(job.status), estimated_time_seconds=ESTIMATED_SECONDS)


class JobError(BaseModel):
    code: ErrorCode
    message: str = Field(max_length=300)


class PageAnswer(BaseModel):
    page_number: int
    text: str
    image_url: str
    image_prompt: str | None
    alt_text: str | None = Field(description="What the picture shows, once the book's pictures were described")
    audio_url: str | None

    @classmethod
    def of(cls, page: Page | PageNow, url: Url) -> Self:
        return cls(
            page_number=page.page_number,
            text=page.text,
            image_url=url(page.image_key),
            image_prompt=page.image_prompt,
            alt_text=page.alt_text,
            audio_url=url(page.audio_key) if page.audio_key else None,
        )


class BookAnswer(BaseModel):
    """A finished book."""

    book_id: str
    id: str = Field(description="The same as book_id")
    job_id: str = Field(description="The job that made it; pages are made again by it")
    title: str
    language: Language
    target_age: TargetAge
    style: Style
    theme: str | None
    character_id: str | None
    series_id: str | None
    previous_book_id: str | None
    cover_image_url: str
    cover_alt_text: str | None = Field(description="What the cover shows, once the book's pictures were described")
    pdf_url: str | None
    audio_url: str | None
    pages: list[PageAnswer]
    made_by: dict[str, str] = Field(description="Which provider made what", examples=[{"text": "studio"}])
    created_at: datetime

    @classmethod
    def of(cls, book: Book | BookNow, pages: Sequence[Page | PageNow], url: Url) -> Self:
        return cls(
            book_id=book.id,
            id=book.id,
            job_id=book.job_id,
            title=book.title,
            language=Language(book.language),
            target_age=TargetAge(book.target_age),
            style=Style(book.style),
            theme=book.theme,
            character_id=book.character_id,
            series_id=book.series_id,
            previous_book_id=book.previous_book_id,
            cover_image_url=url(book.cover_key),
            cover_alt_text=book.cover_alt_text,
            pdf_url=url(book.pdf_key) if book.pdf_key else None,
            audio_url=url(book.audio_key) if book.audio_key else None,
            pages=[PageAnswer.of(page, url) for page in pages],
            made_by=book.made_by,
            created_at=book.created_at,
        )


class PreviewPageAnswer(BaseModel):
    page_number: int
    text: str
    image_url: str


class PreviewAnswer(BaseModel):
    """What can be read already: only what has passed its checks."""

    title: str
    cover_image_url: str | None
    pages: list[PreviewPageAnswer]

    @classmethod
    def of(cls, preview: Preview, url: Url) -> Self:
        return cls(
            title=preview.title,
            cover_image_url=url(preview.cover_key) if preview.cover_key else None,
            pages=[
                PreviewPageAnswer(page_number=page.page_number, text=page.text, image_url=url(page.image_key))
                for page in preview.pages
            ],
        )


class JobAnswer(BaseModel):
    """Where a job is.

    `error` and its two flat twins are set when it failed, `result` when it is done, `preview` while it runs.
    """

    job_id: str
    kind: JobKind
    status: JobState
    progress: int = Field(ge=0, le=100)
    current_step: str = Field(examples=["generate_images"])
    error: JobError | None
    error_code: ErrorCode | None
    error_message: str | None
    note: str | None = Field(description="What a finished job could not do, such as a wish that was not understood")
    result: BookAnswer | None
    preview: PreviewAnswer | None

    @classmethod
    def of(cls, now: Progress, url: Url) -> Self:
        job = now.job
        error = None
        if job.error_code:
            error = JobError(code=ErrorCode(job.error_code), message=job.error_message or "")
        return cls(
            job_id=job.id,
            kind=JobKind(job.kind),
            status=JobState(job.status),
            progress=job.progress,
            current_step=job.current_step,
            error=error,
            error_code=error and error.code,
            error_message=error and error.message,
            note=job.note,
            result=BookAnswer.of(now.book, now.pages, url) if now.book else None,
            preview=PreviewAnswer.of(now.preview, url) if now.preview else None,
        )


class AudioAnswer(BaseModel):
    audio_url: str
    words: tuple[WordTiming, ...] = Field(description="In the order of the text; none where the voice cannot say")


class WorkStarted(BaseModel):
    """Work on a finished book that goes on in the background."""

    status: Literal["processing"] = "processing"
    message: str
    job_id: str
