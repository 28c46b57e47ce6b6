"""All that is kept of a user, as entries of an archive. No secret, no hash and no storage key is among them.

Rows are read in small parts, each for itself, so that a slow reader holds no connection. What is changed meanwhile may
be there as it was or as it is.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import selectinload

from storybook.core.database import Database
from storybook.domain.jobs import JobState, Step
from storybook.models import (
    Book,
    Character,
    CreditTransaction,
    DailyBook,
    DailyStreak,
    Device,
    Job,
    JobPhoto,
    Milestone,
    OperatorAction,
    Page,
    ReadingLog,
    StoreTransaction,
    Subscription,
    User,
    UserCredits,
)
from storybook.models.base import Base
from storybook.services import artifacts
from storybook.services.archive import Entry, Kept, Raw, Sheet
from storybook.services.files import folder_of

AT_ONCE = 20
MAX_NAME = 60
_RESERVED = r'\/:*?"<>|'

_ACCOUNT = ("id", "time_zone", "language", "created_at", "key_retired_at", "welcomed")
_JOB = (
    "id", "kind", "status", "progress", "current_step", "error_code", "error_message", "note", "request", "created_at",
    "finished_at",
)  # fmt: skip
_BOOK = (
    "id", "job_id", "character_id", "previous_book_id", "series_id", "title", "moral", "hero", "language",
    "target_age", "style", "theme", "made_by", "cover_alt_text", "created_at",
)  # fmt: skip
_PAGE = ("page_number", "text", "alt_text", "image_prompt", "scene", "audio_words", "updated_at")
_SHEETS: dict[str, tuple[type[Base], tuple[str, ...]]] = {
    "account/account.json": (User, _ACCOUNT),
    "account/devices.json": (Device, ("created_at", "refreshed_at", "revoked_at")),
    "characters.json": (
        Character,
        (
            "id", "name", "master_description", "appearance", "clothing", "personality_traits", "visual_style_notes",
            "created_at", "updated_at",
        ),
    ),
    "credits/balance.json": (UserCredits, ("credits", "held", "owed", "total_purchased", "total_used")),
    "credits/ledger.json": (
        CreditTransaction,
        (
            "id", "transaction_type", "source", "target", "amount", "balance_after", "job_id", "reference",
            "created_at",
        ),
    ),
    "credits/purchases.json": (
        StoreTransaction,
        (
            "store", "transaction_id", "product_id", "kind", "credits", "purchased_at", "period_end", "claimed_at",
            "refunded_at", "created_at",
        ),
    ),
    "credits/subscriptions.json": (
        Subscription,
        (
            "store", "plan", "status", "credits_per_month", "current_period_start", "current_period_end",
            "created_at", "updated_at",
        ),
    ),
    "credits/operator.json": (
        OperatorAction,
        ("action", "job_id", "result", "code", "new_job_id", "credits", "created_at"),
    ),
    "reading/streak.json": (
        DailyStreak,
        ("current_streak", "longest_streak", "total_days", "rest_days_used", "last_read_date"),
    ),
    "reading/milestones.json": (Milestone, ("kind", "days", "reached_at")),
    "reading/log.json": (ReadingLog, ("book_id", "read_date", "reading_time", "completed", "created_at")),
    "reading/daily_books.json": (DailyBook, ("date", "job_id", "created_at")),
}  # fmt: skip
_ONE_EACH = {User, UserCredits, DailyStreak}


async def entries(database: Database, user_id: str) -> AsyncIterator[Entry]:
    """Everything of the user: the rows of the account, then books and jobs with their files."""
    for name, (table, columns) in _SHEETS.items():
        rows = await _rows(database, table, columns, user_id)
        yield Sheet(name, rows[0] if table in _ONE_EACH and rows else rows)
    number = 0
    async for book in _books(database, user_id):
        number += 1
        for entry in _of_book(book, f"books/{number:03} {_speaking(book.title)}"):
            yield entry
    async for job in _jobs(database, user_id):
        async for entry in _of_job(database, job):
            yield entry


async def _rows(database: Database, table: type[Base], columns: Sequence[str], user_id: str) -> list[dict[str, Any]]:
    owner: Any = User.id if table is User else table.__table__.c.user_id
    shown = [table.__table__.c[name] for name in columns]
    statement = select(*shown).where(owner == user_id).order_by(*table.__table__.primary_key)
    async with database.reading() as session:
        return [dict(row) for row in (await session.execute(statement)).mappings()]


async def _books(database: Database, user_id: str) -> AsyncIterator[Book]:
    """All books with their pages, the oldest first."""
    mine = select(Book).where(Book.user_id == user_id).options(selectinload(Book.pages))
    async for book in _in_parts(database, mine, Book):
        yield book


async def _jobs(database: Database, user_id: str) -> AsyncIterator[Job]:
    """All jobs, the oldest first."""
    async for job in _in_parts(database, select(Job).where(Job.user_id == user_id), Job):
        yield job


async def _in_parts(database: Database, statement: Select[Any], table: Any) -> AsyncIterator[Any]:
    """The rows of a statement in the order in which they were made, `AT_ONCE` at a time."""
    place = (table.created_at, table.id)
    part = statement.order_by(*place).limit(AT_ONCE)
    while True:
        async with database.reading() as session:
            rows = list(await session.scalars(part))
        for row in rows:
            yield row
        if len(rows) < AT_ONCE:
            return
        part = part.where(tuple_(*place) > (rows[-1].created_at, rows[-1].id))


def _of_book(book: Book, folder: str) -> Iterator[Entry]:
    pages = [_columns(page, _PAGE) | _named(_files_of_page(page)) for page in book.pages]
    files = _files_of_book(book)
    yield Sheet(f"{folder}/book.json", _columns(book, _BOOK) | _named(files) | {"pages": pages})
    for every in (files, *map(_files_of_page, book.pages)):
        for name, key in every.values():
            yield Kept(f"{folder}/{name}", key)


Files = dict[str, tuple[str, str]]
"""Of each kind of file the name in the archive and the storage key."""


def _files_of_book(book: Book) -> Files:
    return _there(cover=("cover", book.cover_key), pdf=("book", book.pdf_key), audio=("the whole book", book.audio_key))


def _files_of_page(page: Page) -> Files:
    name = f"page {page.page_number:02}"
    return _there(picture=(name, page.image_key), audio=(name, page.audio_key))


def _there(**wanted: tuple[str, str | None]) -> Files:
    return {kind: (f"{name}.{_ending(key)}", key) for kind, (name, key) in wanted.items() if key}


def _named(files: Files) -> dict[str, str]:
    return {kind: name for kind, (name, _) in files.items()}


async def _of_job(database: Database, job: Job) -> AsyncIterator[Entry]:
    """The job with what its steps made; its pictures too while there is no book that holds them, and its photo."""
    folder = f"jobs/{job.id}"
    async with database.reading() as session:
        stored = await artifacts.load(session, job.id)
        photo = await session.scalar(select(JobPhoto.photo).where(JobPhoto.job_id == job.id))
    made = [{"step": step, "page_number": page, "made": made} for (step, page), made in sorted(stored.items())]
    yield Sheet(f"{folder}/job.json", _columns(job, _JOB) | {"steps": _without_keys(made, job.asset_token)})
    if job.status in {JobState.QUEUED, JobState.RUNNING}:
        for (step, page), made_there in stored.items():
            if step in {Step.GENERATE_IMAGES, Step.NARRATE}:
                key = made_there["key"]
                yield Kept(f"{folder}/{page:02}.{_ending(key)}", key)
    if photo is not None:
        yield Raw(f"{folder}/photo.jpg", photo)


def _without_keys(value: Any, asset_token: str) -> Any:
    """The same without the addresses that only the holder of a book is to know."""
    if isinstance(value, dict):
        return {key: _without_keys(part, asset_token) for key, part in value.items() if not _is_key(part, asset_token)}
    if isinstance(value, list):
        return [_without_keys(part, asset_token) for part in value]
    return value


def _is_key(value: object, asset_token: str) -> bool:
    return isinstance(value, str) and value.startswith(folder_of(asset_token) + "/")


def _columns(row: Base, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _ending(key: str) -> str:
    return key.rpartition(".")[2]


def _speaking(title: str) -> str:
    """A title as the name of a folder on any machine."""
    plain = "".join(char for char in title if char.isprintable() and char not in _RESERVED)
    return plain[:MAX_NAME].strip(" .") or "book"
