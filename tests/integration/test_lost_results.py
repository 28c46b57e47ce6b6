"""What a vendor was paid for and a killed runner had not stored yet: it is asked for again, and not paid for again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storybook.core.database import Database
from storybook.core.errors import ErrorCode, ProviderError
from storybook.domain.book_spec import BookSpec
from storybook.domain.calls import Bill, Kind, LostCalls, Outcome, PaidCall, Purpose
from storybook.domain.jobs import Step
from storybook.domain.orders import Claim
from storybook.services import accounts, jobs, orders
from storybook.services.budget import Caps, Spending
from storybook.services.calls import DatabaseMeter
from tests.conftest import ROOMY

SPEC = BookSpec(topic="a fox", target_age="5-7", style="cartoon", language="en")
QUOTAS = replace(ROOMY, spending=Spending(Caps(10**6, 10**6, 10**6), lambda _: 10_000))
VENDOR = "replicate"
BILL = Bill({"pictures": 1}, 300)
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@pytest.fixture
def meter(database: Database) -> DatabaseMeter:
    return DatabaseMeter(database)


@pytest.fixture
async def first(database: Database) -> Claim:
    async with database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key("a-key-of-a-user", pepper="pepper"))
        await orders.order_book(session, user_id, SPEC, QUOTAS)
    return await taken_over(database)


async def taken_over(database: Database) -> Claim:
    """The next claim of the job, whose holder has died."""
    async with database.session() as session:
        held = await jobs.claim_next(session, owner="a runner", lease_seconds=0)
    assert held
    return held


def about(held: Claim) -> Purpose:
    return Purpose(held.job_id, held.user_id, Step.GENERATE_IMAGES, 1, held.fence)


async def accepted_before(meter: DatabaseMeter, rows: Rows, held: Claim) -> tuple[int, str] | None:
    """As its holder finds it."""
    await rows("UPDATE jobs SET lease_until = now() + interval '1 minute' RETURNING id")
    found = await meter.accepted_before(about(held), VENDOR, Kind.IMAGE)
    await rows("UPDATE jobs SET lease_until = now() - interval '1 minute' RETURNING id")
    return found


async def lost_before(meter: DatabaseMeter, rows: Rows, held: Claim, page: int = 1) -> LostCalls | None:
    """As its holder finds it."""
    await rows("UPDATE jobs SET lease_until = now() + interval '1 minute' RETURNING id")
    found = await meter.lost_before(about(held)._replace(page=page), VENDOR, Kind.IMAGE)
    await rows("UPDATE jobs SET lease_until = now() - interval '1 minute' RETURNING id")
    return found


async def paid(meter: DatabaseMeter, rows: Rows, held: Claim, outcome: Outcome | None, *, heard: bool = True) -> int:
    """The number of a call that this holder made; without an outcome it died meanwhile."""
    await rows("UPDATE jobs SET lease_until = now() + interval '1 minute' RETURNING id")
    number = await meter.start(PaidCall(about(held), VENDOR, Kind.IMAGE, "a model", BILL.micro_dollars))
    if heard:
        await meter.note_id(number, f"vendors-{number}")
    if outcome:
        await meter.end(number, outcome, BILL, 1)
    await rows("UPDATE jobs SET lease_until = now() - interval '1 minute' RETURNING id")
    return number


async def test_a_result_that_died_with_its_runner_is_asked_for_again_until_it_is_stored(
    database: Database, meter: DatabaseMeter, rows: Rows, first: Claim
) -> None:
    number = await paid(meter, rows, first, Outcome.OK)
    assert await accepted_before(meter, rows, first) is None, "its own it has"
    for _ in range(2):
        later = await taken_over(database)
        assert await accepted_before(meter, rows, later) == (number, f"vendors-{number}")
        await meter.end(number, Outcome.OK, BILL, 1)
        assert await rows("SELECT outcome, micro_dollars, (SELECT used FROM job_budgets) FROM provider_calls") == [
            ("ok", 300, 300)
        ]


async def test_a_result_that_the_vendor_has_forgotten_is_not_asked_for_once_more(
    database: Database, meter: DatabaseMeter, rows: Rows, first: Claim
) -> None:
    number = await paid(meter, rows, first, Outcome.OK)
    later = await taken_over(database)
    assert await accepted_before(meter, rows, later)
    await meter.end(number, Outcome.UNUSABLE, BILL, 1)
    assert await accepted_before(meter, rows, later) is None
    assert await rows("SELECT used FROM job_budgets") == [(300,)]


@pytest.mark.parametrize("outcome", [Outcome.OK, None], ids=["answered", "under way"])
async def test_what_died_with_its_runner_may_be_paid_for_more_often_than_what_came_to_nothing(
    database: Database, meter: DatabaseMeter, rows: Rows, first: Claim, outcome: Outcome | None
) -> None:
    held = first
    for _ in range(4):
        await paid(meter, rows, held, outcome)
        await rows("UPDATE provider_calls SET repay_not_before = now() RETURNING id")
        held = await taken_over(database)
    for _ in range(2):
        await paid(meter, rows, held, Outcome.UNUSABLE)
    with pytest.raises(ProviderError, match="too often") as refused:
        await paid(meter, rows, held, None)
    assert refused.value.code is ErrorCode.UNKNOWN


async def test_whoever_has_lost_the_job_takes_up_no_call_of_earlier_holders(
    database: Database, meter: DatabaseMeter, rows: Rows, first: Claim
) -> None:
    number = await paid(meter, rows, first, Outcome.OK)
    late, now = await taken_over(database), await taken_over(database)
    assert await accepted_before(meter, rows, late) is None
    assert await rows("SELECT outcome FROM provider_calls") == [("ok",)]
    assert await accepted_before(meter, rows, now) == (number, f"vendors-{number}")


@pytest.mark.parametrize("outcome", [None, Outcome.UNKNOWN], ids=["died", "answered by nobody"])
async def test_calls_whose_id_nobody_has_heard_are_lost_until_one_is_found(
    database: Database, meter: DatabaseMeter, rows: Rows, first: Claim, outcome: Outcome | None
) -> None:
    number = await paid(meter, rows, first, outcome, heard=False)
    await rows("UPDATE provider_calls SET repay_not_before = now() RETURNING id")
    later = await taken_over(database)
    numbers = number, await paid(meter, rows, later, outcome, heard=False)
    late, now = await taken_over(database), await taken_over(database)
    times = await rows("SELECT created_at FROM provider_calls ORDER BY id")
    lost = await lost_before(meter, rows, now)
    assert lost
    assert lost == LostCalls(numbers, times[0][0], times[1][0], lost.settled_for)
    assert 0 <= lost.settled_for < 5
    assert await lost_before(meter, rows, late) is None, "it is another's by now"
    assert await lost_before(meter, rows, now, page=2) is None


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.REFUSED, Outcome.OK, Outcome.UNUSABLE])
async def test_a_call_whose_end_is_known_is_not_lost(
    database: Database, meter: DatabaseMeter, rows: Rows, first: Claim, outcome: Outcome
) -> None:
    await paid(meter, rows, first, outcome, heard=False)
    assert await lost_before(meter, rows, await taken_over(database)) is None


async def test_a_call_whose_id_is_known_is_not_lost_and_its_job_is_no_other_calls(
    database: Database, meter: DatabaseMeter, rows: Rows, first: Claim
) -> None:
    number = await paid(meter, rows, first, Outcome.UNKNOWN)
    assert await lost_before(meter, rows, await taken_over(database)) is None
    [(begun,)] = await rows("SELECT created_at FROM provider_calls")
    known = f"vendors-{number}"
    assert await meter.heard_of(VENDOR, [known, "another"], begun) == {known}
    assert await meter.heard_of("fal", [known], begun) == set()
    assert await meter.heard_of(VENDOR, [known], begun + timedelta(seconds=1)) == set()
    assert await meter.heard_of(VENDOR, [], begun) == set()


async def test_a_call_that_may_still_be_answered_is_not_settled(
    database: Database, meter: DatabaseMeter, rows: Rows, first: Claim
) -> None:
    await paid(meter, rows, first, None, heard=False)
    await rows("UPDATE provider_calls SET repay_not_before = now() + interval '20 seconds' RETURNING id")
    lost = await lost_before(meter, rows, await taken_over(database))
    assert lost
    assert -20 <= lost.settled_for < -15
