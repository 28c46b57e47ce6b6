"""The App Store: only what is signed up to the root certificate counts, and only for our app."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

import httpx
import jwt
import pytest

from storybook.domain.purchases import Store
from storybook.domain.receipts import (
    ForeignReceipt,
    ForgedNews,
    InvalidReceipt,
    NewsKind,
    SandboxReceipt,
    StoreAway,
    StoreEnvironment,
)
from storybook.stores.apple import AppleApp, AppleStore
from storybook.stores.registry import Stores
from tests.apple import APP_ID, BUNDLE, NOW, AppleSigner, Authority, milliseconds, new_private_key, transaction
from tests.fixtures_http import serving

SIGNER = AppleSigner.new()
PRIVATE_KEY = new_private_key()
PLAN = "storybook.plan.basic"


class Statuses(BaseHTTPRequestHandler):
    """Answers as the App Store Server API, and remembers what it was asked."""

    status = 200
    answer: ClassVar[dict[str, Any]] = {}
    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        body = json.dumps(self.answer).encode()
        self.send_response(self.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def api() -> Iterator[tuple[type[Statuses], str]]:
    handler = type("Handler", (Statuses,), {"asked": []})
    with serving(handler) as url:
        yield handler, url


def app(
    base_url: str = "http://127.0.0.1:1", *, root: Authority = SIGNER.root, online_checks: bool = False
) -> AppleApp:
    return AppleApp(
        bundle_id=BUNDLE,
        app_id=APP_ID,
        issuer_id="issuer",
        key_id="KEY",
        private_key=PRIVATE_KEY,
        root_certificates=(root.der,),
        online_checks=online_checks,
        base_url=base_url,
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as opened:
        yield opened


@pytest.fixture
def store(client: httpx.AsyncClient) -> AppleStore:
    return AppleStore(app(), client)


async def test_a_signed_transaction_is_a_payment(store: AppleStore) -> None:
    told = transaction(PLAN)
    payment = await store.verify(SIGNER.sign(told))
    assert payment.store is Store.APPLE
    assert payment.transaction_id == told["transactionId"]
    assert payment.original_transaction_id == told["originalTransactionId"]
    assert payment.product_id == PLAN
    assert payment.environment is StoreEnvironment.PRODUCTION
    assert payment.period_end and milliseconds(payment.period_end) == told["expiresDate"]
    assert payment.revoked_at is None and not payment.to_confirm


async def test_a_trial_is_free(store: AppleStore) -> None:
    told = transaction(PLAN, offerType=1, offerDiscountType="FREE_TRIAL")
    assert (await store.verify(SIGNER.sign(told))).free


async def test_a_refunded_transaction_says_so(store: AppleStore) -> None:
    payment = await store.verify(SIGNER.sign(transaction(revocationDate=milliseconds(NOW))))
    assert payment.revoked_at is not None


STRANGER = AppleSigner.new()
EXPIRED = AppleSigner.new(root=SIGNER.root, leaf_until=NOW - timedelta(days=1))
GOOD = SIGNER.sign(transaction())
HEAD, BODY, SIGNATURE = GOOD.split(".")


def without_signature(algorithm: str) -> str:
    header = jwt.get_unverified_header(GOOD) | {"alg": algorithm}
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{head}.{BODY}."


FORGED = {
    "of another root": STRANGER.sign(transaction()),
    "of another root, under our root's name": STRANGER.sign(
        transaction(), chain=[STRANGER.leaf.der, STRANGER.intermediate.der, SIGNER.root.der]
    ),
    "with a chain that is not the signer's": STRANGER.sign(
        transaction(), chain=[SIGNER.leaf.der, SIGNER.intermediate.der, SIGNER.root.der]
    ),
    "with a chain that is too short": SIGNER.sign(transaction(), chain=[SIGNER.leaf.der, SIGNER.root.der]),
    "with a chain that is too long": SIGNER.sign(
        transaction(), chain=[SIGNER.leaf.der, SIGNER.intermediate.der, SIGNER.root.der, SIGNER.root.der]
    ),
    "with what is no certificate": SIGNER.sign(transaction(), chain=[b"a", b"b", b"c"]),
    "without certificates": SIGNER.sign(transaction(), x5c=[]),
    "by a leaf that may not sign receipts": AppleSigner.new(root=SIGNER.root, leaf_mark=None).sign(transaction()),
    "by an intermediate that is not Apple's": AppleSigner.new(root=SIGNER.root, intermediate_mark=None).sign(
        transaction()
    ),
    "by a leaf that had expired": EXPIRED.sign(transaction()),
    "with algorithm none": without_signature("none"),
    "with another algorithm": without_signature("HS256"),
    "with a changed text": f"{HEAD}.{SIGNER.sign(transaction()).split('.')[1]}.{SIGNATURE}",
    "truncated": GOOD[:-8],
    "empty": "",
    "no token": "MIIT...receipt",
    "deep": "W1tb" * 20_000 + ".e30.AAAA",
    "of Xcode, which nobody signs": jwt.encode(transaction(environment="Xcode"), "k" * 32, algorithm="HS256"),
    "of local tests, which nobody signs": jwt.encode(
        transaction(environment="LocalTesting"), "k" * 32, algorithm="HS256"
    ),
    "of no environment": SIGNER.sign(transaction(environment=None)),
    "without a transaction": SIGNER.sign(transaction(transactionId=None)),
    "without a date": SIGNER.sign(transaction(purchaseDate=None)),
    "of no time": SIGNER.sign(transaction(purchaseDate=10**30)),
    "of more than one": SIGNER.sign(transaction(quantity=10)),
}


@pytest.mark.parametrize("case", FORGED)
async def test_what_apple_did_not_sign_is_no_receipt(store: AppleStore, case: str) -> None:
    with pytest.raises(InvalidReceipt) as refused:
        await store.verify(FORGED[case])
    assert refused.value.code == "RECEIPT_INVALID"


@pytest.mark.parametrize("change", [{"bundleId": "com.example.other"}, {"inAppOwnershipType": "FAMILY_SHARED"}])
async def test_a_receipt_of_somebody_else_is_foreign(store: AppleStore, change: dict[str, str]) -> None:
    with pytest.raises(ForeignReceipt):
        await store.verify(SIGNER.sign(transaction(**change)))


async def test_what_nobody_paid_for_is_refused_in_production_only(store: AppleStore) -> None:
    receipt = SIGNER.sign(transaction(environment="Sandbox"))
    with pytest.raises(SandboxReceipt):
        await Stores({Store.APPLE: store}, sandbox=False).verify(Store.APPLE, receipt)
    assert await Stores({Store.APPLE: store}, sandbox=True).verify(Store.APPLE, receipt)


async def test_no_verdict_is_given_while_nobody_says_whether_a_certificate_was_revoked(
    client: httpx.AsyncClient,
) -> None:
    signer = AppleSigner.new(asked_at="http://127.0.0.1:1/ocsp")
    with pytest.raises(StoreAway):
        await AppleStore(app(root=signer.root, online_checks=True), client).verify(signer.sign(transaction()))


@pytest.mark.parametrize(
    ("kind", "subtype", "expected"),
    [
        ("SUBSCRIBED", "INITIAL_BUY", NewsKind.PAID),
        ("DID_RENEW", None, NewsKind.PAID),
        ("DID_RENEW", "BILLING_RECOVERY", NewsKind.PAID),
        ("DID_CHANGE_RENEWAL_STATUS", "AUTO_RENEW_DISABLED", NewsKind.CANCELLED),
        ("DID_CHANGE_RENEWAL_STATUS", "AUTO_RENEW_ENABLED", NewsKind.RESUMED),
        ("EXPIRED", "VOLUNTARY", NewsKind.ENDED),
        ("REFUND", None, NewsKind.REFUNDED),
        ("REVOKE", None, NewsKind.REFUNDED),
        ("REFUND_REVERSED", None, NewsKind.REVERSED),
        ("DID_CHANGE_RENEWAL_PREF", "UPGRADE", NewsKind.PAID),
    ],
)
async def test_signed_news_are_read(store: AppleStore, kind: str, subtype: str | None, expected: NewsKind) -> None:
    told = transaction(PLAN)
    body = SIGNER.notification(kind, told, notificationUUID="one", subtype=subtype)
    news = await store.read_news(json.dumps(body).encode(), {})
    assert news and news.kind is expected
    assert (news.notification_id, news.transaction_id) == ("one", told["transactionId"])
    assert news.payment and news.payment.product_id == PLAN


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("TEST", None),
        ("PRICE_INCREASE", None),
        ("CONSUMPTION_REQUEST", None),
        ("SOMETHING_NEW", None),
        ("DID_CHANGE_RENEWAL_PREF", None),
        ("DID_CHANGE_RENEWAL_PREF", "DOWNGRADE"),
    ],
)
async def test_other_news_change_nothing(store: AppleStore, kind: str, subtype: str | None) -> None:
    body = SIGNER.notification(kind, transaction(PLAN), subtype=subtype)
    assert await store.read_news(json.dumps(body).encode(), {}) is None


OTHER_APP = {"bundleId": "com.example.other", "appAppleId": APP_ID, "environment": "Production"}
FORGED_NEWS = {
    "by another root": STRANGER.notification("REFUND", transaction()),
    "of another app": SIGNER.notification("REFUND", transaction(), data=OTHER_APP),
    "a transaction alone": {"signedPayload": GOOD},
    "no payload": {"payload": GOOD},
    "of Xcode": {"signedPayload": jwt.encode({"data": {"environment": "Xcode"}}, "k" * 32, algorithm="HS256")},
}


@pytest.mark.parametrize("case", FORGED_NEWS)
async def test_forged_news_are_not_heard(store: AppleStore, case: str) -> None:
    with pytest.raises(ForgedNews):
        await store.read_news(json.dumps(FORGED_NEWS[case]).encode(), {})


async def test_apple_is_asked_for_the_newest_payment(client: httpx.AsyncClient, api: tuple[Any, str]) -> None:
    handler, url = api
    newest = transaction(PLAN, originalTransactionId="first")
    other = transaction(PLAN)
    handler.answer = {
        "data": [
            {
                "lastTransactions": [
                    {"originalTransactionId": each["originalTransactionId"], "signedTransactionInfo": SIGNER.sign(each)}
                    for each in (other, newest)
                ]
            }
        ]
    }
    payment = await AppleStore(app(url), client).renewal("first", None)
    assert payment and payment.transaction_id == newest["transactionId"]
    path, authorization = handler.asked[0]
    assert path == "/inApps/v1/subscriptions/first"
    claims = jwt.decode(authorization.removeprefix("Bearer "), options={"verify_signature": False})
    assert (claims["iss"], claims["bid"], claims["aud"]) == ("issuer", BUNDLE, "appstoreconnect-v1")


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, {}), (401, {}), (429, {}), (302, {}), (200, {"data": 5}), (200, {"data": [], "more": "x" * 2**20})],
)
async def test_what_is_no_answer_of_apple_is_taken_for_none(
    client: httpx.AsyncClient, api: tuple[Any, str], status: int, answer: dict[str, Any]
) -> None:
    handler, url = api
    handler.status, handler.answer = status, answer
    with pytest.raises(StoreAway):
        await AppleStore(app(url), client).renewal("first", None)
    assert len(handler.asked) == 1


async def test_a_subscription_that_apple_does_not_know_has_no_payment(
    client: httpx.AsyncClient, api: tuple[Any, str]
) -> None:
    handler, url = api
    handler.status = 404
    assert await AppleStore(app(url), client).renewal("first", None) is None


async def test_an_apple_that_is_not_there_is_away(client: httpx.AsyncClient) -> None:
    with pytest.raises(StoreAway):
        await AppleStore(app(), client).renewal("first", None)
