"""Money: what a job can cost at worst is set aside when it is accepted, and no cap is ever passed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text

from storybook.core.database import Database, Prepared
from storybook.core.errors import BudgetExceeded, ErrorCode, ProviderError
from storybook.domain.book_spec import BookSpec, Language
from storybook.domain.calls import NOTHING, Bill, Kind, Outcome, PaidCall, Purpose
from storybook.domain.jobs import JobKind, Step
from storybook.domain.orders import AudioOrder
from storybook.models.jobs import UNJUDGED, WHOLE_BOOK
from storybook.services import account, accounts, budget, credits, jobs, orders, parking, periodic, retries
from storybook.services.budget import Caps, Spending
from storybook.services.calls import DatabaseMeter
from tests.conftest import ROOMY

SPEC = BookSpec(topic="a fox", target_age="5-7", style="cartoon", language="en")
WORST = 700
PLENTY = Caps(book=WORST, user_day=10**9, day=10**9)
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]
KEPT = """SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM job_budgets),
                 (SELECT sum(credits) FROM user_credits), (SELECT sum(held) FROM user_credits),
                 (SELECT count(*) FROM credit_transactions)"""


@dataclass
class Shop:
    """Orders in transactions of their own; each order costs `WORST` at worst."""

    database: Database
    user_id: str
    claim: Any = None

    async def order(self, caps: Caps = PLENTY, user_id: str | None = None) -> str:
        quotas = replace(ROOMY, spending=Spending(caps, lambda _: WORST))
        async with self.database.session() as session:
            return (await orders.order_book(session, user_id or self.user_id, SPEC, quotas)).id

    async def order_voice(self, caps: Caps, user_id: str) -> str:
        quotas = replace(ROOMY, spending=Spending(caps, lambda _: WORST))
        order = AudioOrder(book_id="a-book", language=Language.EN)
        async with self.database.session() as session:
            return (await jobs.start(session, user_id, JobKind.AUDIO, order, quotas)).id

    async def claimed(self) -> Any:
        """The job that waits, or that we work on already."""
        async with self.database.session() as session:
            self.claim = await jobs.claim_next(session, owner="a runner", lease_seconds=30) or self.claim
        return self.claim


async def today(shop: Shop) -> int:
    """What counts for the day's cap."""
    async with shop.database.session() as session:
        return int(sum(await session.scalars(budget.committed_today())))


async def user(database: Database, key: str, gift: int = 100) -> str:
    async with database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key(key, pepper="pepper"))
        await credits.grant(session, user_id, gift, "a test")
    return user_id


@pytest.fixture
async def shop(database: Database) -> Shop:
    return Shop(database, await user(database, "a-first-user-key"))


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Database]:
    """The same database as another process sees it."""
    opened = Database.connect(database.url, pool_size=20)
    yield opened
    await opened.close()


async def test_two_processes_and_many_orders_at_once_never_pass_the_days_cap(
    shop: Shop, other: Database, rows: Rows
) -> None:
    users = [await user(shop.database, f"the-user-key-{number}") for number in range(5)]
    elsewhere = Shop(other, shop.user_id)
    caps = PLENTY._replace(day=9 * WORST + WORST // 2)
    asking = [user_id for user_id in users for _ in range(5)]
    books = [place.order(caps, user_id) for user_id in asking for place in (shop, elsewhere)]
    voices = [place.order_voice(caps, user_id) for user_id in asking for place in (shop, elsewhere)]
    answers = await asyncio.gather(*books, *voices, return_exceptions=True)
    assert [type(answer) for answer in answers if not isinstance(answer, str)] == [BudgetExceeded] * (100 - 9)
    assert await today(shop) == 9 * WORST
    assert await rows("SELECT count(*) FROM jobs") == [(9,)]
    held = "SELECT (SELECT sum(held) FROM user_credits) = (SELECT count(*) FROM jobs WHERE kind = 'book')"
    assert await rows(held) == [(True,)]


async def test_of_two_orders_for_the_last_money_of_a_day_one_waits_and_is_refused(
    database: Database, other: Database
) -> None:
    caps = PLENTY._replace(day=WORST)

    async def reserve(place: Database, number: int) -> None:
        async with place.session() as session:
            await budget.reserve(session, f"job-{number}", f"user-{number}", WORST, caps)

    async with database.session() as session:
        await budget.reserve(session, "job-1", "user-1", WORST, caps)
        second = asyncio.create_task(reserve(other, 2))
        await asyncio.sleep(0.3)
        assert not second.done()
    with pytest.raises(BudgetExceeded):
        await second


@pytest.mark.parametrize(
    ("caps", "what_helps"),
    [
        (PLENTY._replace(book=WORST - 1), "fewer pages"),
        (PLENTY._replace(user_day=WORST - 1), "come back tomorrow"),
        (PLENTY._replace(day=WORST - 1), "come back tomorrow"),
    ],
)
async def test_what_is_refused_leaves_nothing_behind_and_says_what_helps(
    shop: Shop, rows: Rows, caps: Caps, what_helps: str
) -> None:
    before = await rows(KEPT)
    with pytest.raises(BudgetExceeded, match=what_helps) as refused:
        await shop.order(caps)
    wait = refused.value.retry_after
    assert wait is None if what_helps == "fewer pages" else wait and 0 < wait <= 24 * 60 * 60 + 1
    assert await rows(KEPT) == before


async def test_one_users_cap_is_no_other_users(shop: Shop) -> None:
    caps = PLENTY._replace(user_day=WORST)
    await shop.order(caps)
    with pytest.raises(BudgetExceeded):
        await shop.order(caps)
    await shop.order(caps, await user(shop.database, "a-second-user-key"))


async def test_what_costs_nothing_keeps_no_account(database: Database, shop: Shop, rows: Rows) -> None:
    async with database.session() as session:
        await orders.order_book(session, shop.user_id, SPEC, ROOMY)
    assert await rows("SELECT count(*) FROM job_budgets") == [(0,)]


async def cancelled(shop: Shop, job_id: str) -> None:
    async with shop.database.session() as session:
        await jobs.cancel(session, shop.user_id, job_id)


async def failed(shop: Shop, _: str) -> None:
    claim = await shop.claimed()
    async with shop.database.session() as session:
        await jobs.fail(session, claim, ErrorCode.IMAGE_FAILED)


async def done(shop: Shop, _: str) -> None:
    claim = await shop.claimed()
    async with shop.database.session() as session:
        await jobs.finish(session, claim)


async def deleted(shop: Shop, _: str) -> None:
    await account.remove(shop.database, shop.user_id)


ENDS = [cancelled, failed, done, deleted]


def picture(claim: Any, worst: int = 300, page: int = 1) -> PaidCall:
    about = Purpose(claim.job_id, claim.user_id, Step.GENERATE_IMAGES, page, claim.fence)
    return PaidCall(about, "replicate", Kind.IMAGE, "a model", worst)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_an_ended_job_gives_the_rest_back_once_and_a_late_bill_still_counts(
    shop: Shop, end: Callable[[Shop, str], Awaitable[None]]
) -> None:
    job_id = await shop.order()
    claim, meter = await shop.claimed(), DatabaseMeter(shop.database)
    paid, late = [await meter.start(picture(claim)) for _ in range(2)]
    await meter.end(paid, Outcome.OK, Bill({}, 200), 1)
    assert await today(shop) == WORST
    await end(shop, job_id)
    assert await today(shop) == 200 + 300, "the call that is out counts with its worst"
    await meter.end(late, Outcome.OK, Bill({}, 250), 1)
    await meter.end(late, Outcome.OK, Bill({}, 0), 1)
    async with shop.database.session() as session:
        await budget.close(session, job_id)
    assert await today(shop) == 200 + 250


async def test_a_bill_beyond_its_worst_counts_in_full_and_leaves_the_rest_of_the_job_what_it_had(shop: Shop) -> None:
    job_id = await shop.order()
    claim, meter = await shop.claimed(), DatabaseMeter(shop.database)
    dear = await meter.start(picture(claim, worst=300))
    await meter.end(dear, Outcome.OK, Bill({}, 1000), 1)
    assert await today(shop) == WORST + 700
    await meter.start(picture(claim, worst=WORST - 300))
    await cancelled(shop, job_id)
    assert await today(shop) == 1000 + WORST - 300


async def test_what_is_asked_outside_of_a_job_is_paid_from_the_day_before_it_is_asked(shop: Shop, rows: Rows) -> None:
    caps = PLENTY._replace(user_day=2 * WORST)
    await budget.spend(shop.database, shop.user_id, WORST, caps)
    await shop.order(caps)
    for spend in (budget.spend(shop.database, shop.user_id, 1, caps), shop.order(caps)):
        with pytest.raises(BudgetExceeded):
            await spend
    await budget.spend(shop.database, shop.user_id, 0, caps)
    assert await today(shop) == 2 * WORST
    assert await rows("SELECT count(*) FROM job_budgets") == [(2,)]


async def test_budgets_of_jobs_that_ended_a_month_ago_are_forgotten(shop: Shop, rows: Rows) -> None:
    for days, ended in ((31, True), (31, False), (29, True)):
        job_id = await shop.order()
        if ended:
            await cancelled(shop, job_id)
        await rows(f"UPDATE job_budgets SET day = day - {days} WHERE job_id = '{job_id}' RETURNING day")  # noqa: S608
    await periodic.forget_expired(shop.database)
    left = "SELECT current_date - day, closed FROM job_budgets ORDER BY 1"
    assert await rows(left) == [(29, True), (31, False)]


async def test_a_retry_sets_its_own_worst_cost_aside(shop: Shop, rows: Rows) -> None:
    job_id = await shop.order()
    await failed(shop, job_id)
    caps = PLENTY._replace(day=WORST - 1)
    for limit, accepted in ((caps, False), (PLENTY, True)):
        quotas = replace(ROOMY, spending=Spending(limit, lambda _: WORST))
        try:
            async with shop.database.session() as session:
                await retries.retry(session, shop.user_id, job_id, quotas)
        except BudgetExceeded:
            assert not accepted
    assert await rows("SELECT count(*) FILTER (WHERE closed), count(*) FROM job_budgets") == [(1, 2)]


async def test_yesterdays_jobs_do_not_count_for_today(shop: Shop, rows: Rows) -> None:
    caps = PLENTY._replace(day=WORST)
    await shop.order(caps)
    await rows("UPDATE job_budgets SET day = day - 1 RETURNING day")
    await shop.order(caps)


async def test_one_picture_is_paid_at_most_twice_however_often_a_job_starts_anew(shop: Shop) -> None:
    await shop.order()
    claim, meter = await shop.claimed(), DatabaseMeter(shop.database)
    free = await meter.start(picture(claim))
    await meter.end(free, Outcome.BUSY, NOTHING, 1)
    await meter.start(picture(claim))  # and the process dies
    lost = await meter.start(picture(claim))
    await meter.end(lost, Outcome.UNKNOWN, Bill({}, 300), 1)
    with pytest.raises(ProviderError) as refused:
        await meter.start(picture(claim, worst=1))
    assert (refused.value.code, refused.value.retryable) == (ErrorCode.UNKNOWN, False)


async def test_a_call_for_which_nothing_was_set_aside_is_not_made(shop: Shop) -> None:
    await shop.order()
    claim = await shop.claimed()
    with pytest.raises(ProviderError) as refused:
        await DatabaseMeter(shop.database).start(picture(claim, worst=WORST + 1))
    assert refused.value.code == ErrorCode.SERVICE_BUDGET_EXCEEDED


async def test_calls_that_begin_at_once_never_take_more_than_was_set_aside(
    shop: Shop, other: Database, rows: Rows
) -> None:
    await shop.order()
    claim = await shop.claimed()
    meters = [DatabaseMeter(shop.database), DatabaseMeter(other)]
    calls = [picture(claim, worst=WORST // 7, page=number) for number in range(20)]
    starts = [meters[number % 2].start(call) for number, call in enumerate(calls)]
    begun = await asyncio.gather(*starts, return_exceptions=True)
    assert sum(isinstance(number, int) for number in begun) == 7
    refused = [one.code for one in begun if isinstance(one, ProviderError)]
    assert refused == [ErrorCode.SERVICE_BUDGET_EXCEEDED] * 13
    state = "SELECT (SELECT sum(worst) FROM provider_calls), used, reserved FROM job_budgets"
    assert await rows(state) == [(WORST, WORST, WORST)]


async def test_calls_that_died_with_their_runners_count_for_the_day_and_leave_the_job_its_room(
    shop: Shop, rows: Rows
) -> None:
    await shop.order()
    claim, meter = await shop.claimed(), DatabaseMeter(shop.database)
    dead = []
    for _ in range(12):
        dead.append(await meter.start(picture(claim)))
        await rows("UPDATE provider_calls SET repay_not_before = now() RETURNING id")
        await rows("UPDATE jobs SET lease_until = now() - interval '1 second' RETURNING id")
        claim = await shop.claimed()
    assert await today(shop) == WORST + 12 * 300
    for number, outcome, bill in (
        (dead[0], Outcome.OK, Bill({}, 100)),  # it was only frozen
        (dead[1], Outcome.UNKNOWN, Bill({}, 300)),
        (await meter.start(picture(claim)), Outcome.OK, Bill({}, 250)),
    ):
        await meter.end(number, outcome, bill, 1)
    assert await rows("SELECT used, reserved - used FROM job_budgets") == [(100 + 11 * 300 + 250, WORST - 250)]


KEEPING = (
    "INSERT INTO step_artifacts (job_id, step, page_number, artifact) SELECT id, '{}', {}, '{{}}' FROM jobs RETURNING 1"
)


async def stopped(shop: Shop, claim: Any, rows: Rows) -> None:
    async with shop.database.session() as session:
        await parking.leave(session, claim)


async def died(shop: Shop, claim: Any, rows: Rows) -> None:
    await rows("UPDATE jobs SET lease_until = now() - interval '1 second' RETURNING id")


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.OK], ids=["broken off", "lost"])
@pytest.mark.parametrize("end", [stopped, died], ids=lambda end: end.__name__)
async def test_what_is_broken_off_or_lost_with_a_process_counts_for_the_day_and_leaves_the_job_its_room(
    shop: Shop, rows: Rows, end: Callable[[Shop, Any, Rows], Awaitable[None]], outcome: Outcome
) -> None:
    await shop.order()
    meter, numbers = DatabaseMeter(shop.database), []
    for _ in range(12):
        claim = await shop.claimed()
        numbers.append(await meter.start(picture(claim)))
        await meter.end(numbers[-1], outcome, Bill({}, 200), 1)
        await end(shop, claim, rows)
    claim = await shop.claimed()
    assert await rows("SELECT used, reserved - used FROM job_budgets") == [(12 * 200, WORST)]
    assert await today(shop) == WORST + 12 * 200
    await meter.end(numbers[0], Outcome.OK, Bill({}, 100), 1)  # known now, where it was not before
    known = 100 if outcome is Outcome.UNKNOWN else 0
    assert await rows("SELECT used, reserved - used FROM job_budgets") == [(12 * 200 - known, WORST)]


@pytest.mark.parametrize(
    ("step", "page", "kept_as"),
    [(Step.GENERATE_IMAGES, 1, 1), (Step.GENERATE_STORY, WHOLE_BOOK, UNJUDGED), (Step.NARRATE, 3, 3)],
)
async def test_a_result_that_is_kept_stays_within_what_its_job_may_cost(
    shop: Shop, rows: Rows, step: Step, page: int, kept_as: int
) -> None:
    await shop.order()
    claim, meter = await shop.claimed(), DatabaseMeter(shop.database)
    about = Purpose(claim.job_id, claim.user_id, step, page, claim.fence)
    await meter.end(await meter.start(picture(claim)._replace(purpose=about)), Outcome.OK, Bill({}, 200), 1)
    await rows(KEEPING.format(step, kept_as))
    await stopped(shop, claim, rows)
    await shop.claimed()
    assert await rows("SELECT used, reserved FROM job_budgets") == [(200, WORST)]


async def test_what_can_be_asked_for_by_its_id_stays_within_what_its_job_may_cost(shop: Shop, rows: Rows) -> None:
    await shop.order()
    claim, meter = await shop.claimed(), DatabaseMeter(shop.database)
    for page, outcome in ((1, Outcome.UNKNOWN), (2, Outcome.OK)):
        number = await meter.start(picture(claim, page=page))
        await meter.note_id(number, f"an-id-{page}")
        await meter.end(number, outcome, Bill({}, 200), 1)
    await stopped(shop, claim, rows)
    await shop.claimed()
    assert await rows("SELECT used, reserved FROM job_budgets") == [(400, WORST)]


async def test_the_budget_bounds_what_comes_to_nothing_while_a_job_waits_for_a_vendor(shop: Shop, rows: Rows) -> None:
    await shop.order()
    meter = DatabaseMeter(shop.database)
    for _ in range(2):
        claim = await shop.claimed()
        await meter.end(await meter.start(picture(claim)), Outcome.UNKNOWN, Bill({}, 300), 1)
        async with shop.database.session() as session:
            await parking.park(session, claim, 0, ErrorCode.IMAGE_FAILED, longest=60)
    with pytest.raises(ProviderError) as refused:
        await meter.start(picture(await shop.claimed()))
    assert refused.value.code == ErrorCode.SERVICE_BUDGET_EXCEEDED


async def test_what_nobody_knew_the_cost_of_and_is_known_now_is_counted_once(shop: Shop, rows: Rows) -> None:
    await shop.order()
    claim, meter = await shop.claimed(), DatabaseMeter(shop.database)
    number = await meter.start(picture(claim))
    for outcome, cost in ((Outcome.UNKNOWN, 200), (Outcome.UNKNOWN, 200), (Outcome.OK, 250), (Outcome.OK, 250)):
        await meter.end(number, outcome, Bill({}, cost), 1)
        assert await rows("SELECT used FROM job_budgets") == [(cost,)]


class Forgetful(Database):
    """Does what it is told, and loses the first answer."""

    answers = False

    async def run(self, statement: Prepared, **values: Any) -> list[Any]:
        rows = await super().run(statement, **values)
        if self.answers:
            return rows
        self.answers = True
        raise ConnectionResetError


@pytest.mark.parametrize("kind", ["paid", "free", "outside"])
async def test_a_call_is_begun_once_also_when_the_answer_of_the_database_is_lost(
    shop: Shop, rows: Rows, kind: str
) -> None:
    await shop.order()
    claim = await shop.claimed()
    call = picture(claim, worst=300 if kind == "paid" else 0)
    meter = DatabaseMeter(Forgetful(shop.database.engine))
    number = await meter.start(call._replace(purpose=None) if kind == "outside" else call)
    assert await rows("SELECT id FROM provider_calls") == [(number,)]
    assert await rows("SELECT used FROM job_budgets") == [(300 if kind == "paid" else 0,)]


async def test_a_call_whose_first_writing_is_not_yet_over_is_begun_once(shop: Shop, rows: Rows) -> None:
    await shop.order()
    call, twice = picture(await shop.claimed()), Twice(shop.database.engine)
    number = await DatabaseMeter(twice).start(call)
    assert await rows("SELECT id FROM provider_calls") == [(number,)]
    assert await rows("SELECT used FROM job_budgets") == [(300,)]


class Twice(Database):
    """Sends the first statement twice at the same time, as one does who has lost the connection meanwhile."""

    asked = False

    async def run(self, statement: Prepared, **values: Any) -> list[Any]:
        if self.asked:
            return await super().run(statement, **values)
        self.asked = True
        async with self.session() as session:
            await session.execute(text("SELECT 1 FROM job_budgets FOR UPDATE"))
            sent = [asyncio.create_task(super(Twice, self).run(statement, **values)) for _ in range(2)]
            await asyncio.sleep(0.3)
        first, second = await asyncio.gather(*sent, return_exceptions=True)
        raise next(answer for answer in (first, second) if isinstance(answer, BaseException))
