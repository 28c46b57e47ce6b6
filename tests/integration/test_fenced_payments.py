"""Only the holder of a job's lease pays for it, and nobody pays for what an earlier holder may still be given."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from storybook.core.database import Database
from storybook.core.errors import LeaseLost, VendorAway
from storybook.domain.book_spec import BookSpec
from storybook.domain.calls import NOTHING, Bill, Kind, Outcome, PaidCall, Purpose
from storybook.domain.jobs import Step
from storybook.domain.orders import Claim
from storybook.services import accounts, fencing, jobs, orders
from storybook.services.budget import Caps, Spending
from storybook.services.calls import DatabaseMeter
from tests.conftest import ROOMY

SPEC = BookSpec(topic="a fox", target_age="5-7", style="cartoon", language="en")
QUOTAS = replace(ROOMY, spending=Spending(Caps(10**6, 10**6, 10**6), lambda _: 10_000))
TIMEOUT = 90.0
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@pytest.fixture
async def ordered(database: Database) -> str:
    async with database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key("a-key-of-a-user", pepper="pepper"))
        return (await orders.order_book(session, user_id, SPEC, QUOTAS)).id


@pytest.fixture
def meter(database: Database) -> DatabaseMeter:
    return DatabaseMeter(database)


async def claim(database: Database, lease_seconds: float = 30) -> Claim | None:
    async with database.session() as session:
        return await jobs.claim_next(session, owner="a runner", lease_seconds=lease_seconds)


async def claimed(database: Database, lease_seconds: float = 30) -> Claim:
    held = await claim(database, lease_seconds)
    assert held
    return held


def picture(held: Claim, page: int = 1) -> PaidCall:
    about = Purpose(held.job_id, held.user_id, Step.GENERATE_IMAGES, page, held.fence)
    return PaidCall(about, "openai", Kind.IMAGE, "a model", 300, TIMEOUT)


async def test_whoever_lost_the_lease_pays_for_nothing(
    database: Database, ordered: str, meter: DatabaseMeter, rows: Rows
) -> None:
    late = await claimed(database, lease_seconds=0)
    with pytest.raises(LeaseLost):
        await meter.start(picture(late))
    now = await claimed(database)
    with pytest.raises(LeaseLost):
        await meter.start(picture(late))
    async with database.session() as session:
        await jobs.cancel(session, now.user_id, ordered)
    with pytest.raises(LeaseLost):
        await meter.start(picture(now))
    assert await rows("SELECT count(*), (SELECT used FROM job_budgets) FROM provider_calls") == [(0, 0)]


async def test_nobody_takes_a_job_over_while_its_holder_writes_what_it_will_pay_for(
    database: Database, ordered: str
) -> None:
    late = await claimed(database, lease_seconds=0.3)
    async with database.session() as session:
        assert await session.scalar(fencing.HELD, {"job_id": ordered, "fence": late.fence})
        await asyncio.sleep(0.5)
        assert await claim(database) is None
    assert await claim(database)


async def test_a_successor_waits_for_a_call_that_may_still_be_answered_and_goes_on_with_the_others(
    database: Database, ordered: str, meter: DatabaseMeter, rows: Rows
) -> None:
    first = await claimed(database)
    await meter.start(picture(first))
    await meter.start(picture(first))  # its own calls are its own affair
    await rows("UPDATE jobs SET lease_until = now() - interval '1 second' RETURNING id")
    second = await claimed(database)
    with pytest.raises(VendorAway) as waits:
        await meter.start(picture(second))
    assert TIMEOUT < (waits.value.retry_after or 0) <= TIMEOUT + 5
    await meter.start(picture(second, page=2))


@pytest.mark.parametrize("vendor_id", [None, "an-id"])
async def test_a_successor_waits_for_a_call_that_was_broken_off_unless_it_can_be_asked_for(
    database: Database, ordered: str, meter: DatabaseMeter, rows: Rows, vendor_id: str | None
) -> None:
    number = await meter.start(picture(await claimed(database)))
    if vendor_id:
        await meter.note_id(number, vendor_id)
    await meter.end(number, Outcome.UNKNOWN, Bill({}, 300), 1)
    await rows("UPDATE jobs SET lease_until = now() - interval '1 second' RETURNING id")
    second = await claimed(database)
    if vendor_id:
        await meter.start(picture(second))
        return
    with pytest.raises(VendorAway) as waits:
        await meter.start(picture(second))
    assert TIMEOUT < (waits.value.retry_after or 0) <= TIMEOUT + 5


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "over"])
async def test_a_successor_pays_again_for_a_call_that_is_over(
    database: Database, ordered: str, meter: DatabaseMeter, rows: Rows, *, ended: bool
) -> None:
    number = await meter.start(picture(await claimed(database)))
    if ended:
        await meter.end(number, Outcome.FAILED, NOTHING, 1)
    else:
        await rows("UPDATE provider_calls SET repay_not_before = now() RETURNING id")
    await rows("UPDATE jobs SET lease_until = now() - interval '1 second' RETURNING id")
    second = await claimed(database)
    await meter.start(picture(second))
    fences = "SELECT array_agg(fence ORDER BY id) FROM provider_calls"
    assert await rows(fences) == [([1, second.fence],)]


async def test_a_bill_that_cannot_be_written_down_loses_no_result(database: Database, ordered: str) -> None:
    async with database.session() as session:
        await session.execute(text("ALTER TABLE provider_calls RENAME COLUMN outcome TO gone"))
    await DatabaseMeter(database).end(1, Outcome.OK, NOTHING, 1)
