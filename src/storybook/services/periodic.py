"""What is done again and again beside the requests: the stores are asked about renewals and told what was given.

Any number of processes may do this: each row is taken by one of them, and no database session is open meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from storybook.core.database import Database
from storybook.domain.purchases import Store
from storybook.domain.receipts import InvalidReceipt, StoreAway, StoreNotOffered, UnknownProduct, product_of
from storybook.services import payments, purchases, subscriptions
from storybook.stores.registry import Stores

log = structlog.get_logger()

EVERY_SECONDS = 30
ASK_AGAIN = timedelta(minutes=10)
AT_ONCE = 20


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
async def running(database: Database, stores: Stores, *, every: float = EVERY_SECONDS) -> AsyncIterator[None]:
    """Does all of it every so many seconds, as long as the block lasts."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_for_ever(database, stores, every), name="periodic")
        try:
            yield
        finally:
            task.cancel()


async def _for_ever(database: Database, stores: Stores, every: float) -> None:
    while True:
        try:
            await renew_due(database, stores)
            await confirm_due(database, stores)
        except (DBAPIError, OSError, TimeoutError) as error:
            log.warning("database_away", exc_info=error)
        await asyncio.sleep(every)
