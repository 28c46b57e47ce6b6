"""The App Store: transactions of StoreKit 2, and notifications (version 2), all signed by Apple."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import jwt
from appstoreserverlibrary.models.Environment import Environment
from appstoreserverlibrary.models.InAppOwnershipType import InAppOwnershipType
from appstoreserverlibrary.models.JWSTransactionDecodedPayload import JWSTransactionDecodedPayload
from appstoreserverlibrary.models.NotificationTypeV2 import NotificationTypeV2
from appstoreserverlibrary.models.OfferDiscountType import OfferDiscountType
from appstoreserverlibrary.models.ResponseBodyV2DecodedPayload import ResponseBodyV2DecodedPayload
from appstoreserverlibrary.models.Subtype import Subtype
from appstoreserverlibrary.signed_data_verifier import SignedDataVerifier, VerificationException, VerificationStatus
from pydantic import ValidationError

from storybook.domain.purchases import Product, Store
from storybook.domain.receipts import (
    ForeignReceipt,
    ForgedNews,
    InvalidReceipt,
    News,
    NewsKind,
    Payment,
    StoreAway,
    StoreEnvironment,
)
from storybook.stores.base import CamelCase, SignedNews, moment
from storybook.stores.http import ask

TOKEN_SECONDS = 300
_ENVIRONMENTS = {
    Environment.PRODUCTION.value: StoreEnvironment.PRODUCTION,
    Environment.SANDBOX.value: StoreEnvironment.SANDBOX,
}
_KINDS = {
    NotificationTypeV2.SUBSCRIBED: NewsKind.PAID,
    NotificationTypeV2.DID_RENEW: NewsKind.PAID,
    NotificationTypeV2.OFFER_REDEEMED: NewsKind.PAID,
    NotificationTypeV2.EXPIRED: NewsKind.ENDED,
    NotificationTypeV2.GRACE_PERIOD_EXPIRED: NewsKind.ENDED,
    NotificationTypeV2.REFUND: NewsKind.REFUNDED,
    NotificationTypeV2.REVOKE: NewsKind.REFUNDED,
    NotificationTypeV2.REFUND_REVERSED: NewsKind.REVERSED,
}
_RENEWAL_STATUS = {
    Subtype.AUTO_RENEW_DISABLED: NewsKind.CANCELLED,
    Subtype.AUTO_RENEW_ENABLED: NewsKind.RESUMED,
}
_PARTS = ("data", "summary", "appData")
T = TypeVar("T")


@dataclass(frozen=True)
class AppleApp:
    """Who we are to Apple. `root_certificates` are DER."""

    bundle_id: str
    app_id: int
    issuer_id: str
    key_id: str
    private_key: str
    root_certificates: tuple[bytes, ...]
    online_checks: bool
    base_url: str


class AppleStore:
    """Checks each signature up to the root certificates; asks Apple only about renewals."""

    def __init__(self, app: AppleApp, client: httpx.AsyncClient) -> None:
        self._app = app
        self._client = client
        self._verifiers = {
            environment: SignedDataVerifier(
                list(app.root_certificates), app.online_checks, Environment(environment), app.bundle_id, app.app_id
            )
            for environment in _ENVIRONMENTS
        }

    async def verify(self, receipt: str) -> Payment:
        verifier = self._verifiers.get(_environment_of(receipt))
        if verifier is None:
            raise InvalidReceipt
        try:
            return _payment(await _checked(verifier.verify_and_decode_signed_transaction, receipt))
        except VerificationException as refusal:
            if refusal.status == VerificationStatus.INVALID_APP_IDENTIFIER:
                raise ForeignReceipt from refusal
            raise InvalidReceipt from refusal
        except ValueError as error:
            raise InvalidReceipt from error

    async def read_news(self, body: bytes, headers: Mapping[str, str]) -> News | None:
        del headers
        try:
            signed = SignedNews.read(body)
            verifier = self._verifiers[_environment_of(signed)]
            told = await _checked(verifier.verify_and_decode_notification, signed)
        except (VerificationException, ValueError, LookupError) as error:
            raise ForgedNews from error
        kind = _kind(told)
        if kind is None or told.data is None or not told.data.signedTransactionInfo:
            return None
        try:
            payment = await self.verify(told.data.signedTransactionInfo)
            return _news(told, kind, payment)
        except (InvalidReceipt, ValueError):
            return None

    async def renewal(self, original_transaction_id: str, token: str | None) -> Payment | None:
        del token
        url = f"{self._app.base_url}/inApps/v1/subscriptions/{original_transaction_id}"
        answer = await ask(self._client, "GET", url, headers={"Authorization": f"Bearer {self._token()}"})
        try:
            groups = _Statuses.model_validate(answer.body).data
        except ValidationError as error:
            raise StoreAway from error
        for last in (last for group in groups for last in group.last_transactions):
            if last.original_transaction_id == original_transaction_id:
                return await self.verify(last.signed_transaction_info)
        return None

    async def confirm(self, product: Product, token: str) -> None:
        """Apple's apps finish their transactions by themselves."""

    def _token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._app.issuer_id,
            "aud": "appstoreconnect-v1",
            "bid": self._app.bundle_id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        return jwt.encode(claims, self._app.private_key, algorithm="ES256", headers={"kid": self._app.key_id})


class _LastTransaction(CamelCase):
    original_transaction_id: str
    signed_transaction_info: str


class _Group(CamelCase):
    last_transactions: list[_LastTransaction]


class _Statuses(CamelCase):
    """What Apple knows of a customer's subscriptions."""

    data: tuple[_Group, ...] = ()


async def _checked(check: Callable[[str], T], signed: str) -> T:
    """Runs a check in a thread, because it may ask Apple about its certificates."""
    try:
        return await asyncio.to_thread(check, signed)
    except VerificationException as refusal:
        if refusal.status == VerificationStatus.RETRYABLE_VERIFICATION_FAILURE:
            raise StoreAway from refusal
        raise


def _environment_of(signed: str) -> str:
    """What a document says of itself. Only documents of the two environments that Apple signs are ever checked."""
    try:
        claims: dict[str, Any] = jwt.decode(signed, options={"verify_signature": False})
        inner = next((claims[part] for part in _PARTS if isinstance(claims.get(part), dict)), claims)
        return str(inner.get("environment"))
    except (jwt.PyJWTError, ValueError):
        return ""


def _payment(told: JWSTransactionDecodedPayload) -> Payment:
    """Raises InvalidReceipt or ValueError for what is no whole payment of one product."""
    if told.inAppOwnershipType not in {None, InAppOwnershipType.PURCHASED}:
        raise ForeignReceipt
    if told.quantity not in {None, 1} or told.purchaseDate is None:
        raise InvalidReceipt
    return Payment.model_validate(
        {
            "store": Store.APPLE,
            "transaction_id": told.transactionId,
            "original_transaction_id": told.originalTransactionId,
            "product_id": told.productId,
            "environment": _ENVIRONMENTS[told.environment.value] if told.environment else None,
            "purchased_at": moment(told.purchaseDate),
            "period_end": moment(told.expiresDate) if told.expiresDate else None,
            "revoked_at": moment(told.revocationDate) if told.revocationDate else None,
            "free": told.offerDiscountType == OfferDiscountType.FREE_TRIAL,
        }
    )


def _kind(told: ResponseBodyV2DecodedPayload) -> NewsKind | None:
    if told.notificationType == NotificationTypeV2.DID_CHANGE_RENEWAL_STATUS:
        return _RENEWAL_STATUS.get(told.subtype) if told.subtype else None
    if told.notificationType == NotificationTypeV2.DID_CHANGE_RENEWAL_PREF:
        return NewsKind.PAID if told.subtype is Subtype.UPGRADE else None
    return _KINDS.get(told.notificationType) if told.notificationType else None


def _news(told: ResponseBodyV2DecodedPayload, kind: NewsKind, payment: Payment) -> News:
    return News(
        store=Store.APPLE,
        notification_id=told.notificationUUID or "",
        kind=kind,
        told_at=moment(told.signedDate or 0),
        transaction_id=payment.transaction_id,
        original_transaction_id=payment.original_transaction_id,
        payment=payment,
    )
