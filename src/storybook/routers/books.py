"""Books: ask for one, follow it, read it."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, BackgroundTasks, Path, Request, Response

from storybook.domain.book_spec import BookSpec
from storybook.routers.deps import IdempotencyKey, ResourcesDep, SessionDep, UrlDep, UserId
from storybook.schemas.books import BookAnswer, BookCreated, JobAnswer
from storybook.services import books, editions

router = APIRouter(prefix="/v1/books", tags=["books"])

IDENTIFIER = "^[A-Za-z0-9_-]{1,60}$"

JobId = Annotated[str, Path(pattern=IDENTIFIER)]
BookId = Annotated[str, Path(pattern=IDENTIFIER)]


@router.post("", summary="Ask for a book")
async def create_book(
    spec: BookSpec,
    user_id: UserId,
    session: SessionDep,
    idempotency_key: IdempotencyKey,
    request: Request,
    after_the_answer: BackgroundTasks,
) -> BookCreated:
    """Takes one credit aside and queues the book; follow it at `GET /v1/books/{job_id}`."""
    job = await books.request_book(session, user_id, spec, idempotency_key=idempotency_key)
    after_the_answer.add_task(request.app.state.runner.wake)
    return BookCreated.of(job)


@router.get("/{job_id}", summary="Follow a book in the making")
async def get_job(job_id: JobId, user_id: UserId, session: SessionDep, url: UrlDep) -> JobAnswer:
    """Where the job is, and the book once it is done."""
    job = await books.get_job(session, user_id, job_id)
    book = await books.find_book_of_job(session, job.id) if job.finished_at else None
    return JobAnswer.of(job, book, url)


@router.get("/{book_id}/detail", summary="Read a book")
async def get_book(book_id: BookId, user_id: UserId, session: SessionDep, url: UrlDep) -> BookAnswer:
    """A finished book with all its pages."""
    return BookAnswer.of(await books.get_book(session, user_id, book_id), url)


@router.get(
    "/{book_id}/pdf",
    summary="Print a book",
    response_class=Response,
    responses={200: {"content": {editions.PDF: {}}, "description": "The book as a PDF, named after its title"}},
)
async def get_pdf(book_id: BookId, user_id: UserId, resources: ResourcesDep) -> Response:
    """The book as a PDF with its own fonts inside."""
    async with resources.database.session() as session:
        book = await books.get_book(session, user_id, book_id)
    if book.pdf_key:
        data = (await resources.storage.get(book.pdf_key)).data
    else:
        key, data = await editions.make_pdf(book, resources.storage, resources.cpu)
        async with resources.database.session() as session:
            await books.remember_pdf(session, book.id, key)
    return Response(data, media_type=editions.PDF, headers={"Content-Disposition": _attachment(book.title)})


def _attachment(title: str) -> str:
    """The header that names the file after the title, whatever its script (RFC 6266 with RFC 8187)."""
    name = "".join(char for char in title if char.isprintable() and char not in r'\/:*?"<>|').strip(" .") or "book"
    return f"attachment; filename=\"book.pdf\"; filename*=UTF-8''{quote(name, safe='')}.pdf"
