"""The one way out to a vendor: its turn, its breaker, its bill.

One `call` is one POST. It is refused while the vendor is known to be away or too busy, waits for its turn, is written
down with the most that it can cost before it is made, and with what it did cost afterwards. Nothing here tries again:
whoever asked decides that, by the error's `charged`, `retryable`, `retry_after` and `away`.
"""

import asyncio
import datetime as dt
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from storybook.core import telemetry
from storybook.core.endings import to_its_end
from storybook.core.errors import Charged, LeaseLost, ProviderError, VendorAway
from storybook.core.metrics import BREAKER_OPEN, count_call
from storybook.domain.calls import DOLLAR, NOTHING, Bill, Kind, LostCalls, Outcome, PaidCall, Purpose, code_of
from storybook.providers import about
from storybook.providers.breaker import Breaker, Rests, RetryBudget, State
from storybook.providers.gate import Gate, NoTurn
from storybook.providers.http import CallFailed, busy_code_of
from storybook.providers.vendors import Vendor


class Meter(Protocol):
    """Who writes calls down and keeps them within the budget."""

    async def start(self, call: PaidCall) -> int:
        """The number of the call, whose worst cost is set aside.

        Raises ProviderError when the budget has no room, VendorAway while an earlier runner's call for the same may
        still be answered, and LeaseLost when the job is somebody else's by now.
        """
        ...

    async def note_id(self, number: int, vendor_id: str) -> None:
        """The vendor has accepted the call under this id."""
        ...

    async def end(self, number: int, outcome: Outcome, bill: Bill, milliseconds: int) -> None:
        """The call has ended, and cost this."""
        ...

    async def accepted_before(self, about: Purpose, vendor: str, kind: Kind) -> tuple[int, str] | None:
        """Number and vendor's id of an earlier call for the same purpose that was accepted and has not ended."""
        ...

    async def lost_before(self, about: Purpose, vendor: str, kind: Kind) -> LostCalls | None:
        """Earlier calls for the same purpose that may have been accepted under an id that nobody has heard."""
        ...

    async def heard_of(self, vendor: str, ids: list[str], since: dt.datetime) -> set[str]:
        """Those of the vendor's ids that belong to a call which was begun since then."""
        ...

    async def note_breaker(self, line: str, vendor: str, kind: Kind, rest: float | None) -> None:
        """The breaker of a line has opened, for so many seconds, or has closed; `line` is a random id."""
        ...


ASKED_BEFORE = 0
"""The turn of a call that was made by somebody else."""


class Call:
    """A call that is under way. Its bill counts from the moment that it is known, and until then the most that it can
    cost. It `is_kept` once its id is written down, by which it can be asked for again.
    """

    def __init__(self, number: int, worst: int, meter: Meter, turn: int = ASKED_BEFORE) -> None:
        self.number = number
        self.turn = turn
        self.is_kept = turn == ASKED_BEFORE
        self.bill = self.at_worst = Bill({}, worst)
        self._meter = meter

    async def accepted(self, vendor_id: str) -> None:
        """To be called before the vendor is first asked for the result."""
        await self._meter.note_id(self.number, vendor_id)
        self.is_kept = True

    def costs(self, bill: Bill) -> None:
        """To be called as soon as the vendor has said it in a way that can be believed."""
        self.bill = bill


class Line:
    """All calls of one kind to one vendor, over all jobs of the process. Lines to one address share a `gate`."""

    def __init__(
        self,
        vendor: Vendor,
        kind: Kind,
        meter: Meter,
        rests: Rests = Rests(),  # noqa: B008 - a value
        clock: Callable[[], float] = time.monotonic,
        *,
        gate: Gate | None = None,
    ) -> None:
        self.vendor = vendor
        self.kind = kind
        self.meter = meter
        self.rests = rests
        self.breaker = Breaker(clock, rests)
        self._clock = clock
        self._id = secrets.token_hex(8)
        self._noted_until: float | None = None
        self.retries = RetryBudget()
        self.gate = gate or Gate(vendor.at_once)

    @asynccontextmanager
    async def call(self, model: str, worst: int) -> AsyncIterator[Call]:
        """One POST. Errors of the block are to be ProviderErrors; see `providers.http.send` and
        `providers.packages.unwrapped`.

        Raises Leaving where it costs something and this process is told to stop.
        """
        self._require_allowed(worst)
        about.stop_the_clock()
        async with self._turn():
            self._require_allowed(worst)
            turn = self.breaker.admit()
            try:
                what_for, seconds = about.purpose(), about.seconds()
                number = await self._begun(PaidCall(what_for, self.vendor.name, self.kind, model, worst, seconds))
                about.start_the_clock()
                with self._recorded(number, model):
                    async with self._written_down(Call(number, worst, self.meter, turn)) as call:
                        yield call
            finally:
                self.breaker.left(turn)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with self.gate.inside(about.latest_start()):
                yield
        except NoTurn:
            reason = f"{self.vendor.name} is asked by too many others"
            raise VendorAway(reason, code=code_of(self.kind), retryable=True, retry_after=self.rests.first) from None

    async def accepted_before(self) -> tuple[int, str] | None:
        """Number and vendor's id of a call for the same purpose whose result nobody has, to go on with it."""
        what_for = about.purpose()
        if what_for is None or about.is_first_try():
            return None
        return await self.meter.accepted_before(what_for, self.vendor.name, self.kind)

    async def lost_before(self) -> LostCalls | None:
        """Calls for the same purpose that may have been accepted under an id that nobody has heard."""
        what_for = about.purpose()
        if what_for is None or about.is_first_try():
            return None
        return await self.meter.lost_before(what_for, self.vendor.name, self.kind)

    @asynccontextmanager
    async def resumed(self, number: int, worst: int) -> AsyncIterator[Call]:
        """A call that was accepted before, whose result is asked for again; it is not made again."""
        with self._recorded(number):
            async with self._written_down(Call(number, worst, self.meter)) as call:
                yield call

    @contextmanager
    def _recorded(self, number: int, model: str | None = None) -> Iterator[None]:
        """A call in the trace of its job; one without a model is asked for again."""
        with telemetry.within(f"call {self.vendor.name}", leaves=True) as span:
            span.tell(vendor=self.vendor.name, work=self.kind, call=number)
            if model:
                span.tell(model=model)
            yield

    def _require_allowed(self, worst: int) -> None:
        if worst:
            about.require_staying()
        self.require_open()

    def require_open(self, charged: Charged = Charged.NO) -> None:
        """Raises VendorAway while the vendor is left alone; `charged` says it of earlier calls for the same."""
        if seconds := self.breaker.rests_for():
            state, code = ("too busy", busy_code_of) if self.breaker.is_busy else ("away", code_of)
            raise VendorAway(
                f"{self.vendor.name} is {state}",
                code=code(self.kind),
                charged=charged,
                retryable=True,
                retry_after=seconds,
            )

    async def _begun(self, call: PaidCall) -> int:
        """The call's number. Where somebody stops it before it is made, its row says so."""
        starting = asyncio.ensure_future(self.meter.start(call))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            [number] = await asyncio.gather(starting, return_exceptions=True)
            if isinstance(number, int):
                await self.meter.end(number, Outcome.NOT_SENT, NOTHING, 0)
            raise

    @asynccontextmanager
    async def _written_down(self, call: Call) -> AsyncIterator[Call]:
        began = time.monotonic()
        outcome, bill = Outcome.UNKNOWN, call.at_worst
        try:
            yield call
        except ProviderError as error:
            self._learn(error, call.turn)
            outcome, bill = _outcome(error), _bill(error, call)
            error.provider, error.reason = self.vendor.name, outcome
            error.kept = call.is_kept and outcome is Outcome.UNKNOWN
            raise
        except LeaseLost:
            outcome, bill = Outcome.NOT_SENT, NOTHING
            raise
        except asyncio.CancelledError:
            if about.time_is_up():
                self.breaker.failed(call.turn)
                if call.is_kept:
                    about.keep()
            raise
        else:
            about.stop_the_clock()
            self._worked(call.turn)
            outcome, bill = Outcome.OK, call.bill
        finally:
            await self._end(call, outcome, bill, began)

    async def _end(self, call: Call, outcome: Outcome, bill: Bill, began: float) -> None:
        """Writes it down, also when somebody stops us meanwhile: it is known only here."""
        telemetry.tell(outcome=outcome, micro_dollars=bill.micro_dollars)
        seconds = time.monotonic() - began
        count_call(self.vendor.name, self.kind, outcome, seconds, bill.micro_dollars / DOLLAR)
        BREAKER_OPEN.labels(self.vendor.name, self.kind).set(self.breaker.state is not State.CLOSED)
        await to_its_end(self.meter.end(call.number, outcome, bill, round(seconds * 1000)))
        await self._note_breaker()

    async def _note_breaker(self) -> None:
        """Writes down that the breaker has opened or closed, where that is news."""
        until = self.breaker.open_until
        if until == self._noted_until:
            return
        self._noted_until = until
        rest = None if until is None else max(until - self._clock(), 0.0)
        await to_its_end(self.meter.note_breaker(self._id, self.vendor.name, self.kind, rest))

    def _learn(self, error: ProviderError, turn: int) -> None:
        """A vendor that answers, if only with a refusal, is there; one that says when to come back is too busy."""
        told, outcome = error.retry_after, _outcome(error)
        if outcome in {Outcome.REFUSED, Outcome.UNUSABLE}:
            self._worked(turn)
        elif outcome is Outcome.BUSY or told is not None:
            if self.breaker.state is State.CLOSED:
                self.gate.too_busy()
            self.breaker.turned_away(turn, told)
            error.away = error.charged is Charged.NO
            error.retry_after = max(told or 0.0, self.breaker.rests_for())
        else:
            self.breaker.failed(turn)
            self.retries.failed()
            if not self.retries.allows:
                error.retry_after = self.rests.longest

    def _worked(self, turn: int) -> None:
        self.breaker.succeeded(turn)
        self.retries.succeeded()
        self.gate.went_well()


def _outcome(error: ProviderError) -> Outcome:
    if isinstance(error, CallFailed):
        return error.outcome
    return Outcome.UNUSABLE if error.charged is Charged.YES else Outcome.FAILED


def _bill(error: ProviderError, call: Call) -> Bill:
    """What nobody knows counts with the most that it can have cost."""
    match error.charged:
        case Charged.NO:
            return NOTHING
        case Charged.MAYBE:
            return call.at_worst
        case Charged.YES:
            return call.bill
