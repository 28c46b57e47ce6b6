"""When not to call: a vendor that fails or is too busy is left alone, and then asked by one call before all others."""

import random
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

FAILURES_TO_OPEN = 5
LET_IN_SECONDS = 2.0
"""A vendor turns calls away at once: a probe that is out for longer was let in, though its work may take a minute."""
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


class _Probe(NamedTuple):
    call: int
    began: float


class Breaker:
    """Opens after `FAILURES_TO_OPEN` failures in a row, and as soon as the vendor turns a call away; rests, and is
    closed again by one probe that works.

    Each rest that follows another without a success between them is twice as long, up to the longest. Who is turned
    away rests for as long as the vendor tells, or else with full jitter. While it rests, calls that began before decide
    nothing; they only make it rest for as long as the vendor tells them.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        rests: Rests = Rests(),  # noqa: B008 - a value
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._clock = clock
        self._rests = rests
        self._uniform = uniform
        self._failures = 0
        self._rest = rests.first
        self._open_until: float | None = None
        self._turned_away = False
        self._probe: _Probe | None = None
        self._calls = 0

    @property
    def state(self) -> State:
        if self._open_until is None or self._was_let_in():
            return State.CLOSED
        return State.OPEN if self._probe or self._clock() < self._open_until else State.HALF_OPEN

    @property
    def open_until(self) -> float | None:
        """When its rest is over, by its clock; None while it is closed."""
        return None if self.state is State.CLOSED else self._open_until

    @property
    def is_busy(self) -> bool:
        """Whether it rests because the vendor turned a call away."""
        return self._turned_away and self.state is not State.CLOSED

    def rests_for(self) -> float:
        """Seconds for which nobody need ask, 0 when a call may begin now; a guess while a probe is out."""
        if self.state is not State.OPEN:
            return 0.0
        if self._probe is None:
            return (self._open_until or 0.0) - self._clock()
        let_in = self._probe.began + LET_IN_SECONDS - self._clock()
        return min(self._rests.first, let_in) if self._turned_away else self._rests.first

    def admit(self) -> int:
        """The number of a call that begins now, by which its end has to be reported. Only for who need not rest."""
        self._calls += 1
        if self.state is State.HALF_OPEN:
            self._probe = _Probe(self._calls, self._clock())
        return self._calls

    def succeeded(self, call: int) -> None:
        """The vendor answered, if only with a refusal for a good reason."""
        if self._decides(call):
            self._failures, self._rest = 0, self._rests.first
            self._open_until = self._probe = None

    def failed(self, call: int) -> None:
        """The vendor itself failed; a request that it refuses with good reason is no failure."""
        if self._decides(call):
            self._failures += 1
            if self._is_probe(call) or self._failures >= FAILURES_TO_OPEN:
                self._open(self._rest, turned_away=False)

    def turned_away(self, call: int, told: float | None) -> None:
        """The vendor is too busy, and wants to be left alone for so many seconds where it tells them."""
        if self._decides(call):
            jitters = told is None or self._rest > self._rests.first
            jitter = self._uniform(0.0, self._rest) if jitters else 0.0
            self._open(max(told or 0.0, jitter), turned_away=True)
        elif self._open_until is not None and told is not None:
            self._open_until = max(self._open_until, self._clock() + told)

    def left(self, call: int) -> None:
        """The call was given up before it said anything about the vendor."""
        if self._is_probe(call):
            self._probe = None

    def _decides(self, call: int) -> bool:
        return self.state is State.CLOSED or self._is_probe(call)

    def _is_probe(self, call: int) -> bool:
        return self._probe is not None and self._probe.call == call and not self._was_let_in()

    def _was_let_in(self) -> bool:
        began = self._probe.began if self._probe and self._turned_away else None
        return began is not None and self._clock() >= began + LET_IN_SECONDS

    def _open(self, seconds: float, *, turned_away: bool) -> None:
        self._open_until, self._turned_away, self._probe = self._clock() + seconds, turned_away, None
        self._rest = min(self._rest * 2, self._rests.longest)


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
