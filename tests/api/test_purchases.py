"""Buying over HTTP: nothing is given without proof, and nothing is given twice."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from storybook.core.database import Database
from storybook.domain.receipts import NewsKind
from storybook.services import audit
from tests.api.conftest import SPEC
from tests.receipts import BASIC, MONTH, NOW, PACK, PREMIUM, news, payment, signed

GIFT = 3
STRANGER = {"X-User-Key": "a-key-of-a-stranger"}
LONG_AGO = NOW - 2 * MONTH


async def add(client: httpx.AsyncClient, receipt: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
    whole = {"store": "development", "receipt": receipt} | body
    return await client.post("/v1/credits/add", json=whole, headers=headers)


async def subscribe(
    client: httpx.AsyncClient, receipt: str, plan: str = "basic", headers: dict[str, str] | None = None
) -> httpx.Response:
    body = {"plan": plan, "store": "development", "receipt": receipt}
    return await client.post("/v1/credits/subscribe", json=body, headers=headers)


async def tell(client: httpx.AsyncClient, kind: NewsKind, about: dict[str, Any], **changes: Any) -> httpx.Response:
    return await client.post("/v1/stores/development/news", json=news(kind, about, **changes))


async def balance(client: httpx.AsyncClient) -> int:
    return int((await client.get("/v1/credits/balance")).json()["credits"])


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    body = answer.json()
    assert (answer.status_code, body["error"]["code"]) == (status, code)
    assert set(body) == {"detail", "error", "request_id"} and body["error"]["message"]


async def bought(rows: Any) -> int:
    """The rows that only money writes."""
    tables = ("store_transactions", "subscriptions", "store_notifications")
    counted = [(await rows(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]  # noqa: S608 - our own names
    entries = await rows("SELECT count(*) FROM credit_transactions WHERE transaction_type <> 'gift'")
    return int(sum(counted) + entries[0][0])


async def test_a_receipt_brings_the_credits_of_its_product(idle: httpx.AsyncClient) -> None:
    answer = await add(idle, signed(payment(PACK)), amount=5)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "success",
        "message": "Thank you. The credits are yours.",
        "new_balance": GIFT + 5,
    }


async def test_the_same_receipt_again_is_answered_and_brings_nothing(idle: httpx.AsyncClient) -> None:
    receipt = signed(payment(PACK))
    first = await add(idle, receipt, {"X-Idempotency-Key": "once"})
    again = await add(idle, receipt, {"X-Idempotency-Key": "twice"})
    assert first.json() == again.json()
    assert await balance(idle) == GIFT + 5


async def test_fifty_at_once_with_one_receipt_bring_one_grant(idle: httpx.AsyncClient, rows: Any) -> None:
    receipt = signed(payment(PACK))
    headers = [{"X-Idempotency-Key": f"try {n}"} if n % 2 else {"X-User-Key": f"stranger-{n:04}"} for n in range(50)]
    answers = await asyncio.gather(*(add(idle, receipt, each) for each in headers))
    assert {answer.status_code for answer in answers} <= {200, 409, 429}
    assert sum(answer.status_code == 200 for answer in answers) >= 1
    entries = await rows("SELECT amount FROM credit_transactions WHERE transaction_type = 'purchase'")
    assert entries == [(5,)]


async def test_a_receipt_of_somebody_else_is_refused(idle: httpx.AsyncClient) -> None:
    receipt = signed(payment(PACK))
    await add(idle, receipt)
    assert_refused(await add(idle, receipt, STRANGER), 409, "RECEIPT_CLAIMED")


WORTHLESS = {
    "forged": (signed(payment(), key="another key that signs receipts!!"), "RECEIPT_INVALID"),
    "unsigned": (signed(payment()).rpartition(".")[0] + ".", "RECEIPT_INVALID"),
    "truncated": (signed(payment())[:-10], "RECEIPT_INVALID"),
    "no token": ("a receipt, I promise", "RECEIPT_INVALID"),
    "incomplete": (signed({"transaction_id": "1"}), "RECEIPT_INVALID"),
    "with a name that is too long": (signed(payment(transaction_id="t" * 121)), "RECEIPT_INVALID"),
    "with a name that is not printed": (signed(payment(transaction_id="a\0b")), "RECEIPT_INVALID"),
    "of the first day": (signed(payment(purchased_at="0001-01-01T00:00:00+14:00")), "RECEIPT_INVALID"),
    "that never ends": (signed(payment(BASIC, period_end="9999-12-31T23:59:59-14:00")), "RECEIPT_INVALID"),
    "a pack with a period": (signed(payment(period_end=(NOW + MONTH).isoformat())), "RECEIPT_INVALID"),
    "a period that ends before it began": (
        signed(payment(BASIC, period_end=LONG_AGO.isoformat())),
        "RECEIPT_INVALID",
    ),
    "of another app": (signed(payment() | {"aud": "another"}), "RECEIPT_FOREIGN"),
    "expired": (signed(payment(), exp=LONG_AGO), "RECEIPT_EXPIRED"),
    "refunded": (signed(payment(revoked_at=NOW.isoformat())), "RECEIPT_REFUNDED"),
    "of an unknown product": (signed(payment("storybook.credits.1000000")), "PRODUCT_UNKNOWN"),
    "of a plan": (signed(payment(BASIC)), "VALIDATION_ERROR"),
}


@pytest.mark.parametrize("case", WORTHLESS)
async def test_a_worthless_receipt_writes_nothing(idle: httpx.AsyncClient, rows: Any, case: str) -> None:
    receipt, code = WORTHLESS[case]
    assert_refused(await add(idle, receipt), 422, code)
    assert await bought(rows) == 0


BAD: dict[str, dict[str, Any]] = {
    "no receipt": {"receipt": None},
    "an empty receipt": {"receipt": ""},
    "a receipt with NUL": {"receipt": "a\0b"},
    "a receipt with a lone surrogate": {"receipt": "\ud800"},
    "a huge receipt": {"receipt": "x" * 20_001},
    "no store": {"store": None},
    "an unknown store": {"store": "market"},
    "another amount than the receipt's": {"amount": 15},
    "a negative amount": {"amount": -5},
    "no amount at all": {"amount": 0},
    "a huge amount": {"amount": 3_000_000_000},
    "half a credit": {"amount": 4.5},
    "an amount as text": {"amount": "5"},
    "another transaction than the receipt's": {"transaction_id": "another"},
    "a store that is not offered": {"store": "apple"},
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_purchase_writes_nothing(idle: httpx.AsyncClient, rows: Any, case: str) -> None:
    body = {"store": "development", "receipt": signed(payment())} | BAD[case]
    sent = {name: value for name, value in body.items() if value is not None}
    answer = await idle.post("/v1/credits/add", content=json.dumps(sent), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] in {"VALIDATION_ERROR", "STORE_NOT_OFFERED"}
    assert await bought(rows) == 0


async def test_a_plan_brings_its_credits_and_runs_for_its_period(idle: httpx.AsyncClient) -> None:
    answer = await subscribe(idle, signed(payment(BASIC)))
    assert answer.status_code == 200
    plan = answer.json()["subscription"]
    assert (plan["plan"], plan["credits_per_month"]) == ("basic", 15)
    assert datetime.fromisoformat(plan["current_period_end"]) > datetime.now(UTC) + timedelta(days=29)
    assert await balance(idle) == GIFT + 15


@pytest.mark.parametrize(
    ("plan", "product", "code"),
    [
        ("gold", BASIC, "VALIDATION_ERROR"),
        ("free", BASIC, "VALIDATION_ERROR"),
        ("premium", BASIC, "VALIDATION_ERROR"),
        ("basic", PACK, "VALIDATION_ERROR"),
    ],
)
async def test_a_plan_needs_a_receipt_of_that_plan(
    idle: httpx.AsyncClient, rows: Any, plan: str, product: str, code: str
) -> None:
    assert_refused(await subscribe(idle, signed(payment(product)), plan), 422, code)
    assert await bought(rows) == 0


@pytest.mark.parametrize("later", [timedelta(0), timedelta(seconds=1), timedelta(days=3)])
async def test_two_payments_of_one_period_bring_its_credits_once(
    idle: httpx.AsyncClient, database: Database, later: timedelta
) -> None:
    first = payment(BASIC)
    await subscribe(idle, signed(first))
    end = datetime.fromisoformat(first["period_end"]) + later
    again = payment(BASIC, original_transaction_id=first["original_transaction_id"], period_end=end.isoformat())
    assert (await subscribe(idle, signed(again))).status_code == 200
    assert await balance(idle) == GIFT + 15
    async with database.session() as session:
        assert await audit.examine(session) == []
        more = text(
            "UPDATE store_transactions SET credits = 15, period_end = period_end + interval '1 s' WHERE credits = 0"
        )
        await session.execute(more)
        assert "once for the same time" in {finding.check for finding in await audit.examine(session)}


async def test_a_trial_is_not_thanked_for_with_credits(idle: httpx.AsyncClient) -> None:
    answer = await subscribe(idle, signed(payment(BASIC, free=True)))
    assert answer.json()["message"].startswith("Thank you. Your free trial has begun.")
    assert await balance(idle) == GIFT


async def test_a_plan_whose_time_is_over_is_refused(idle: httpx.AsyncClient, rows: Any) -> None:
    assert_refused(await subscribe(idle, signed(payment(BASIC, began=LONG_AGO))), 422, "RECEIPT_EXPIRED")
    assert await bought(rows) == 0


async def test_a_plan_of_somebody_else_is_refused_in_every_period(idle: httpx.AsyncClient) -> None:
    first = payment(BASIC)
    await subscribe(idle, signed(first))
    later = payment(BASIC, began=NOW, original_transaction_id=first["original_transaction_id"])
    for receipt in (first, later):
        assert_refused(await subscribe(idle, signed(receipt), headers=STRANGER), 409, "RECEIPT_CLAIMED")


async def test_a_better_plan_takes_the_place_of_the_plan_before(idle: httpx.AsyncClient, rows: Any) -> None:
    basic = payment(BASIC)
    await subscribe(idle, signed(basic))
    premium = payment(PREMIUM, began=NOW, original_transaction_id=basic["original_transaction_id"])
    answer = await subscribe(idle, signed(premium), "premium")
    assert answer.json()["subscription"]["plan"] == "premium"
    assert await rows("SELECT plan, status FROM subscriptions") == [("premium", "active")]
    assert await balance(idle) == GIFT + 50


async def test_a_cancelled_plan_runs_on_and_the_user_is_told_where_to_stop_paying(
    idle: httpx.AsyncClient, rows: Any
) -> None:
    assert_refused(await idle.post("/v1/credits/cancel-subscription"), 404, "NOT_FOUND")
    until = (await subscribe(idle, signed(payment(BASIC)))).json()["subscription"]["current_period_end"]
    answer = (await idle.post("/v1/credits/cancel-subscription")).json()
    assert answer["status"] == "success"
    assert until[:10] in answer["message"] and "only the store can stop charging you" in answer["message"]
    assert await rows("SELECT status, current_period_end > now() FROM subscriptions") == [("cancelled", True)]
    again = await idle.post("/v1/credits/cancel-subscription", headers={"X-Idempotency-Key": "again"})
    assert_refused(again, 404, "NOT_FOUND")


async def test_news_five_times_have_one_effect(idle: httpx.AsyncClient) -> None:
    first = payment(BASIC, began=NOW - MONTH + timedelta(hours=1))
    await subscribe(idle, signed(first))
    renewed = payment(BASIC, began=NOW, original_transaction_id=first["original_transaction_id"])
    body = news(NewsKind.PAID, renewed)
    answers = await asyncio.gather(*(idle.post("/v1/stores/development/news", json=body) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    await tell(idle, NewsKind.PAID, renewed)
    assert await balance(idle) == GIFT + 15 + 15


async def test_a_refund_takes_back_what_is_left(idle: httpx.AsyncClient) -> None:
    pack = payment(PACK)
    await add(idle, signed(pack))
    for _ in range(2):
        await tell(idle, NewsKind.REFUNDED, pack)
    assert await balance(idle) == GIFT
    assert_refused(await add(idle, signed(pack), {"X-Idempotency-Key": "again"}), 422, "RECEIPT_REFUNDED")


async def test_what_was_spent_before_the_refund_is_owed_and_no_balance_is_negative(
    idle: httpx.AsyncClient, rows: Any
) -> None:
    pack = payment(PACK)
    await add(idle, signed(pack))
    for number in range(4):
        assert (await idle.post("/v1/books", json=SPEC | {"topic": f"a fox {number}"})).status_code == 200
    await tell(idle, NewsKind.REFUNDED, pack)
    assert await rows("SELECT credits, owed FROM user_credits") == [(0, 5 - (GIFT + 5 - 4))]


async def test_a_refund_that_comes_before_the_purchase_makes_its_receipt_worthless(idle: httpx.AsyncClient) -> None:
    pack = payment(PACK)
    await tell(idle, NewsKind.REFUNDED, pack)
    assert_refused(await add(idle, signed(pack)), 422, "RECEIPT_REFUNDED")
    assert await balance(idle) == GIFT


async def test_a_renewal_that_comes_before_the_first_receipt_is_kept(idle: httpx.AsyncClient) -> None:
    first = payment(BASIC, began=NOW - MONTH + timedelta(hours=1))
    renewed = payment(BASIC, began=NOW, original_transaction_id=first["original_transaction_id"])
    await tell(idle, NewsKind.PAID, renewed)
    answer = await subscribe(idle, signed(first))
    assert answer.json()["subscription"]["current_period_end"][:10] == f"{NOW + MONTH:%Y-%m-%d}"
    assert await balance(idle) == GIFT + 15 + 15


async def test_news_of_what_is_not_sold_here_are_heard_and_change_nothing(idle: httpx.AsyncClient, rows: Any) -> None:
    unknown = payment("storybook.credits.1000000")
    assert (await tell(idle, NewsKind.PAID, unknown)).status_code == 200
    assert await rows("SELECT count(*) FROM store_transactions") == [(0,)]


@pytest.mark.parametrize(
    "changes", [{"notification_id": "a\0b"}, {"told_at": "0001-01-01T00:00:00+14:00"}, {"transaction_id": "another"}]
)
async def test_signed_news_that_make_no_sense_are_not_heard(
    idle: httpx.AsyncClient, rows: Any, changes: dict[str, Any]
) -> None:
    assert_refused(await tell(idle, NewsKind.REFUNDED, payment(), **changes), 401, "NEWS_FORGED")
    assert await bought(rows) == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"signedPayload": 5}', b'{"signedPayload": "a.b.c"}', b"\xff", b"[" * 50_000],
)
async def test_news_that_nobody_signed_are_not_heard(idle: httpx.AsyncClient, rows: Any, body: bytes) -> None:
    answer = await idle.post("/v1/stores/development/news", content=body)
    assert_refused(answer, 401, "NEWS_FORGED")
    assert await bought(rows) == 0


async def test_news_signed_by_another_key_are_not_heard(idle: httpx.AsyncClient, rows: Any) -> None:
    forged = news(NewsKind.REFUNDED, payment())["signedPayload"]
    head, _, _ = forged.rpartition(".")
    answer = await idle.post("/v1/stores/development/news", json={"signedPayload": f"{head}.AAAA"})
    assert_refused(answer, 401, "NEWS_FORGED")
    assert await bought(rows) == 0


async def test_news_of_a_store_that_is_not_set_up_and_endless_news_are_refused(idle: httpx.AsyncClient) -> None:
    assert_refused(await idle.post("/v1/stores/google/news", json={}), 404, "NOT_FOUND")
    assert_refused(await idle.post("/v1/stores/market/news", json={}), 422, "VALIDATION_ERROR")
    huge = await idle.post("/v1/stores/development/news", content=b"x" * 300_000)
    assert_refused(huge, 413, "PAYLOAD_TOO_LARGE")
