"""What is done again and again beside the requests, each once in its period, however many processes do this."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from storybook.core.database import Database
from storybook.core.metrics import PERIODIC
from storybook.domain.purchases import Store
from storybook.domain.receipts import InvalidReceipt, StoreAway, StoreNotOffered, UnknownProduct, product_of
from storybook.services import (
    breakers,
    budget,
    daily_stories,
    devices,
    files,
    idempotency,
    limits,
    operator_visits,
    payments,
    purchases,
    quotas,
    retention,
    subscriptions,
    turns,
)
from storybook.storage.base import Storage
from storybook.stores.registry import Stores

log = structlog.get_logger()

STORES_EVERY = 30.0
FORGET_EVERY = 60.0
STORY_EVERY = 3600.0
LEFT_BEHIND_EVERY = 600.0
ASK_AGAIN = timedelta(minutes=10)
AT_ONCE = 20


class Work(NamedTuple):
    """Done every so many seconds, by one process. It may die in the middle, so it must do no harm to do it again."""

    name: str
    every: float
    do: Callable[[], Awaitable[object]]


def usual(database: Database, storage: Storage, stores: Stores, sweep_seconds: float) -> list[Work]:
    """What every installation needs to be done."""
    return [
        Work("discarded files", sweep_seconds, lambda: remove_discarded(database, storage)),
        Work("files left behind", LEFT_BEHIND_EVERY, storage.remove_left_behind),
        Work("expired rows", FORGET_EVERY, lambda: forget_expired(database)),
        Work("renewals", STORES_EVERY, lambda: renew_due(database, stores)),
        Work("confirmations", STORES_EVERY, lambda: confirm_due(database, stores)),
        Work("story of the day", STORY_EVERY, lambda: settle_story(database)),
    ]


async def remove_discarded(database: Database, storage: Storage) -> None:
    """Removes files that nobody needs any more."""
    while await files.remove_discarded(database, storage) >= files.AT_ONCE:
        continue


async def forget_expired(database: Database) -> None:
    """Removes rows that were kept for a time that is over."""
    async with database.session() as session:
        await idempotency.forget_expired(session)
        await devices.forget_expired(session)
        await limits.forget_expired(session)
        await quotas.forget_old_gifts(session)
        await budget.forget_old(session)
        await retention.forget_failed(session)
        await operator_visits.forget_expired(session)
        await breakers.forget_old(session)


async def settle_story(database: Database) -> None:
    """Settles the story of every day that is today somewhere on Earth, so that no reader has to."""
    async with database.session() as session:
        for day in sorted({(datetime.now(UTC) + timedelta(hours=hours)).date() for hours in (-12, 0, 14)}):
            await daily_stories.story_of(session, day)


async def renew_due(database: Database, stores: Stores) -> None:
    """Renews or ends subscriptions whose period is over; those whose store is away are asked about later."""
    async with database.session() as session:
        due = await subscriptions.take_due(session, limit=AT_ONCE, again_after=ASK_AGAIN)
    for each in due:
        try:
            payment = await stores.renewal(each.store, each.original_transaction_id, each.token)
            await purchases.settle_due(database, each, payment)
        except (StoreAway, StoreNotOffered, InvalidReceipt, UnknownProduct) as error:
            log.warning("not_renewed", exc_info=error)


async def confirm_due(database: Database, stores: Stores) -> None:
    """Tells the stores which goods were given, so that they keep the money."""
    async with database.session() as session:
        due = await payments.take_unconfirmed(session, limit=AT_ONCE, again_after=ASK_AGAIN)
    for each in due:
        store = Store(each.store)
        try:
            await stores.confirm(store, product_of(each.product_id or ""), each.token or "")
        except (StoreAway, StoreNotOffered, UnknownProduct) as error:
            log.warning("not_confirmed", exc_info=error)
            continue
        async with database.session() as session:
            await payments.confirmed(session, store, each.transaction_id)


@asynccontextmanager
async def running(
    database: Database, works: Sequence[Work], on_turn: Callable[[], object] = lambda: None
) -> AsyncIterator[None]:
    """Does these works as long as the block lasts, however often one of them fails; `on_turn` is told whenever the
    database has answered whose turn it is.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_for_ever(database, work, on_turn), name=work.name) for work in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _for_ever(database: Database, work: Work, on_turn: Callable[[], object]) -> None:
    while True:
        next_time = time.monotonic() + work.every
        try:
            turn = await turns.take(database, work.name, work.every)
            next_time = time.monotonic() + turn.rest
            on_turn()
            if turn.ours:
                await work.do()
                PERIODIC.labels(work.name, "ok").inc()
        except Exception as error:
            PERIODIC.labels(work.name, "failed").inc()
            log.warning("periodic_work_not_done", work=work.name, exc_info=error)
        await asyncio.sleep(max(next_time - time.monotonic(), 0))
