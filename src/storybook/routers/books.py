"""Books: ask for one, follow it, read it, change it."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response
from pydantic import AfterValidator

from storybook.core.errors import Unavailable
from storybook.domain.book_spec import BookSpec
from storybook.domain.story import FIRST_PAGE
from storybook.routers.answers import OWN_KEY_OR_TOKEN, errors
from storybook.routers.deps import (
    BookId,
    JobId,
    PageNumber,
    Reader,
    ReadingDep,
    ResourcesDep,
    SessionDep,
    UrlDep,
    UserId,
    Wake,
    caller_of,
    resources_of,
    url_of,
)
from storybook.routers.limits import QuotasDep
from storybook.routers.once import OnceDep
from storybook.routers.waiting import wait_for_end
from storybook.schemas.books import AudioAnswer, BookAnswer, BookCreated, JobAnswer, WorkStarted
from storybook.schemas.orders import PageRequest, SeriesRequest
from storybook.services import books, editions, jobs, orders, progress, retries, series

router = APIRouter(prefix="/v1/books", tags=["books"])

PageToHear = Annotated[
    int,
    Path(ge=0, le=12, description="The page's number; 0, the app's index of its first page, means page 1 too"),
    AfterValidator(lambda number: max(number, FIRST_PAGE)),
]
JSON = "application/json"
PDF_BYTES = {"schema": {"type": "string", "format": "binary"}}


@router.post("", summary="Ask for a book", responses=errors(402, 404, 409, 413))
async def create_book(
    spec: BookSpec, user_id: UserId, session: SessionDep, once: OnceDep, wake: Wake, quotas: QuotasDep
) -> BookCreated:
    """Takes one credit aside and queues the book; follow it at `GET /v1/books/{job_id}`."""

    async def order() -> BookCreated:
        return BookCreated.of(await orders.order_book(session, user_id, spec, quotas))

    wake()
    return await once(spec, BookCreated, order)


@router.post("/series", summary="Ask for the next book of a series", responses=errors(402, 404, 409, 413))
async def create_next_book(
    wish: SeriesRequest, user_id: UserId, session: SessionDep, once: OnceDep, wake: Wake, quotas: QuotasDep
) -> BookCreated:
    """The same hero goes on from what happened before; what is left out is as it was in the earlier book."""

    async def order() -> BookCreated:
        return BookCreated.of(await series.order_next_book(session, user_id, wish.next_book(), quotas))

    wake()
    return await once(wish, BookCreated, order)


@router.get(
    "/{job_id}",
    summary="Follow a job",
    response_model=JobAnswer,
    responses=errors(404),
    openapi_extra=OWN_KEY_OR_TOKEN,
)
async def get_job(request: Request, job_id: JobId) -> Response:
    """Where a job of any kind is: what can be read already, and the book once it is done."""
    now = await progress.look(resources_of(request).database, caller_of(request), job_id)
    return Response(JobAnswer.of(now, url_of(request)).model_dump_json(), media_type=JSON)


@router.post("/{job_id}/retry", summary="Try a failed job again", responses=errors(402, 404, 409))
async def retry_job(
    job_id: JobId, user_id: UserId, session: SessionDep, once: OnceDep, wake: Wake, quotas: QuotasDep
) -> BookCreated:
    """The one job that tries the same order again, however often it is asked for, until that has failed too.

    The credit of the failed one went back; this one takes it aside again. A photo has to be sent again instead.
    """

    async def order() -> BookCreated:
        return BookCreated.of(await retries.retry(session, user_id, job_id, quotas))

    wake()
    return await once(None, BookCreated, order)


@router.post("/{job_id}/cancel", summary="Stop a job", responses=errors(404, 409))
async def cancel_job(job_id: JobId, user_id: UserId, session: SessionDep, url: UrlDep) -> JobAnswer:
    """Stops a job that has not ended and gives its credit back."""
    return JobAnswer.of(progress.of_ended(await jobs.cancel(session, user_id, job_id)), url)


@router.post("/{job_id}/pages/{page_number}/regenerate", summary="Make a page again", responses=errors(404, 409, 413))
async def regenerate_page(
    job_id: JobId,
    page_number: PageNumber,
    wish: PageRequest,
    user_id: UserId,
    session: SessionDep,
    once: OnceDep,
    wake: Wake,
    quotas: QuotasDep,
) -> BookCreated:
    """New words, a new picture or both, with the same hero and style. A new picture has a new address."""

    async def order() -> BookCreated:
        job = await orders.order_page(session, user_id, job_id, page_number, wish.mode, wish.feedback, quotas)
        return BookCreated.of(job)

    wake()
    return await once(wish, BookCreated, order)


@router.get("/{book_id}/detail", summary="Read a book", responses=errors(404))
async def get_book(book_id: BookId, reader: Reader, session: ReadingDep, url: UrlDep) -> BookAnswer:
    """A finished book with all its pages."""
    book = await books.get(session, reader, book_id)
    return BookAnswer.of(book, book.pages, url)


@router.post("/{book_id}/audio", summary="Give a book a voice", responses=errors(404, 409))
async def create_audio(
    book_id: BookId, user_id: UserId, session: SessionDep, once: OnceDep, wake: Wake, quotas: QuotasDep
) -> WorkStarted:
    """Reads every page aloud, in the background; follow it at `GET /v1/books/{job_id}`."""

    async def order() -> WorkStarted:
        job_id = await orders.order_audio(session, user_id, book_id, quotas)
        return WorkStarted(message="The book is being read aloud.", job_id=job_id)

    wake()
    return await once(None, WorkStarted, order)


@router.post("/{book_id}/descriptions", summary="Have a book's pictures described", responses=errors(404, 409))
async def create_descriptions(
    book_id: BookId, user_id: UserId, session: SessionDep, once: OnceDep, wake: Wake, quotas: QuotasDep
) -> WorkStarted:
    """Puts every picture that has no words yet into words, for a reader who cannot see it, in the background; follow it
    at `GET /v1/books/{job_id}`. They are the `alt_text` of a page and the `cover_alt_text` of its book.
    """

    async def order() -> WorkStarted:
        job_id = await orders.order_descriptions(session, user_id, book_id, quotas)
        return WorkStarted(message="The book's pictures are being described.", job_id=job_id)

    wake()
    return await once(None, WorkStarted, order)


@router.get("/{book_id}/pages/{page_number}/audio", summary="Hear a page", responses=errors(404))
async def get_audio(
    book_id: BookId,
    page_number: PageToHear,
    user_id: UserId,
    resources: ResourcesDep,
    request: Request,
    url: UrlDep,
    quotas: QuotasDep,
) -> AudioAnswer:
    """The page's voice; one that is not there yet is made first, which takes a few seconds."""
    async with resources.database.session() as session:
        voice = await orders.voice_of(session, user_id, book_id, page_number, quotas)
    if voice.job_id:
        request.app.state.runner.wake()
        await wait_for_end(resources, user_id, voice.job_id)
        async with resources.database.session() as session:
            voice = await orders.voice_of(session, user_id, book_id, page_number, quotas)
    if not voice.key:
        raise Unavailable("The page could not be read aloud. Please try again in a moment.", retry_after=5)
    return AudioAnswer(audio_url=url(voice.key), words=voice.words)


@router.get(
    "/{book_id}/pdf",
    summary="Print a book",
    response_class=Response,
    responses=errors(404)
    | {200: {"content": {editions.PDF: PDF_BYTES}, "description": "The book as a PDF, named after its title"}},
)
async def get_pdf(book_id: BookId, reader: Reader, resources: ResourcesDep) -> Response:
    """The book as a PDF with its own fonts inside."""
    title, data = await editions.pdf_of(resources.database, resources.storage, resources.cpu, reader, book_id)
    return Response(data, media_type=editions.PDF, headers={"Content-Disposition": _attachment(title)})


def _attachment(title: str) -> str:
    """The header that names the file after the title, whatever its script (RFC 6266 with RFC 8187)."""
    name = "".join(char for char in title if char.isprintable() and char not in r'\/:*?"<>|').strip(" .") or "book"
    return f"attachment; filename=\"book.pdf\"; filename*=UTF-8''{quote(name, safe='')}.pdf"
