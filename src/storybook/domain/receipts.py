"""What a store can prove and tell: payments, news of them, and why a receipt is worth nothing."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from storybook.core.errors import Conflict, Invalid, Unauthenticated, Unavailable
from storybook.domain.purchases import PRODUCTS, Product, Store
from storybook.domain.values import Strict

RETRY_SECONDS = 30
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_PRINTABLE = r"^[\x20-\x7e]+$"


def _require_our_time(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError("is not a time at which something is sold")
    return moment


TransactionId = Annotated[str, Field(max_length=120, pattern=_PRINTABLE)]
NotificationId = Annotated[str, Field(max_length=200, pattern=_PRINTABLE)]
PurchaseToken = Annotated[str, Field(max_length=2000, pattern=_PRINTABLE)]
Moment = Annotated[AwareDatetime, AfterValidator(_require_our_time)]


class StoreEnvironment(StrEnum):
    """In the sandbox nobody pays."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


class Payment(Strict):
    """One payment, as the store vouches for it.

    All payments of one subscription share `original_transaction_id`, and each is for one period. `token` is what the
    store wants to be asked with about this payment, where the ids are not enough; `replaced_token` is that of the
    subscription that this one goes on from. `to_confirm` says that the store takes the money back unless it is told
    that the goods were given. A `free` period is a trial, which brings no credits.
    """

    store: Store
    transaction_id: TransactionId
    original_transaction_id: TransactionId
    product_id: TransactionId
    environment: StoreEnvironment
    purchased_at: Moment
    period_end: Moment | None = None
    revoked_at: Moment | None = None
    token: PurchaseToken | None = None
    replaced_token: PurchaseToken | None = None
    to_confirm: bool = False
    free: bool = False

    @model_validator(mode="after")
    def _period_has_a_length(self) -> Self:
        if self.period_end and self.period_end <= self.purchased_at:
            raise ValueError("a period ends after it began")
        return self


class NewsKind(StrEnum):
    """`paid`: a period began. `cancelled`: it will not be renewed. `resumed`: it will be after all.

    `reversed`: the store took a refund back, so the payment counts again.
    """

    PAID = "paid"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    CANCELLED = "cancelled"
    RESUMED = "resumed"
    ENDED = "ended"


class News(Strict):
    """What a store told by itself, signed; `payment` is there when the store said all of it."""

    store: Store
    notification_id: NotificationId
    kind: NewsKind
    told_at: Moment
    transaction_id: TransactionId
    original_transaction_id: TransactionId
    payment: Payment | None = None

    @model_validator(mode="after")
    def _is_of_its_own_payment(self) -> Self:
        told = (self.store, self.transaction_id, self.original_transaction_id)
        paid = self.payment
        if paid and told != (paid.store, paid.transaction_id, paid.original_transaction_id):
            raise ValueError("news are of the payment that they carry")
        return self


class InvalidReceipt(Invalid):
    """The store does not vouch for this receipt. Subclasses say why."""

    code = "RECEIPT_INVALID"
    sentence = "The store does not confirm this purchase. Please restore your purchases in the app and try again."

    def __init__(self) -> None:
        super().__init__(self.sentence)


class ExpiredReceipt(InvalidReceipt):
    code = "RECEIPT_EXPIRED"
    sentence = "The time that this purchase was for is over. Please subscribe again."


class ForeignReceipt(InvalidReceipt):
    code = "RECEIPT_FOREIGN"
    sentence = "This purchase was made in another app or by another member of the family."


class SandboxReceipt(InvalidReceipt):
    code = "RECEIPT_SANDBOX"
    sentence = "This is a test purchase, and nothing was paid. Please buy in the app from the store."


class PendingReceipt(InvalidReceipt):
    code = "RECEIPT_PENDING"
    sentence = "The store is still waiting for this payment. Please try again when it is complete."


class RefundedReceipt(InvalidReceipt):
    code = "RECEIPT_REFUNDED"
    sentence = "The store gave the money for this purchase back, so it brings no credits."


class ClaimedReceipt(Conflict):
    code = "RECEIPT_CLAIMED"

    def __init__(self) -> None:
        super().__init__("This purchase belongs to another account. Please sign in with that one, or ask us for help.")


class UnknownProduct(Invalid):
    code = "PRODUCT_UNKNOWN"

    def __init__(self) -> None:
        super().__init__("This product is not sold here. Please update the app and try again.")


class StoreNotOffered(Invalid):
    code = "STORE_NOT_OFFERED"

    def __init__(self) -> None:
        super().__init__("Purchases of this store are not taken here. Please use the app from another store.")


class ForgedNews(Unauthenticated):
    code = "NEWS_FORGED"

    def __init__(self) -> None:
        super().__init__("This does not come from the store: the signature is missing or wrong.")


class StoreAway(Unavailable):
    code = "STORE_AWAY"

    def __init__(self) -> None:
        super().__init__(
            "The store cannot be asked right now. Your purchase is safe; please try again in a moment.",
            retry_after=RETRY_SECONDS,
        )


def product_of(product_id: str) -> Product:
    """The product with this id; raises UnknownProduct."""
    try:
        return PRODUCTS[product_id]
    except KeyError:
        raise UnknownProduct from None
