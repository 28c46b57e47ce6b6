"""What money can do: accounts, the moves between them, and how many credits things cost."""

from enum import StrEnum
from typing import NamedTuple

from storybook.domain.jobs import JobKind

WELCOME_GIFT = 3
PRICES = {JobKind.BOOK: 1, JobKind.PAGE: 0, JobKind.AUDIO: 0, JobKind.PORTRAIT: 0}


class Account(StrEnum):
    """`available` and `held` belong to a user; the others are the world that credits come from and go to."""

    AVAILABLE = "available"
    HELD = "held"
    GIVEN = "given"
    SPENT = "spent"


class Transaction(StrEnum):
    """A gift welcomes a new user; a grant is the operator's; each hold ends in one capture or one release."""

    GIFT = "gift"
    GRANT = "grant"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"


class Move(NamedTuple):
    source: Account
    target: Account


MOVES = {
    Transaction.GIFT: Move(Account.GIVEN, Account.AVAILABLE),
    Transaction.GRANT: Move(Account.GIVEN, Account.AVAILABLE),
    Transaction.HOLD: Move(Account.AVAILABLE, Account.HELD),
    Transaction.CAPTURE: Move(Account.HELD, Account.SPENT),
    Transaction.RELEASE: Move(Account.HELD, Account.AVAILABLE),
}


class PlanName(StrEnum):
    FREE = "free"
    BASIC = "basic"
    PREMIUM = "premium"


class SubscriptionStatus(StrEnum):
    ACTIVE = "active"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
