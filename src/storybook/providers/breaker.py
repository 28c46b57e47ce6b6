"""When not to call: a vendor that fails is left alone for a while, and an outage never multiplies calls."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

FAILURES_TO_OPEN = 5
BUDGET = 10.0
COST_OF_A_FAILURE = 1.0
GAIN_OF_A_SUCCESS = 0.1


class State(StrEnum):
    """`half_open` lets one probe through; its outcome decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Rests(NamedTuple):
    """Seconds. With the longest one a vendor that is back is noticed, and has drawn again, within half a minute."""

    first: float = 5.0
    longest: float = 25.0


class Breaker:
    """Opens after `FAILURES_TO_OPEN` failures in a row, rests, and is closed again by one probe that works.

    Each probe that fails doubles the rest, up to the longest.
    """

    def __init__(self, clock: Callable[[], float], rests: Rests = Rests()) -> None:  # noqa: B008 - a value
        self._clock = clock
        self._rests = rests
        self._failures = 0
        self._rest = rests.first
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> State:
        if self._open_until is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._open_until or self._probing else State.HALF_OPEN

    @property
    def open_until(self) -> float | None:
        """When its rest is over, by its clock; None while it is closed."""
        return self._open_until

    def wait(self) -> float:
        """Seconds until a call may be made; 0 when it may be made now, which the caller then has to report."""
        match self.state:
            case State.CLOSED:
                return 0.0
            case State.HALF_OPEN:
                self._probing = True
                return 0.0
            case State.OPEN:
                return self.rests_for()

    def rests_for(self) -> float:
        """Seconds for which nobody need ask; while a probe is out, as long as a first rest."""
        if self.state is not State.OPEN:
            return 0.0
        return self._rests.first if self._probing else (self._open_until or 0.0) - self._clock()

    def succeeded(self) -> None:
        self._failures, self._rest = 0, self._rests.first
        self._open_until, self._probing = None, False

    def failed(self) -> None:
        """The vendor itself failed; a request that it refuses with good reason is no failure."""
        self._failures += 1
        if self._probing:
            self._rest = min(self._rest * 2, self._rests.longest)
        if self._probing or self._failures >= FAILURES_TO_OPEN:
            self._open_until, self._probing = self._clock() + self._rest, False

    def left(self) -> None:
        """The call was given up before it said anything about the vendor."""
        self._probing = False


class RetryBudget:
    """Tokens for further tries: a failure costs one, a success earns a tenth, and below half there are no retries.

    The rule is that of gRPC's retry throttling (proposal A6).
    """

    def __init__(self) -> None:
        self._tokens = BUDGET

    @property
    def allows(self) -> bool:
        return self._tokens > BUDGET / 2

    def succeeded(self) -> None:
        self._tokens = min(self._tokens + GAIN_OF_A_SUCCESS, BUDGET)

    def failed(self) -> None:
        self._tokens = max(self._tokens - COST_OF_A_FAILURE, 0.0)
