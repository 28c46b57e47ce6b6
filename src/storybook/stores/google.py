"""Google Play: purchases are looked up by their token, and news of them come through Pub/Sub."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from urllib.parse import quote

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from storybook.domain.purchases import Product, ProductKind, Store
from storybook.domain.receipts import (
    ExpiredReceipt,
    ForeignReceipt,
    ForgedNews,
    InvalidReceipt,
    Moment,
    News,
    NewsKind,
    NotificationId,
    Payment,
    PendingReceipt,
    PurchaseToken,
    StoreAway,
    StoreEnvironment,
    TransactionId,
    product_of,
)
from storybook.stores.base import CamelCase, moment
from storybook.stores.google_api import GoogleApi
from storybook.stores.google_push import GooglePush

GONE = 410
LONGEST_PERIOD = timedelta(days=31)
_PURCHASED, _CANCELED, _PENDING = range(3)
_NO_QUANTITY = 1
_NOT_PAID_YET = {"SUBSCRIPTION_STATE_PENDING", "SUBSCRIPTION_STATE_PENDING_PURCHASE_CANCELED"}
_NOT_ACKNOWLEDGED = "ACKNOWLEDGEMENT_STATE_PENDING"
_KINDS = {
    1: NewsKind.PAID,
    2: NewsKind.PAID,
    3: NewsKind.CANCELLED,
    4: NewsKind.PAID,
    7: NewsKind.RESUMED,
    12: NewsKind.REFUNDED,
    13: NewsKind.ENDED,
}
"""Of `notificationType`: recovered, renewed, canceled, purchased, restarted, revoked, expired."""


def _moment(milliseconds: object) -> datetime:
    return moment(_INTEGER.validate_python(milliseconds))


_INTEGER = TypeAdapter(int)
_Milliseconds = Annotated[Moment, BeforeValidator(_moment)]


class _Receipt(CamelCase):
    """The purchase as Google Play hands it to the app (`originalJson`); nothing of it is believed."""

    package_name: str
    product_id: str
    purchase_token: PurchaseToken


class _ProductPurchase(CamelCase):
    order_id: TransactionId | None = None
    purchase_state: int
    purchase_time_millis: _Milliseconds
    purchase_type: int | None = None
    consumption_state: int = 0
    quantity: int = _NO_QUANTITY


class _OfferPhase(CamelCase):
    free_trial: dict[str, object] | None = None


class _LineItem(CamelCase):
    """An item without a successful order is not owned: not yet, or its payment failed."""

    product_id: TransactionId
    expiry_time: Moment | None = None
    latest_successful_order_id: TransactionId | None = None
    offer_phase: _OfferPhase | None = None


class _SubscriptionPurchase(CamelCase):
    subscription_state: str
    start_time: Moment | None = None
    linked_purchase_token: PurchaseToken | None = None
    line_items: list[_LineItem] = Field(min_length=1)
    acknowledgement_state: str | None = None
    test_purchase: dict[str, object] | None = None


class _Message(CamelCase):
    message_id: NotificationId
    data: str


class _Push(CamelCase):
    message: _Message


class _OfSubscription(CamelCase):
    notification_type: int
    purchase_token: PurchaseToken


class _OfVoid(CamelCase):
    order_id: TransactionId


class _Notification(CamelCase):
    package_name: str
    event_time_millis: _Milliseconds
    subscription_notification: _OfSubscription | None = None
    voided_purchase_notification: _OfVoid | None = None


K = TypeVar("K", bound=CamelCase)


class GoogleStore:
    """Believes what the Play Developer API says of a token, and pushes that Google signed for us."""

    def __init__(self, package_name: str, api: GoogleApi, push: GooglePush) -> None:
        self._package = package_name
        self._api = api
        self._push = push

    async def verify(self, receipt: str) -> Payment:
        try:
            shown = _Receipt.model_validate_json(receipt)
        except ValidationError as error:
            raise InvalidReceipt from error
        if shown.package_name != self._package:
            raise ForeignReceipt
        product = product_of(shown.product_id)
        if product.kind is ProductKind.SUBSCRIPTION:
            return await self._subscription(shown.purchase_token)
        return await self._pack(product, shown.purchase_token)

    async def read_news(self, body: bytes, headers: Mapping[str, str]) -> News | None:
        await self._push.check(headers.get("authorization", ""))
        try:
            message = _Push.model_validate_json(body).message
            told = _Notification.model_validate_json(base64.b64decode(message.data, validate=True))
        except (ValidationError, binascii.Error) as error:
            raise ForgedNews from error
        if told.package_name != self._package:
            raise ForgedNews
        if told.voided_purchase_notification:
            return _voided(message.message_id, told.voided_purchase_notification.order_id, told.event_time_millis)
        if told.subscription_notification:
            return await self._subscription_news(message.message_id, told.subscription_notification, told)
        return None

    async def renewal(self, original_transaction_id: str, token: str | None) -> Payment | None:
        del original_transaction_id
        if token is None:
            return None
        try:
            return await self._subscription(token)
        except InvalidReceipt:
            return None

    async def confirm(self, product: Product, token: str) -> None:
        """A pack is used up, so that it can be bought again; a subscription is acknowledged."""
        if product.kind is ProductKind.SUBSCRIPTION:
            path = f"purchases/subscriptions/{product.id}/tokens/{_quoted(token)}:acknowledge"
        else:
            path = f"purchases/products/{product.id}/tokens/{_quoted(token)}:consume"
        await self._api.ask("POST", path)

    async def _subscription_news(self, message_id: str, about: _OfSubscription, told: _Notification) -> News | None:
        kind = _KINDS.get(about.notification_type)
        if kind is None:
            return None
        try:
            payment = await self._subscription(about.purchase_token)
        except InvalidReceipt:
            return None
        return News(
            store=Store.GOOGLE,
            notification_id=message_id,
            kind=kind,
            told_at=told.event_time_millis,
            transaction_id=payment.transaction_id,
            original_transaction_id=payment.original_transaction_id,
            payment=payment,
        )

    async def _pack(self, product: Product, token: str) -> Payment:
        answer = await self._api.ask("GET", f"purchases/products/{product.id}/tokens/{_quoted(token)}")
        bought = _parsed(_ProductPurchase, answer.status, answer.body)
        if bought.purchase_state == _PENDING:
            raise PendingReceipt
        if bought.quantity != _NO_QUANTITY:
            raise InvalidReceipt
        order_id = bought.order_id or _id_without_order(token)
        purchased_at = bought.purchase_time_millis
        return Payment(
            store=Store.GOOGLE,
            transaction_id=order_id,
            original_transaction_id=order_id,
            product_id=product.id,
            environment=_environment(test=bought.purchase_type == 0),
            purchased_at=purchased_at,
            revoked_at=purchased_at if bought.purchase_state == _CANCELED else None,
            token=token,
            to_confirm=bought.consumption_state == 0,
        )

    async def _subscription(self, token: str) -> Payment:
        answer = await self._api.ask("GET", f"purchases/subscriptionsv2/tokens/{_quoted(token)}")
        bought = _parsed(_SubscriptionPurchase, answer.status, answer.body)
        if bought.subscription_state in _NOT_PAID_YET or bought.start_time is None:
            raise PendingReceipt
        order_id, period_end, item = _owned(bought.line_items)
        try:
            return Payment(
                store=Store.GOOGLE,
                transaction_id=order_id,
                original_transaction_id=_first_order(order_id),
                product_id=item.product_id,
                environment=_environment(test=bought.test_purchase is not None),
                # Google tells when the first period began, and when the newest one ends.
                purchased_at=max(bought.start_time, period_end - LONGEST_PERIOD),
                period_end=period_end,
                token=token,
                replaced_token=bought.linked_purchase_token,
                free=item.offer_phase is not None and item.offer_phase.free_trial is not None,
                to_confirm=bought.acknowledgement_state == _NOT_ACKNOWLEDGED,
            )
        except ValidationError as error:
            raise InvalidReceipt from error


def _parsed(kind: type[K], status: int, body: dict[str, object]) -> K:
    if status == GONE:
        raise ExpiredReceipt
    if status >= 400:
        raise InvalidReceipt
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise StoreAway from error


def _owned(items: Iterable[_LineItem]) -> tuple[str, datetime, _LineItem]:
    """The item that was paid for, with its order and the end of its period; of several, the one that runs longest.

    Raises PendingReceipt for none.
    """
    owned = [
        (item.latest_successful_order_id, item.expiry_time, item)
        for item in items
        if item.latest_successful_order_id and item.expiry_time
    ]
    if not owned:
        raise PendingReceipt
    return max(owned, key=lambda each: each[1])


def _voided(message_id: str, order_id: str, told_at: datetime) -> News:
    return News(
        store=Store.GOOGLE,
        notification_id=message_id,
        kind=NewsKind.REFUNDED,
        told_at=told_at,
        transaction_id=order_id,
        original_transaction_id=_first_order(order_id),
    )


def _first_order(order_id: str) -> str:
    """The renewals of GPA.1234 are GPA.1234..0, GPA.1234..1 and so on."""
    return re.sub(r"\.\.\d+$", "", order_id)


def _id_without_order(token: str) -> str:
    """What was given away for a code has no order."""
    return f"token:{hashlib.sha256(token.encode()).hexdigest()}"


def _environment(*, test: bool) -> StoreEnvironment:
    return StoreEnvironment.SANDBOX if test else StoreEnvironment.PRODUCTION


def _quoted(token: str) -> str:
    return quote(token, safe="")
