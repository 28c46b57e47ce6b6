"""The one way out to a vendor: its turn, its breaker, its bill.

One `call` is one POST. It is refused while the vendor is known to be away, waits for its turn, is written down with the
most that it can cost before it is made, and with what it did cost afterwards. Nothing here tries again: whoever asked
decides that, by the error's `charged`, `retryable` and `retry_after`.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from storybook.core import telemetry
from storybook.core.endings import to_its_end
from storybook.core.errors import Charged, LeaseLost, ProviderError, VendorAway
from storybook.core.metrics import BREAKER_OPEN, count_call
from storybook.domain.calls import DOLLAR, NOTHING, Bill, Kind, Outcome, PaidCall, Purpose, code_of
from storybook.providers import about
from storybook.providers.breaker import Breaker, Rests, RetryBudget, State
from storybook.providers.gate import Gate
from storybook.providers.http import CallFailed
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

    async def note_breaker(self, line: str, vendor: str, kind: Kind, rest: float | None) -> None:
        """The breaker of a line has opened, for so many seconds, or has closed; `line` is a random id."""
        ...


class Call:
    """A call that is under way. Its bill counts from the moment that it is known."""

    def __init__(self, number: int, worst: int, meter: Meter) -> None:
        self.number = number
        self.bill = NOTHING
        self.worst = worst
        self._meter = meter

    async def accepted(self, vendor_id: str) -> None:
        """To be called before the vendor is first asked for the result."""
        await self._meter.note_id(self.number, vendor_id)

    def costs(self, bill: Bill) -> None:
        self.bill = bill


class Line:
    """All calls of one kind to one vendor, over all jobs of the process."""

    def __init__(self, vendor: Vendor, kind: Kind, meter: Meter, rests: Rests = Rests()) -> None:  # noqa: B008 - a value
        self.vendor = vendor
        self.kind = kind
        self.meter = meter
        self.rests = rests
        self.breaker = Breaker(time.monotonic, rests)
        self._id = secrets.token_hex(8)
        self._noted_until: float | None = None
        self.retries = RetryBudget()
        self.gate = Gate(vendor.at_once)

    @asynccontextmanager
    async def call(self, model: str, worst: int) -> AsyncIterator[Call]:
        """One POST. Errors of the block are to be ProviderErrors; see `providers.http.send` and `translated`."""
        self._refuse_for(self.breaker.rests_for())
        about.stop_the_clock()
        async with self.gate.inside():
            self._refuse_for(self.breaker.wait())
            try:
                what_for, seconds = about.purpose(), about.seconds()
                number = await self._begun(PaidCall(what_for, self.vendor.name, self.kind, model, worst, seconds))
                about.start_the_clock()
                with self._recorded(number, model):
                    async with self._written_down(Call(number, worst, self.meter)) as call:
                        yield call
            except BaseException:
                self.breaker.left()
                raise

    async def accepted_before(self) -> tuple[int, str] | None:
        """Number and vendor's id of a call for the same purpose whose result nobody has, to go on with it."""
        what_for = about.purpose()
        return await self.meter.accepted_before(what_for, self.vendor.name, self.kind) if what_for else None

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

    def _refuse_for(self, seconds: float) -> None:
        if seconds:
            raise VendorAway(
                f"{self.vendor.name} is away", code=code_of(self.kind), retryable=True, retry_after=seconds
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
        try:
            yield call
        except ProviderError as error:
            self._learn(error)
            await self._end(call, _outcome(error), _bill(error, call), began)
            raise
        except LeaseLost:
            await self._end(call, Outcome.NOT_SENT, NOTHING, began)
            raise
        except asyncio.CancelledError:
            if about.time_is_up():
                self.breaker.failed()
            await self._end(call, Outcome.UNKNOWN, Bill({}, call.worst), began)
            raise
        about.stop_the_clock()
        self._worked()
        await self._end(call, Outcome.OK, call.bill, began)

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
        rest = None if until is None else max(until - time.monotonic(), 0.0)
        await to_its_end(self.meter.note_breaker(self._id, self.vendor.name, self.kind, rest))

    def _learn(self, error: ProviderError) -> None:
        """A vendor that answers, if only with a refusal, is there."""
        match _outcome(error):
            case Outcome.BUSY:
                self.gate.too_busy()
            case Outcome.REFUSED | Outcome.UNUSABLE:
                self._worked()
            case _:
                self.breaker.failed()
                self.retries.failed()
                if not self.retries.allows:
                    error.retry_after = max(error.retry_after or 0.0, self.rests.longest)

    def _worked(self) -> None:
        self.breaker.succeeded()
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
            return Bill({}, call.worst)
        case Charged.YES:
            return call.bill if call.bill != NOTHING else Bill({}, call.worst)
