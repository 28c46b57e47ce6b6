"""What money can do: accounts, the moves between them, and how many credits things cost."""

from enum import StrEnum
from typing import NamedTuple

from storybook.domain.jobs import JobKind

WELCOME_GIFT = 3
PRICES = {JobKind.BOOK: 1, JobKind.PAGE: 0, JobKind.AUDIO: 0, JobKind.PORTRAIT: 0, JobKind.DESCRIPTION: 0}


class Account(StrEnum):
    """`available`, `held` and `owed` belong to a user; the others are the world that credits come from and go to.

    `owed` is never above zero: it is what a store took back after it was spent.
    """

    AVAILABLE = "available"
    HELD = "held"
    OWED = "owed"
    GIVEN = "given"
    SOLD = "sold"
    SPENT = "spent"
    REFUNDED = "refunded"
    CLOSED = "closed"


class Transaction(StrEnum):
    """A gift welcomes a new user; a grant is the operator's; each hold ends in one capture or one release.

    A store's refund takes what is left; the rest is a debt, which later credits settle first. A return is what a
    payment brings once more: its refund was reversed, or a better one that took its place was refunded. An account that
    is closed loses what is left, and its debt is written off.
    """

    GIFT = "gift"
    GRANT = "grant"
    PURCHASE = "purchase"
    SUBSCRIPTION = "subscription"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    REFUND = "refund"
    DEBT = "debt"
    RETURN = "return"
    SETTLE = "settle"
    CLOSE = "close"
    WRITE_OFF = "write_off"


class Move(NamedTuple):
    source: Account
    target: Account


MOVES = {
    Transaction.GIFT: Move(Account.GIVEN, Account.AVAILABLE),
    Transaction.GRANT: Move(Account.GIVEN, Account.AVAILABLE),
    Transaction.PURCHASE: Move(Account.SOLD, Account.AVAILABLE),
    Transaction.SUBSCRIPTION: Move(Account.SOLD, Account.AVAILABLE),
    Transaction.HOLD: Move(Account.AVAILABLE, Account.HELD),
    Transaction.CAPTURE: Move(Account.HELD, Account.SPENT),
    Transaction.RELEASE: Move(Account.HELD, Account.AVAILABLE),
    Transaction.REFUND: Move(Account.AVAILABLE, Account.REFUNDED),
    Transaction.DEBT: Move(Account.OWED, Account.REFUNDED),
    Transaction.RETURN: Move(Account.REFUNDED, Account.AVAILABLE),
    Transaction.SETTLE: Move(Account.AVAILABLE, Account.OWED),
    Transaction.CLOSE: Move(Account.AVAILABLE, Account.CLOSED),
    Transaction.WRITE_OFF: Move(Account.CLOSED, Account.OWED),
}

OF_PAYMENTS = (
    Transaction.PURCHASE,
    Transaction.SUBSCRIPTION,
    Transaction.REFUND,
    Transaction.DEBT,
    Transaction.RETURN,
)
"""The entries that name a payment of a store."""

CACHED = {
    Account.AVAILABLE: ("credits", 1),
    Account.HELD: ("held", 1),
    Account.OWED: ("owed", -1),
    Account.SOLD: ("total_purchased", -1),
    Account.SPENT: ("total_used", 1),
}
"""For each account that a user's balance remembers: under which name, and with which sign."""


class PlanName(StrEnum):
    FREE = "free"
    BASIC = "basic"
    PREMIUM = "premium"


class SubscriptionStatus(StrEnum):
    ACTIVE = "active"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
