"""Credits over HTTP: what there is, what it is for, what happened."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from storybook.core.database import Database
from storybook.core.settings import Settings
from storybook.domain.credits import PlanName
from storybook.services import audit, credits
from tests import money
from tests.api.conftest import SPEC, Follow
from tests.money import Payment

ROUTES = ("/v1/credits/status", "/v1/credits/balance", "/v1/credits/transactions", "/v1/credits/check")
HUGE = 10**30


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nothing but credits limits how much is asked for."""
    generous = {
        "rate_limit_requests": 1_000_000,
        "books_per_day": 1_000_000,
        "pending_books_per_user": 1_000_000,
        "pending_books": 1_000_000,
    }
    return settings.model_copy(update={name: number for name, number in generous.items() if hasattr(settings, name)})


async def user_id_of(client: httpx.AsyncClient, database: Database) -> str:
    """The id of the client's user, the only one."""
    await client.get("/v1/credits/balance")
    async with database.session() as session:
        return str(await session.scalar(text("SELECT id FROM users")))


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(f"/v1/credits/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("route", ROUTES)
async def test_a_new_user_has_a_gift_of_three_whatever_is_asked_first(idle: httpx.AsyncClient, route: str) -> None:
    assert (await idle.get(route)).status_code == 200
    assert await get(idle, "balance") == {"credits": 3}


async def test_the_status_tells_credits_and_plans(idle: httpx.AsyncClient, database: Database) -> None:
    user_id = await user_id_of(idle, database)
    async with database.session() as session:
        await money.pay(session, user_id, Payment("a-pack", 5))
    await idle.post("/v1/books", json=SPEC)
    status = await get(idle, "status")
    assert status["credits"] == {"credits": 7, "held": 1, "owed": 0, "total_purchased": 5, "total_used": 0}
    assert status["subscription"] is None
    plans = {plan["id"]: (plan["name"], plan["price"], plan["credits_per_month"]) for plan in status["available_plans"]}
    assert plans == {
        "free": ("무료", 0, 0),
        "basic": ("베이직", 9_900, 15),
        "premium": ("프리미엄", 19_900, 50),
    }
    assert all(plan["features"] for plan in status["available_plans"])


@pytest.mark.parametrize(
    ("status", "days_left", "shown"),
    [("active", 3, True), ("cancelled", 3, True), ("active", -1, False), ("expired", 3, False)],
)
async def test_a_plan_is_shown_to_the_end_of_its_period(
    idle: httpx.AsyncClient, database: Database, status: str, days_left: int, *, shown: bool
) -> None:
    user_id = await user_id_of(idle, database)
    async with database.session() as session:
        await session.execute(
            text(
                "INSERT INTO subscriptions (user_id, store, original_transaction_id, plan, status, credits_per_month, "
                "current_period_start, current_period_end) VALUES (:user, 'development', 'a plan', :plan, "
                ":status, 15, now() - interval '20 days', now() + make_interval(days => :days))"
            ),
            {"user": user_id, "plan": PlanName.BASIC, "status": status, "days": days_left},
        )
    plan = (await get(idle, "status"))["subscription"]
    assert bool(plan) is shown
    if plan:
        assert (plan["plan"], plan["plan_name"], plan["status"]) == ("basic", "베이직", status)
        assert plan["credits_per_month"] == 15 and plan["current_period_end"].endswith("Z") and plan["features"]


async def test_what_happened_is_told_newest_first_in_the_words_of_the_app(
    client: httpx.AsyncClient, database: Database, ended: Follow
) -> None:
    user_id = await user_id_of(client, database)
    await ended((await client.post("/v1/books", json=SPEC)).json()["job_id"])
    async with database.session() as session:
        pack, month = Payment("a-pack", 5), Payment("a-month", 15, money.ProductKind.SUBSCRIPTION)
        await money.pay(session, user_id, pack)
        await money.pay(session, user_id, month)
        await money.order(session, user_id, "failing")
        await money.fail(session, user_id, "failing")
        await money.take_back(session, user_id, pack)
    told = await get(client, "transactions")
    assert [(each["transaction_type"], each["amount"], each["balance_after"]) for each in told] == [
        ("refund", -5, 17),
        ("refund", 1, 22),
        ("usage", -1, 21),
        ("subscription", 15, 22),
        ("purchase", 5, 7),
        ("usage", -1, 2),
        ("bonus", 3, 3),
    ]
    assert all(each["description"] and each["created_at"].endswith("Z") for each in told)


@pytest.mark.parametrize(
    ("language", "words"), [("ko", "환영 선물"), ("en", "Welcome gift"), ("ja", "ウェルカムギフト")]
)
async def test_it_is_told_in_the_users_language(
    idle: httpx.AsyncClient, database: Database, language: str, words: str
) -> None:
    await user_id_of(idle, database)
    async with database.session() as session:
        await session.execute(text("UPDATE users SET language = :language"), {"language": language})
    assert [each["description"] for each in await get(idle, "transactions")] == [words]


async def test_a_long_list_is_read_in_parts_by_offset_or_by_cursor(idle: httpx.AsyncClient, database: Database) -> None:
    user_id = await user_id_of(idle, database)
    async with database.session() as session:
        for number in range(1, 7):
            await credits.grant(session, user_id, number, "a reason")
    all_of_it = [each["id"] for each in await get(idle, "transactions")]
    assert len(all_of_it) == 7
    assert [each["id"] for each in await get(idle, "transactions", limit=3, offset=2)] == all_of_it[2:5]
    read, query = [], {"limit": "3"}
    while True:
        answer = await idle.get("/v1/credits/transactions", params=query)
        read += [each["id"] for each in answer.json()]
        if not (cursor := answer.headers.get("X-Next-Cursor")):
            break
        query["cursor"] = cursor
        async with database.session() as session:
            await credits.grant(session, user_id, 1, "while it is read")
    assert read == all_of_it


async def test_nobody_sees_what_happened_to_somebody_else(idle: httpx.AsyncClient, database: Database) -> None:
    user_id = await user_id_of(idle, database)
    async with database.session() as session:
        await credits.grant(session, user_id, 40, "a reason")
    idle.headers["X-User-Key"] = "the-key-of-another"
    assert await get(idle, "balance") == {"credits": 3}
    assert len(await get(idle, "transactions")) == 1


@pytest.mark.parametrize(("required", "enough"), [(1, True), (3, True), (4, False)])
async def test_the_check_says_whether_there_is_enough(idle: httpx.AsyncClient, required: int, *, enough: bool) -> None:
    assert await get(idle, "check", required=required) == {
        "has_credits": enough,
        "current_credits": 3,
        "required": required,
    }


@pytest.mark.parametrize("value", [0, -1, HUGE, -HUGE, "1.5", "1e3", "NaN", "", "one", "null", "1\0"])
@pytest.mark.parametrize(
    ("path", "name"), [("check", "required"), ("transactions", "limit"), ("transactions", "cursor")]
)
async def test_a_number_that_cannot_be_is_refused(idle: httpx.AsyncClient, path: str, name: str, value: object) -> None:
    answer = await idle.get(f"/v1/credits/{path}", params={name: value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("value", [-1, HUGE, "0.5", ""])
async def test_an_offset_that_cannot_be_is_refused(idle: httpx.AsyncClient, value: object) -> None:
    assert (await idle.get("/v1/credits/transactions", params={"offset": value})).status_code == 422


async def test_of_two_hundred_orders_at_once_a_hundred_credits_buy_a_hundred(
    idle: httpx.AsyncClient, database: Database
) -> None:
    user_id = await user_id_of(idle, database)
    async with database.session() as session:
        await credits.grant(session, user_id, 97, "a hundred in all")
    orders = (idle.post("/v1/books", json=SPEC | {"topic": f"a fox and {number} lights"}) for number in range(200))
    answers = [answer.status_code for answer in await asyncio.gather(*orders)]
    assert sorted(answers) == [200] * 100 + [402] * 100
    assert await get(idle, "balance") == {"credits": 0}
    async with database.reading() as session:
        assert await audit.examine(session) == []
