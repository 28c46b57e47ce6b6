"""The line to a vendor that is too busy: it is closed for all at once, and opened again by one."""

import asyncio
from dataclasses import dataclass, field

import httpx
import pytest

from storybook.core.errors import Charged, ErrorCode, LeaseLost, ProviderError, VendorAway
from storybook.core.settings import Settings
from storybook.domain.calls import Kind, Outcome, Purpose
from storybook.domain.jobs import Step
from storybook.pipeline.policy import TURN_SECONDS
from storybook.providers.about import About, calling_about, latest_start
from storybook.providers.breaker import FAILURES_TO_OPEN, Rests, State
from storybook.providers.http import CallFailed, no_answer, refusal
from storybook.providers.line import Line
from storybook.providers.vendors import ANTHROPIC, FAL
from tests.fixtures_calls import Notebook, bench

WIDTH = FAL.at_once
WAITING = 50
PURPOSE = Purpose("job", "user", Step.GENERATE_IMAGES, 1, 1)
GOOD = 200


@dataclass
class Vendor:
    """Answers calls of a line with a status, and with `Retry-After` where there is one."""

    status: int = 429
    told: str | None = "20"
    now: float = 0.0
    posts: int = 0
    rests: Rests = field(default_factory=Rests)
    line: Line = field(init=False)
    notebook: Notebook = field(default_factory=Notebook)

    def __post_init__(self) -> None:
        self.line = Line(FAL, Kind.IMAGE, self.notebook, self.rests, clock=lambda: self.now)

    async def ask(self) -> None:
        async with self.line.call("a model", 40_000):
            self.posts += 1
            await asyncio.sleep(0)
            if self.status != GOOD:
                headers = {"retry-after": self.told} if self.told is not None else {}
                raise refusal(self.status, headers, self.line.vendor, self.line.kind)

    async def asked_by(self, count: int) -> list[ProviderError]:
        """Many ask at once; what is raised."""
        ends = await asyncio.gather(*(self.ask() for _ in range(count)), return_exceptions=True)
        return [end for end in ends if isinstance(end, ProviderError)]


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


async def test_a_busy_vendor_is_asked_once_in_each_rest_however_many_wait(vendor: Vendor) -> None:
    for second in range(91):
        vendor.now = float(second)
        failures = await vendor.asked_by(WAITING)
        assert len(failures) == WAITING
        assert all(failure.away and failure.charged is Charged.NO for failure in failures)
        assert all(failure.code is ErrorCode.IMAGE_RATE_LIMIT for failure in failures)
    assert vendor.posts <= WIDTH + 90 / 20
    assert {row.outcome for row in vendor.notebook.rows} == {Outcome.BUSY}


async def test_a_vendor_that_was_busy_is_asked_by_half_as_many_at_once_and_then_by_more_again(vendor: Vendor) -> None:
    await vendor.asked_by(WIDTH)
    assert vendor.line.gate.width == WIDTH // 2
    vendor.now, vendor.status = 20.0, GOOD
    await vendor.ask()
    assert vendor.line.breaker.state is State.CLOSED
    assert vendor.line.gate.width == WIDTH // 2
    await vendor.asked_by(WIDTH * 10)
    assert vendor.line.gate.width > WIDTH // 2


async def test_one_busy_answer_costs_as_little_time_as_the_vendor_wants(vendor: Vendor) -> None:
    vendor.told = "1"
    [failure] = await vendor.asked_by(1)
    assert failure.retry_after == 1
    vendor.now, vendor.status = 1.0, GOOD
    assert await vendor.asked_by(1) == []


@pytest.mark.parametrize(("status", "told", "rests"), [(503, "3", True), (503, None, False)])
async def test_any_failure_that_says_when_to_come_back_closes_the_line(
    status: int, told: str | None, *, rests: bool, vendor: Vendor
) -> None:
    vendor.status, vendor.told = status, told
    [failure] = await vendor.asked_by(1)
    assert (failure.away, vendor.line.breaker.state is State.OPEN) == (rests, rests)


async def test_an_overloaded_vendor_is_left_alone_for_as_long_as_it_says() -> None:
    line = Line(ANTHROPIC, Kind.TEXT, Notebook())
    with pytest.raises(CallFailed) as failed:
        async with line.call("a model", 100):
            raise refusal(529, {"retry-after": "9"}, line.vendor, line.kind)
    assert (failed.value.away, failed.value.charged) == (True, Charged.NO)
    with pytest.raises(VendorAway):
        async with line.call("a model", 100):
            pass


async def test_what_may_have_been_paid_uses_up_a_try_although_the_line_is_closed() -> None:
    line = Line(ANTHROPIC, Kind.TEXT, Notebook())
    with pytest.raises(CallFailed) as failed:
        async with line.call("a model", 100):
            raise refusal(500, {"retry-after": "9"}, line.vendor, line.kind)
    assert (failed.value.away, failed.value.charged, line.breaker.state) == (False, Charged.MAYBE, State.OPEN)


async def test_a_call_that_does_not_leave_is_no_probe(vendor: Vendor) -> None:
    await vendor.asked_by(1)
    vendor.now, vendor.status = 20.0, GOOD
    with pytest.raises(LeaseLost):
        async with vendor.line.call("a model", 100):
            raise LeaseLost("somebody else's")
    assert vendor.line.breaker.state is State.HALF_OPEN
    assert await vendor.asked_by(1) == []


async def test_a_call_that_ends_badly_takes_nothing_from_the_probe_of_another(vendor: Vendor) -> None:
    vendor.told, vendor.status = None, 503
    hung = vendor.line.call("a model", 100)
    await hung.__aenter__()
    await vendor.asked_by(FAILURES_TO_OPEN)
    vendor.now = vendor.line.breaker.rests_for()
    probe = vendor.line.call("a model", 100)
    await probe.__aenter__()
    lost = LeaseLost("somebody else's")
    assert not await hung.__aexit__(LeaseLost, lost, None)
    with pytest.raises(VendorAway):
        await vendor.ask()
    await probe.__aexit__(None, None, None)
    assert vendor.line.breaker.state is State.CLOSED


async def test_busy_answers_use_up_no_try_of_a_step() -> None:
    vendor = Vendor(told=None, rests=Rests(0.01, 0.01))

    async def work() -> None:
        vendor.now += 1
        vendor.status = GOOD if vendor.posts == 9 else 429
        await vendor.ask()

    await bench(Settings(_env_file=None), timeout=5, pause=5).attempt(Step.GENERATE_IMAGES, work, page=1)
    assert vendor.posts == 10


async def test_who_has_no_turn_before_its_step_has_to_end_goes_back_into_the_queue() -> None:
    line, now = Line(FAL._replace(at_once=1), Kind.IMAGE, Notebook()), asyncio.get_running_loop().time
    async with line.call("a model", 1):
        late = About(PURPOSE, asyncio.timeout(None), seconds=0.05, ends=now() + 0.1)
        with calling_about(late), pytest.raises(VendorAway) as away:
            async with late.clock, line.call("a model", 1):
                raise AssertionError("it may last too long")
        assert away.value.retry_after == Rests().first
        assert now() <= late.ends
    too_late = About(PURPOSE, asyncio.timeout(None), seconds=0.05, ends=now() + 0.04)
    with calling_about(too_late), pytest.raises(VendorAway):
        async with too_late.clock, line.call("a model", 1):
            raise AssertionError("it may last too long")
    async with line.call("a model", 1):
        pass


async def test_a_call_begins_only_where_it_can_end_before_the_deadline_of_its_step() -> None:
    made, found = bench(Settings(_env_file=None), timeout=5), []

    async def work() -> None:
        found.append(latest_start() - asyncio.get_running_loop().time())

    await made.attempt(Step.GENERATE_STORY, work)
    assert found == [pytest.approx(3 * 2 * 5 + TURN_SECONDS - 5, abs=1)]


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.PoolTimeout]
)
def test_what_never_left_was_not_paid(error: type[httpx.HTTPError]) -> None:
    failure = no_answer(error("told"), FAL, Kind.IMAGE)
    assert (failure.outcome, failure.charged) == (Outcome.NOT_SENT, Charged.NO)


async def test_a_call_that_something_unforeseen_ends_counts_as_paid(vendor: Vendor) -> None:
    with pytest.raises(ZeroDivisionError):
        async with vendor.line.call("a model", 40_000):
            raise ZeroDivisionError
    assert [(row.outcome, row.bill.micro_dollars) for row in vendor.notebook.rows] == [(Outcome.UNKNOWN, 40_000)]
