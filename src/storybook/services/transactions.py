"""What a user can read of their credits: the balance, the plan that runs, and what happened."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import NoSuchAccount
from storybook.domain.book_spec import Language
from storybook.domain.credits import SubscriptionStatus
from storybook.domain.wording import SHOWN_AS
from storybook.models import CreditTransaction, Subscription, User, UserCredits


class Standing(NamedTuple):
    """A user's credits, the plan whose paid period runs, and the language to tell of them in."""

    credits: UserCredits
    plan: Subscription | None
    language: Language


class Part(NamedTuple):
    """What part of the list is asked for. With a cursor, the id of an entry, `offset` counts from there."""

    limit: int
    offset: int = 0
    cursor: int | None = None


class History(NamedTuple):
    """Entries, the newest first; `next_cursor` is None at the end."""

    entries: list[CreditTransaction]
    language: Language
    next_cursor: int | None


async def standing(session: AsyncSession, user_id: str) -> Standing:
    """All of it in one statement. A plan that was cancelled runs on to the end of its period.

    Raises NoSuchAccount for somebody who was deleted a moment ago.
    """
    running = (
        (Subscription.user_id == UserCredits.user_id)
        & (Subscription.current_period_end > func.now())
        & (Subscription.status != SubscriptionStatus.EXPIRED)
    )
    cancelled = Subscription.status == SubscriptionStatus.CANCELLED
    statement = (
        select(UserCredits, Subscription, User.language)
        .join(User, User.id == UserCredits.user_id)
        .outerjoin(Subscription, running)
        .where(UserCredits.user_id == user_id)
        .order_by(cancelled, Subscription.current_period_end.desc(), Subscription.id.desc())
        .limit(1)
    )
    if (found := (await session.execute(statement)).one_or_none()) is None:
        raise NoSuchAccount
    account, plan, language = found
    return Standing(account, plan, Language(language))


async def history(session: AsyncSession, user_id: str, part: Part) -> History:
    """What changed the credits that the user can spend, in one statement."""
    shown = (
        select(CreditTransaction, User.language)
        .join(User, User.id == CreditTransaction.user_id)
        .where(CreditTransaction.user_id == user_id, CreditTransaction.transaction_type.in_(SHOWN_AS))
        .order_by(CreditTransaction.id.desc())
        .limit(part.limit + 1)
        .offset(part.offset)
    )
    if part.cursor is not None:
        shown = shown.where(CreditTransaction.id < part.cursor)
    rows = (await session.execute(shown)).all()
    entries = [entry for entry, _ in rows[: part.limit]]
    language = Language(rows[0][1]) if rows else Language.KO
    return History(entries, language, entries[-1].id if len(rows) > part.limit else None)
