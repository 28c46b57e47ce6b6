"""Calls to vendors: what they are for, what they cost and how they end."""

import datetime as dt
from enum import StrEnum
from typing import NamedTuple

from storybook.core.errors import ErrorCode
from storybook.domain.jobs import Step

DOLLAR = 1_000_000
"""Micro-dollars. Costs are whole numbers of them."""
PAID_TRIES = 2
"""How often one thing may be paid for: once, and once more where nothing came of it or nobody knows."""


def dollars(micro_dollars: int) -> str:
    """The amount in dollars, to the micro-dollar."""
    return f"{micro_dollars // DOLLAR}.{micro_dollars % DOLLAR:06d}"


def micro_dollars(dollars: float) -> int:
    """The nearest amount in micro-dollars."""
    return round(dollars * DOLLAR)


class Kind(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    SPEECH = "speech"
    SIGHT = "sight"
    MODERATION = "moderation"


_CODES = {
    Kind.TEXT: ErrorCode.LLM_TIMEOUT,
    Kind.IMAGE: ErrorCode.IMAGE_FAILED,
    Kind.SPEECH: ErrorCode.UNKNOWN,
    Kind.SIGHT: ErrorCode.LLM_TIMEOUT,
    Kind.MODERATION: ErrorCode.SAFETY_OUTPUT,
}


def code_of(kind: Kind) -> ErrorCode:
    """What a job ends with when a vendor of that kind cannot be had."""
    return _CODES[kind]


class Outcome(StrEnum):
    """`begun` is a call that nobody has seen end; `unknown` one that may have been charged."""

    BEGUN = "begun"
    OK = "ok"
    UNUSABLE = "unusable"
    REFUSED = "refused"
    BUSY = "busy"
    FAILED = "failed"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


PAID = (Outcome.BEGUN, Outcome.OK, Outcome.UNUSABLE, Outcome.UNKNOWN)
"""The outcomes of calls that cost something, or may have."""


REPAY_MARGIN_SECONDS = 5.0
"""Added to the time that a call may take; after that nobody waits for its answer any more."""


def most_paid(kind: Kind, step: Step) -> int:
    """How many calls of a kind may be paid for one page of a step, over all tries; after a restart only those count
    whose answer was of no use.

    A language model that writes or looks may be sent its answer back once; of a request the series is judged apart, of
    a book how everyone looks.
    """
    questions = 2 if kind in {Kind.TEXT, Kind.SIGHT} or step in {Step.MODERATE_INPUT, Step.MODERATE_OUTPUT} else 1
    return questions * PAID_TRIES


class Purpose(NamedTuple):
    """What a call is made for, and under which claim of the job."""

    job_id: str
    user_id: str
    step: Step
    page: int
    fence: int


class PaidCall(NamedTuple):
    """One call before it is made.

    `worst` is the most that it can cost, in micro-dollars, `seconds` how long it may take. Outside of any job there is
    neither `purpose` nor `seconds`.
    """

    purpose: Purpose | None
    vendor: str
    kind: Kind
    model: str
    worst: int
    seconds: float | None = None


class LostCalls(NamedTuple):
    """Calls for one purpose that a vendor may have accepted, though nobody heard under which id: their numbers, and
    when the first and the last were begun. They are `settled_for` the seconds in which none of them can have been sent
    any more, which is negative while one still can.
    """

    numbers: tuple[int, ...]
    first: dt.datetime
    last: dt.datetime
    settled_for: float


class Bill(NamedTuple):
    """What a call cost: units such as tokens, pictures or characters, and micro-dollars."""

    units: dict[str, int]
    micro_dollars: int


NOTHING = Bill({}, 0)
