"""Google Play: a purchase is what Google says of its token, and news are what Google signed for us."""

import base64
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from storybook.core.settings import Settings
from storybook.domain.purchases import PRODUCTS, Store
from storybook.domain.receipts import (
    ExpiredReceipt,
    ForeignReceipt,
    ForgedNews,
    InvalidReceipt,
    NewsKind,
    PendingReceipt,
    SandboxReceipt,
    StoreAway,
    UnknownProduct,
)
from storybook.stores.registry import Stores, make_stores
from tests.google import (
    AUDIENCE,
    PACKAGE,
    PUSH_ACCOUNT,
    FakeGoogle,
    authorization,
    push,
    receipt,
    running,
    write_account,
)

PACK = "storybook.credits.5"
PLAN = "storybook.plan.basic"


@pytest.fixture
def google() -> Iterator[FakeGoogle]:
    with running() as fake:
        yield fake


@pytest.fixture
async def stores(google: FakeGoogle, tmp_path: Path) -> AsyncIterator[Stores]:
    settings = Settings(
        _env_file=None,
        google_package_name=PACKAGE,
        sandbox_purchases=True,
        google_service_account_file=write_account(tmp_path),
        google_push_audience=AUDIENCE,
        google_push_account=PUSH_ACCOUNT,
        google_play_base_url=google.url,
        google_token_url=f"{google.url}/token",
        google_keys_url=f"{google.url}/keys",
    )
    async with httpx.AsyncClient(trust_env=False) as client:
        yield make_stores(settings, client)


async def test_a_pack_is_looked_up_by_its_token(stores: Stores, google: FakeGoogle) -> None:
    token = google.pack(orderId="GPA.1")
    payment = await stores.verify(Store.GOOGLE, receipt(PACK, token))
    assert (payment.transaction_id, payment.original_transaction_id) == ("GPA.1", "GPA.1")
    assert (payment.product_id, payment.token) == (PACK, token)
    assert payment.to_confirm and payment.period_end is None and payment.revoked_at is None
    assert google.asked == [f"GET purchases/products/{PACK}/tokens/{token.replace('/', '%2F')}"]


async def test_a_plan_is_looked_up_by_its_token(stores: Stores, google: FakeGoogle) -> None:
    token = google.plan(order="GPA.7..3", acknowledgementState="ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED")
    payment = await stores.verify(Store.GOOGLE, receipt(PLAN, token))
    assert (payment.transaction_id, payment.original_transaction_id) == ("GPA.7..3", "GPA.7")
    assert payment.period_end and payment.purchased_at < payment.period_end
    assert not payment.to_confirm


async def test_a_plan_is_the_item_that_was_paid_and_of_several_the_one_that_runs_longest(
    stores: Stores, google: FakeGoogle
) -> None:
    token = google.plan(linkedPurchaseToken="the old token")
    owned = google.purchases[token]["lineItems"][0]
    to_come = {"productId": "storybook.plan.premium", "expiryTime": "2100-01-01T00:00:00Z"}
    ended = owned | {"expiryTime": "2020-01-01T00:00:00Z", "latestSuccessfulOrderId": "GPA.0"}
    google.purchases[token]["lineItems"] = [to_come, ended, owned]
    payment = await stores.verify(Store.GOOGLE, receipt(PLAN, token))
    assert (payment.product_id, payment.transaction_id) == (PLAN, owned["latestSuccessfulOrderId"])
    assert payment.replaced_token == "the old token" and not payment.free


async def test_a_plan_without_a_successful_order_is_not_paid(stores: Stores, google: FakeGoogle) -> None:
    token = google.plan(latestOrderId="GPA.declined")
    del google.purchases[token]["lineItems"][0]["latestSuccessfulOrderId"]
    with pytest.raises(PendingReceipt):
        await stores.verify(Store.GOOGLE, receipt(PLAN, token))


async def test_a_trial_is_free(stores: Stores, google: FakeGoogle) -> None:
    token = google.plan()
    google.purchases[token]["lineItems"][0]["offerPhase"] = {"freeTrial": {}}
    assert (await stores.verify(Store.GOOGLE, receipt(PLAN, token))).free


@pytest.mark.parametrize("milliseconds", ["-1", "9" * 30, "x"])
async def test_a_time_that_is_none_is_not_believed(stores: Stores, google: FakeGoogle, milliseconds: str) -> None:
    with pytest.raises(StoreAway):
        await stores.verify(Store.GOOGLE, receipt(PACK, google.pack(purchaseTimeMillis=milliseconds)))
    with pytest.raises(ForgedNews):
        await stores.read_news(Store.GOOGLE, push({"eventTimeMillis": milliseconds}), authorization())


async def test_the_product_of_a_plan_is_googles_word_and_not_the_apps(stores: Stores, google: FakeGoogle) -> None:
    payment = await stores.verify(Store.GOOGLE, receipt("storybook.plan.premium", google.plan(PLAN)))
    assert payment.product_id == PLAN


async def test_one_access_token_serves_many_questions(stores: Stores, google: FakeGoogle) -> None:
    for _ in range(3):
        await stores.verify(Store.GOOGLE, receipt(PACK, google.pack()))
    assert google.tokens_given == 1


async def test_what_was_given_for_a_code_has_an_id_of_its_own(stores: Stores, google: FakeGoogle) -> None:
    payment = await stores.verify(Store.GOOGLE, receipt(PACK, google.pack(orderId=None, purchaseType=1)))
    assert payment.transaction_id.startswith("token:") and len(payment.transaction_id) <= 120


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"purchaseState": 2}, PendingReceipt),
        ({"quantity": 3}, InvalidReceipt),
    ],
)
async def test_a_pack_that_was_not_simply_paid_is_refused(
    stores: Stores, google: FakeGoogle, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await stores.verify(Store.GOOGLE, receipt(PACK, google.pack(**changes)))


async def test_a_pack_that_was_cancelled_says_so(stores: Stores, google: FakeGoogle) -> None:
    assert (await stores.verify(Store.GOOGLE, receipt(PACK, google.pack(purchaseState=1)))).revoked_at


async def test_a_plan_that_is_not_paid_yet_is_refused(stores: Stores, google: FakeGoogle) -> None:
    token = google.plan(subscriptionState="SUBSCRIPTION_STATE_PENDING", startTime=None)
    with pytest.raises(PendingReceipt):
        await stores.verify(Store.GOOGLE, receipt(PLAN, token))


@pytest.mark.parametrize("plan", [True, False])
async def test_what_nobody_paid_for_is_refused_in_production(google: FakeGoogle, stores: Stores, plan: bool) -> None:  # noqa: FBT001
    token = google.plan(testPurchase={}) if plan else google.pack(purchaseType=0)
    shown = receipt(PLAN if plan else PACK, token)
    assert await stores.verify(Store.GOOGLE, shown)
    strict = Stores(stores._verifiers, sandbox=False)
    with pytest.raises(SandboxReceipt):
        await strict.verify(Store.GOOGLE, shown)


@pytest.mark.parametrize(
    ("shown", "refusal"),
    [
        ("", InvalidReceipt),
        ("[]", InvalidReceipt),
        ("[" * 10_000, InvalidReceipt),
        ('{"packageName": 5}', InvalidReceipt),
        (receipt(PACK, ""), InvalidReceipt),
        (receipt(PACK, "x" * 2001), InvalidReceipt),
        (receipt(PACK, "never-seen"), InvalidReceipt),
        (receipt(PACK, "../../../../other/purchases"), InvalidReceipt),
        (receipt(PACK, "a-token", "com.example.other"), ForeignReceipt),
        (receipt("storybook.credits.1000", "a-token"), UnknownProduct),
    ],
)
async def test_what_google_does_not_know_is_no_receipt(
    stores: Stores, google: FakeGoogle, shown: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await stores.verify(Store.GOOGLE, shown)
    assert all(asked.startswith(f"GET purchases/products/{PACK}/tokens/") for asked in google.asked)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [(410, ExpiredReceipt), (400, InvalidReceipt), (403, StoreAway), (429, StoreAway), (500, StoreAway)],
)
async def test_how_google_refuses_decides_what_the_user_is_told(
    stores: Stores, google: FakeGoogle, status: int, refusal: type[Exception]
) -> None:
    google.status = status
    with pytest.raises(refusal):
        await stores.verify(Store.GOOGLE, receipt(PACK, google.pack()))
    assert len(google.asked) == 1


async def test_an_answer_that_is_none_is_not_believed(stores: Stores, google: FakeGoogle) -> None:
    google.purchases["odd"] = {"purchaseState": "maybe"}
    with pytest.raises(StoreAway):
        await stores.verify(Store.GOOGLE, receipt(PACK, "odd"))


async def test_google_is_told_what_was_given(stores: Stores, google: FakeGoogle) -> None:
    pack, plan = google.pack(), google.plan()
    await stores.confirm(Store.GOOGLE, PRODUCTS[PACK], pack)
    await stores.confirm(Store.GOOGLE, PRODUCTS[PLAN], plan)
    assert google.asked == [
        f"POST purchases/products/{PACK}/tokens/{pack.replace('/', '%2F')}:consume",
        f"POST purchases/subscriptions/{PLAN}/tokens/{plan.replace('/', '%2F')}:acknowledge",
    ]


async def test_a_renewal_is_found_by_the_token(stores: Stores, google: FakeGoogle) -> None:
    token = google.plan(order="GPA.9..0")
    payment = await stores.renewal(Store.GOOGLE, "GPA.9", token)
    assert payment and payment.transaction_id == "GPA.9..0"
    assert await stores.renewal(Store.GOOGLE, "GPA.9", "gone") is None
    assert await stores.renewal(Store.GOOGLE, "GPA.9", None) is None


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (4, NewsKind.PAID),
        (2, NewsKind.PAID),
        (1, NewsKind.PAID),
        (3, NewsKind.CANCELLED),
        (7, NewsKind.RESUMED),
        (12, NewsKind.REFUNDED),
        (13, NewsKind.ENDED),
    ],
)
async def test_signed_pushes_about_a_plan_are_read(
    stores: Stores, google: FakeGoogle, number: int, kind: NewsKind
) -> None:
    told = {"subscriptionNotification": {"notificationType": number, "purchaseToken": google.plan(order="GPA.5..1")}}
    news = await stores.read_news(Store.GOOGLE, push(told, "m9"), authorization())
    assert news and news.kind is kind and news.notification_id == "m9"
    assert (news.transaction_id, news.original_transaction_id) == ("GPA.5..1", "GPA.5")


async def test_a_push_about_a_voided_purchase_is_a_refund(stores: Stores, google: FakeGoogle) -> None:
    told = {"voidedPurchaseNotification": {"purchaseToken": "t", "orderId": "GPA.5..1", "productType": 1}}
    news = await stores.read_news(Store.GOOGLE, push(told), authorization())
    assert news and news.kind is NewsKind.REFUNDED and news.payment is None
    assert (news.transaction_id, news.original_transaction_id) == ("GPA.5..1", "GPA.5")


@pytest.mark.parametrize(
    "told",
    [
        {"testNotification": {"version": "1.0"}},
        {"oneTimeProductNotification": {"notificationType": 1, "purchaseToken": "t", "sku": PACK}},
        {"subscriptionNotification": {"notificationType": 8, "purchaseToken": "t"}},
        {"subscriptionNotification": {"notificationType": 4, "purchaseToken": "never-seen"}},
    ],
)
async def test_other_pushes_change_nothing(stores: Stores, told: dict[str, Any]) -> None:
    assert await stores.read_news(Store.GOOGLE, push(told), authorization()) is None


STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FORGED = {
    "without a token": {},
    "with another scheme": {"authorization": "Basic " + authorization()["authorization"][7:]},
    "with no token": {"authorization": "Bearer nothing"},
    "with a deep one": {"authorization": f"Bearer {base64.urlsafe_b64encode(b'[' * 30_000).decode()}.e30.AAAA"},
    "by another key under Google's name": authorization(STRANGER),
    "by an unknown key": authorization(STRANGER, kid="two"),
    "for another audience": authorization(aud="https://other.example"),
    "by another issuer": authorization(iss="https://accounts.example"),
    "by another account": authorization(email="somebody@project.example"),
    "by an unverified account": authorization(email_verified=False),
    "expired": authorization(exp=int(time.time()) - 60),
    "without an end": authorization(exp=None),
}


@pytest.mark.parametrize("case", FORGED)
async def test_pushes_that_google_did_not_sign_for_us_are_not_heard(
    stores: Stores, google: FakeGoogle, case: str
) -> None:
    told = {"subscriptionNotification": {"notificationType": 4, "purchaseToken": google.plan()}}
    with pytest.raises(ForgedNews):
        await stores.read_news(Store.GOOGLE, push(told), FORGED[case])
    assert google.asked == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", push({}, package="com.example.other"), b'{"message": {"messageId": "1", "data": "%"}}', b"[" * 10_000],
)
async def test_a_push_that_says_nothing_of_us_is_not_heard(stores: Stores, body: bytes) -> None:
    with pytest.raises(ForgedNews):
        await stores.read_news(Store.GOOGLE, body, authorization())


async def test_strange_keys_do_not_make_us_ask_google_again_and_again(stores: Stores, google: FakeGoogle) -> None:
    for number in range(20):
        with pytest.raises(ForgedNews):
            await stores.read_news(Store.GOOGLE, push({}), authorization(STRANGER, kid=f"k{number}"))
    assert google.keys_given == 1
