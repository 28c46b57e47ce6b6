"""When a vendor is left alone, and who asks it first afterwards."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from storybook.providers.breaker import FAILURES_TO_OPEN, LET_IN_SECONDS, Breaker, Rests, State

RESTS = Rests(first=5.0, longest=25.0)
TOLD = st.none() | st.sampled_from([0.0, 1.0, 7.5, 600.0])


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """One whose luck is always the longest rest that it may have."""
    return Breaker(clock, RESTS, lambda _, most: most)


def rests_of(breaker: Breaker, clock: Clock, count: int, told: float | None) -> list[float]:
    """How long each of so many rests is, after calls that are turned away."""
    found = []
    for _ in range(count):
        breaker.turned_away(breaker.admit(), told)
        found.append(breaker.rests_for())
        clock.now += breaker.rests_for()
    return found


def fail(breaker: Breaker) -> None:
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed(breaker.admit())


def test_a_vendor_is_left_alone_after_failures_in_a_row_and_for_longer_each_time(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker)
    found = []
    for _ in range(4):
        found.append(breaker.rests_for())
        clock.now += breaker.rests_for()
        breaker.failed(breaker.admit())
    assert found == [5, 10, 20, 25]


def test_failures_between_successes_do_not_add_up(breaker: Breaker) -> None:
    for _ in range(FAILURES_TO_OPEN * 3):
        breaker.failed(breaker.admit())
        breaker.succeeded(breaker.admit())
    assert breaker.state is State.CLOSED


@pytest.mark.parametrize(
    ("told", "rests"), [(None, [5, 10, 20, 25, 25]), (1.0, [1, 10, 20, 25, 25]), (60.0, [60, 60, 60, 60, 60])]
)
def test_a_busy_vendor_rests_at_once_for_what_it_tells_and_for_longer_each_time(
    told: float | None, rests: list[float], breaker: Breaker, clock: Clock
) -> None:
    assert rests_of(breaker, clock, len(rests), told) == rests


def test_rests_of_a_busy_vendor_begin_short_again_after_a_success(breaker: Breaker, clock: Clock) -> None:
    rests_of(breaker, clock, 4, None)
    breaker.succeeded(breaker.admit())
    assert rests_of(breaker, clock, 1, 1.0) == [1]


def test_rests_that_nobody_told_have_full_jitter(clock: Clock) -> None:
    drawn: list[tuple[float, float]] = []

    def uniform(least: float, most: float) -> float:
        drawn.append((least, most))
        return most / 2

    assert rests_of(Breaker(clock, RESTS, uniform), clock, 4, None) == [2.5, 5, 10, 12.5]
    assert drawn == [(0, 5), (0, 10), (0, 20), (0, 25)]


def test_what_calls_that_were_under_way_say_opens_nothing_and_lengthens_no_rest_but_as_told(
    breaker: Breaker, clock: Clock
) -> None:
    earlier = [breaker.admit() for _ in range(5)]
    breaker.turned_away(breaker.admit(), 3.0)
    breaker.succeeded(earlier[0])
    breaker.turned_away(earlier[1], None)
    breaker.failed(earlier[2])
    breaker.turned_away(earlier[3], 1.0)
    assert breaker.rests_for() == 3
    breaker.turned_away(earlier[4], 8.0)
    assert breaker.rests_for() == 8
    clock.now = 8.0
    assert rests_of(breaker, clock, 1, None) == [10]


def test_a_call_that_is_given_up_leaves_the_probe_to_another(breaker: Breaker, clock: Clock) -> None:
    clock.now = sum(rests_of(breaker, clock, 1, 1.0))
    probe = breaker.admit()
    assert breaker.rests_for() > 0
    breaker.left(probe)
    assert breaker.rests_for() == 0


def test_a_busy_vendor_that_takes_its_time_with_a_probe_has_let_it_in(breaker: Breaker, clock: Clock) -> None:
    rests_of(breaker, clock, 1, 1.0)
    probe = breaker.admit()
    assert breaker.rests_for() == LET_IN_SECONDS
    clock.now += LET_IN_SECONDS
    assert (breaker.rests_for(), breaker.state) == (0, State.CLOSED)
    breaker.turned_away(probe, None)
    assert breaker.rests_for() == 10


def test_a_vendor_that_failed_has_to_answer_its_probe(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += breaker.rests_for()
    probe = breaker.admit()
    clock.now += 60
    assert breaker.rests_for() > 0
    breaker.succeeded(probe)
    assert breaker.state is State.CLOSED


ROUNDING = 1e-6


class AnyAnswers(RuleBasedStateMachine):
    """Calls begin and end in any order; a rest ends with one probe, and every probe that works ends it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(self.clock, RESTS)
        self.out: list[int] = []
        self.probe: int | None = None
        self.quiet_until = 0.0

    def end(self, number: int) -> tuple[int, bool]:
        """A call that ends, and whether it is the probe of a rest."""
        self.notice()
        call = self.out.pop(number % len(self.out))
        probed = call == self.probe
        if probed:
            self.probe = None
        return call, probed

    def notice(self) -> None:
        """A probe that was let in is a call like any other."""
        if self.breaker.state is State.CLOSED:
            self.probe = None

    @rule(seconds=st.sampled_from([0.01, 0.5, 1.0, 2.5, 6.0, 30.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @precondition(lambda self: self.breaker.rests_for() == 0)
    @rule()
    def a_call_begins(self) -> None:
        self.notice()
        assert self.clock.now >= self.quiet_until - ROUNDING
        probes = self.breaker.state is State.HALF_OPEN
        assert not (probes and self.probe)
        self.out.append(self.breaker.admit())
        if probes:
            self.probe = self.out[-1]
            assert self.breaker.state is State.OPEN

    @precondition(lambda self: self.out)
    @rule(number=st.integers(0, 30))
    def a_call_works(self, number: int) -> None:
        call, probed = self.end(number)
        before = self.breaker.state
        self.breaker.succeeded(call)
        assert self.breaker.state is (State.CLOSED if probed else before)
        if probed:
            self.quiet_until = 0.0

    @precondition(lambda self: self.out)
    @rule(number=st.integers(0, 30))
    def a_call_fails(self, number: int) -> None:
        call, probed = self.end(number)
        self.breaker.failed(call)
        if probed:
            assert 10 - ROUNDING <= self.breaker.rests_for() <= RESTS.longest + ROUNDING
            self.quiet_until = 0.0

    @precondition(lambda self: self.out)
    @rule(number=st.integers(0, 30), told=TOLD)
    def a_call_is_turned_away(self, number: int, told: float | None) -> None:
        call, probed = self.end(number)
        decides = probed or self.breaker.state is State.CLOSED
        self.breaker.turned_away(call, told)
        assert self.breaker.state is not State.CLOSED
        if decides:
            self.quiet_until = self.clock.now + (told or 0.0)

    @precondition(lambda self: self.out)
    @rule(number=st.integers(0, 30))
    def a_call_is_given_up(self, number: int) -> None:
        self.breaker.left(self.end(number)[0])

    @invariant()
    def a_rest_is_never_longer_than_told_or_the_longest(self) -> None:
        assert 0 <= self.breaker.rests_for() <= 600 + ROUNDING

    def teardown(self) -> None:
        """Whatever was said: after the rest a call may begin, and where it works all may."""
        while self.out:
            self.breaker.left(self.end(0)[0])
        self.clock.now += 600
        assert self.breaker.rests_for() == 0
        self.breaker.succeeded(self.breaker.admit())
        assert self.breaker.state is State.CLOSED


TestAnyAnswers = AnyAnswers.TestCase
TestAnyAnswers.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
