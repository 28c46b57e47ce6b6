"""What can go wrong on a wire, and the script that says when it does."""

import random
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class Place(StrEnum):
    """`post` asks for work, `look` asks how far it is, `file` fetches what was made."""

    POST = "post"
    LOOK = "look"
    FILE = "file"


class Fault(StrEnum):
    BUSY = "busy"
    BUSY_SECONDS = "busy_seconds"
    BUSY_DATE = "busy_date"
    ERROR_500 = "error_500"
    AWAY_503 = "away_503"
    OVERLOADED = "overloaded"
    KEY_REFUSED = "key_refused"
    BAD_REQUEST = "bad_request"
    NO_SCHEMAS = "no_schemas"
    REDIRECT = "redirect"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    HANG_BEFORE = "hang_before"
    HANG = "hang"
    SLOW = "slow"
    HALF_BODY = "half_body"
    WRONG_JSON = "wrong_json"
    WRONG_CONTENT = "wrong_content"
    CUT_OFF = "cut_off"
    REFUSAL = "refusal"
    FAILED = "failed"
    NO_RESULT = "no_result"
    EXPIRED_URL = "expired_url"
    REDIRECTED_FILE = "redirected_file"
    FORBIDDEN_FILE = "forbidden_file"


BEFORE_WORK = frozenset(
    {
        Fault.BUSY, Fault.BUSY_SECONDS, Fault.BUSY_DATE, Fault.ERROR_500, Fault.AWAY_503, Fault.OVERLOADED,
        Fault.KEY_REFUSED, Fault.BAD_REQUEST, Fault.NO_SCHEMAS, Fault.REDIRECT, Fault.RESET_BEFORE,
        Fault.HANG_BEFORE,
    }
)  # fmt: skip
"""Nothing is done and, unless the rule says so, nothing charged. All other faults happen to work that is paid for."""


class Call(NamedTuple):
    """What a rule is about: a request, as far as it matters whose it is and for what."""

    vendor: str
    kind: str
    place: Place
    purpose: str | None
    body: bytes


class Rule(BaseModel):
    """One line of the script: the next `times` calls that fit, after the first `after` of them, go wrong like this.

    `times` None is until told otherwise. `seconds` is the `Retry-After` of a busy vendor, and what SLOW takes.
    `charged` overrules whether the call is paid for. Of the calls that fit, only the `share` goes wrong. With
    `contains` only those fit whose body does.
    """

    model_config = ConfigDict(extra="forbid")

    fault: Fault
    vendor: str | None = None
    kind: str | None = None
    place: Place = Place.POST
    purpose: str | None = None
    times: int | None = 1
    after: int = 0
    seconds: float = 1.0
    location: str = "http://169.254.169.254/latest/"
    charged: bool | None = None
    share: float = 1.0
    contains: str | None = None

    def fits(self, call: "Call") -> bool:
        return (
            self.place is call.place
            and self.vendor in (None, call.vendor)
            and self.kind in (None, call.kind)
            and self.purpose in (None, call.purpose)
            and (self.contains is None or self.contains.encode() in call.body)
        )


class Script:
    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._luck = random.Random(1)

    def next_for(self, call: Call) -> Rule | None:
        """The rule that this call falls under, which is used up by it."""
        for rule in self.rules:
            if not rule.fits(call) or rule.times == 0:
                continue
            if rule.after > 0:
                rule.after -= 1
                continue
            if rule.share < 1 and self._luck.random() >= rule.share:
                continue
            if rule.times is not None:
                rule.times -= 1
            return rule
        return None
