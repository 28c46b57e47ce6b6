"""How much a user may have made, how much everybody together, and how many gifts go to one network.

Each rule is exact however many requests arrive at once. What it refuses raises, and nothing is written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, Self

from sqlalchemy import ColumnElement, Date, Interval, cast, delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import (
    DailyBooksReached,
    DailyWorkReached,
    ErrorCode,
    PendingBooksReached,
    PendingWorkReached,
    ServiceFull,
)
from storybook.core.settings import Settings
from storybook.domain.jobs import UNFINISHED, JobKind, JobState
from storybook.domain.orders import Order
from storybook.models import GiftCount, Job, UserCredits
from storybook.services.budget import NO_VENDOR, Caps, Spending

DAY = timedelta(hours=24)
PENDING_WORK_PER_USER = 20
LOOK_AGAIN_SECONDS = 30
KEPT_GIFT_DAYS = 2

_PENDING = Job.status.in_(UNFINISHED)
_IN_ALL = func.hashtextextended("pending books of all users", 0)


@dataclass(frozen=True)
class Quotas:
    """`work_per_day` and `pending_work` bound what has no price: pages again, voices, descriptions, characters from
    photos.

    `spending` is what all of it may cost us.
    """

    books_per_day: int
    pending_books: int
    pending_books_in_all: int
    work_per_day: int
    pending_work: int = PENDING_WORK_PER_USER
    spending: Spending = NO_VENDOR

    @classmethod
    def of(cls, settings: Settings, worst: Callable[[Order], int] = NO_VENDOR.worst) -> Self:
        return cls(
            books_per_day=settings.books_per_day,
            pending_books=settings.pending_books_per_user,
            pending_books_in_all=settings.pending_books,
            work_per_day=settings.work_per_day,
            spending=Spending(Caps.of(settings), worst),
        )


async def require_room(session: AsyncSession, user_id: str, kind: JobKind, quotas: Quotas) -> None:
    """Raises when the user's newest job, which is in the transaction already, is one too many.

    The user's jobs are counted under the lock of the user's credits, and those of all users under a lock that is
    taken last and held until the transaction ends.
    """
    await session.execute(select(UserCredits.user_id).where(UserCredits.user_id == user_id).with_for_update())
    if kind is not JobKind.BOOK:
        await _require_room_for_work(session, user_id, quotas)
        return
    await _require_room_for_books(session, user_id, quotas)
    await session.execute(select(func.pg_advisory_xact_lock(_IN_ALL)))
    pending = await session.scalar(select(func.count()).where(_PENDING, Job.kind == JobKind.BOOK)) or 0
    if pending > quotas.pending_books_in_all:
        raise ServiceFull(
            "Many books are being made right now. Please try again in a moment.", retry_after=LOOK_AGAIN_SECONDS
        )


async def _require_room_for_books(session: AsyncSession, user_id: str, quotas: Quotas) -> None:
    counted = await _count(session, user_id, Job.kind == JobKind.BOOK)
    if counted.today > quotas.books_per_day:
        raise DailyBooksReached(
            f"You have ordered {quotas.books_per_day} books in 24 hours. Please make the next one later.",
            details={"limit": quotas.books_per_day},
            retry_after=counted.seconds_until_one_less,
        )
    if counted.pending > quotas.pending_books:
        raise PendingBooksReached(
            f"{quotas.pending_books} of your books are still being made. Please wait until one of them is done.",
            details={"limit": quotas.pending_books},
            retry_after=LOOK_AGAIN_SECONDS,
        )


async def _require_room_for_work(session: AsyncSession, user_id: str, quotas: Quotas) -> None:
    counted = await _count(session, user_id, Job.kind != JobKind.BOOK)
    if counted.today > quotas.work_per_day:
        raise DailyWorkReached(
            f"You have had {quotas.work_per_day} pages, voices, descriptions and characters made in 24 hours. "
            "Please go on with them later.",
            details={"limit": quotas.work_per_day},
            retry_after=counted.seconds_until_one_less,
        )
    if counted.pending > quotas.pending_work:
        raise PendingWorkReached(
            "Several pages, voices, descriptions or characters are still being made for you. "
            "Please wait until one of them is done.",
            details={"limit": quotas.pending_work},
            retry_after=LOOK_AGAIN_SECONDS,
        )


class _Counted(NamedTuple):
    pending: int
    today: int
    seconds_until_one_less: int


async def _count(session: AsyncSession, user_id: str, which: ColumnElement[bool]) -> _Counted:
    """What failed does not count for the day, nor does what was stopped before anybody had begun to make it."""
    stopped_at_work = (Job.error_code == ErrorCode.CANCELLED) & (Job.fence > 0)
    counts = (Job.status != JobState.FAILED) | stopped_at_work
    today = (Job.created_at > func.now() - literal(DAY, Interval)) & counts
    until_free = func.min(Job.created_at).filter(today) + literal(DAY, Interval) - func.now()
    pending, ordered, wait = (
        await session.execute(
            select(
                func.count().filter(_PENDING), func.count().filter(today), func.ceil(func.extract("epoch", until_free))
            ).where(Job.user_id == user_id, which, or_(_PENDING, today))
        )
    ).one()
    return _Counted(pending, ordered, max(1, int(wait or 0)))


async def may_welcome(session: AsyncSession, address: str | None, per_day: int) -> bool:
    """Counts a welcome gift for a network today (UTC); False, and nothing counted, when it has had all of today's.

    An address of None is not limited.
    """
    if address is None:
        return True
    if per_day < 1:
        return False
    given = await session.scalar(
        insert(GiftCount)
        .values(address=address, day=_today(), given=1)
        .on_conflict_do_update(
            index_elements=[GiftCount.address, GiftCount.day],
            set_={"given": GiftCount.given + 1},
            where=GiftCount.given < per_day,
        )
        .returning(GiftCount.given)
    )
    return given is not None


async def forget_old_gifts(session: AsyncSession) -> None:
    """Removes the counts of days that are over."""
    await session.execute(delete(GiftCount).where(GiftCount.day <= _today() - KEPT_GIFT_DAYS))


def _today() -> ColumnElement[date]:
    return cast(func.timezone("UTC", func.now()), Date)
