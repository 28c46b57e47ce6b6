"""Books: asking for one, following it, reading it, and putting a finished one on the shelf."""

import hashlib
import json
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from storybook.core.errors import Invalid, NotFound
from storybook.core.ids import new_id
from storybook.domain.book_spec import BookSpec
from storybook.domain.jobs import Claim, JobKind
from storybook.models import Book, Character, Job, Page
from storybook.services import characters, credits, jobs


class FinishedPage(NamedTuple):
    page_number: int
    text: str
    image_key: str
    image_prompt: str


class FinishedBook(NamedTuple):
    """All that the steps made of a book, as it goes on the shelf."""

    title: str
    moral: str
    cover_key: str
    pages: tuple[FinishedPage, ...]
    made_by: dict[str, str]


async def request_book(session: AsyncSession, user_id: str, spec: BookSpec, *, idempotency_key: str | None) -> Job:
    """A queued job with its credit held, or the job that the same request with this key made before.

    Raises NotFound for a character that is not the user's, Invalid when the key was used for another request,
    PaymentRequired without credit. Nothing is written then.
    """
    request_hash = _hash(spec)
    if idempotency_key and (earlier := await jobs.find_by_idempotency_key(session, user_id, idempotency_key)):
        return _same_request(earlier, request_hash)
    if spec.character_id:
        await characters.get(session, user_id, spec.character_id)
    job_id = await jobs.insert_job(
        session,
        user_id,
        kind=JobKind.BOOK,
        spec=spec,
        request_hash=request_hash,
        idempotency_key=idempotency_key,
    )
    if job_id is None:
        earlier = await jobs.find_by_idempotency_key(session, user_id, idempotency_key or "")
        if earlier is None:
            raise LookupError("a job with this idempotency key vanished")
        return _same_request(earlier, request_hash)
    await credits.hold(session, user_id, job_id)
    return await get_job(session, user_id, job_id)


def _hash(spec: BookSpec) -> bytes:
    canonical = json.dumps(spec.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


def _same_request(job: Job, request_hash: bytes) -> Job:
    if job.request_hash != request_hash:
        raise Invalid("This X-Idempotency-Key was used for another request. Please use a new key for a new book.")
    return job


async def get_job(session: AsyncSession, user_id: str, job_id: str) -> Job:
    """The user's job; raises NotFound, for somebody else's too."""
    if job := await session.scalar(select(Job).where(Job.id == job_id, Job.user_id == user_id)):
        return job
    raise NotFound("There is no such book. Please check your library.")


async def find_book_of_job(session: AsyncSession, job_id: str) -> Book | None:
    """The book that a job made, with its pages."""
    return await session.scalar(select(Book).where(Book.job_id == job_id).options(selectinload(Book.pages)))


async def get_book(session: AsyncSession, user_id: str, book_id: str) -> Book:
    """The user's book with its pages; raises NotFound, for somebody else's too."""
    owned = select(Book).where(Book.id == book_id, Book.user_id == user_id).options(selectinload(Book.pages))
    if book := await session.scalar(owned):
        return book
    raise NotFound("There is no such book. Please check your library.")


async def remember_pdf(session: AsyncSession, book_id: str, key: str) -> None:
    await session.execute(update(Book).where(Book.id == book_id).values(pdf_key=key))


async def package(session: AsyncSession, claim: Claim, finished: FinishedBook) -> str:
    """Puts the book and its pages on the shelf, ends the job and spends its credit: all of it or nothing."""
    spec = claim.spec
    book_id = new_id("book")
    character_still_there = select(Character.id).where(
        Character.id == spec.character_id, Character.user_id == claim.user_id
    )
    await jobs.finish(session, claim)
    await session.execute(
        insert(Book).values(
            id=book_id,
            user_id=claim.user_id,
            job_id=claim.job_id,
            character_id=character_still_there.scalar_subquery(),
            title=finished.title,
            moral=finished.moral,
            language=spec.language,
            target_age=spec.target_age,
            style=spec.style,
            theme=spec.theme,
            cover_key=finished.cover_key,
            made_by=finished.made_by,
        )
    )
    await session.execute(insert(Page), [{"book_id": book_id, **page._asdict()} for page in finished.pages])
    return book_id
