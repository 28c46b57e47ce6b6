"""Looks at a picture that is being drawn: seldom before it can be there, and soon after it is."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storybook.providers.pace import LONG, REMEMBERED, SHORTEST, TRIES_SOONER, Pace, wait_between_looks


def looks_at(pace: Pace, seconds: float) -> tuple[int, float]:
    """How many looks a picture that takes so long needs, and how late the last one is."""
    elapsed, missed, looks = pace.until_look(0.0), None, 1
    while elapsed < seconds:
        missed, looks = elapsed, looks + 1
        elapsed += pace.until_look(elapsed)
    pace.learn(elapsed, missed)
    return looks, elapsed - seconds


def practised(seconds: Callable[[], float], pictures: int = 3 * REMEMBERED) -> Pace:
    pace = Pace(wait_between_looks)
    for _ in range(pictures):
        looks_at(pace, seconds())
    return pace


def test_the_first_picture_is_looked_for_at_once_and_then_now_and_then() -> None:
    looks, late = looks_at(Pace(wait_between_looks), 3.0)
    assert 8 <= looks <= 15
    assert late <= 0.36


@pytest.mark.parametrize("seconds", [0.3, 3.0, 30.0])
def test_a_vendor_that_always_takes_the_same_time_is_looked_at_little_more_than_once_a_picture(seconds: float) -> None:
    pace = practised(lambda: seconds)
    seen = [looks_at(pace, seconds) for _ in range(100)]
    on_the_way = max(0, int(math.log2(seconds / LONG)))
    assert sum(looks for looks, _ in seen) <= 100 * (1 + on_the_way + 2 / TRIES_SOONER)
    assert max(late for _, late in seen) <= max(SHORTEST, seconds / 80)


@pytest.mark.parametrize(("before", "now"), [(6.0, 3.0), (3.0, 2.9), (3.0, 0.5), (3.0, 6.0)])
def test_a_vendor_that_becomes_faster_or_slower_is_noticed(before: float, now: float) -> None:
    pace = practised(lambda: before)
    for _ in range(60):
        late = looks_at(pace, now)[1]
    assert late <= max(SHORTEST, now / 40)


@pytest.mark.parametrize("woken", [8.0, 80.0])
def test_a_vendor_that_had_to_wake_up_first_keeps_nobody_waiting_again(woken: float) -> None:
    pace = Pace(wait_between_looks)
    looks_at(pace, woken)
    assert looks_at(pace, 3.0)[1] <= 0.36


def test_nor_does_one_that_was_slow_for_a_while() -> None:
    pace = practised(lambda: 80.0)
    late = [looks_at(pace, 3.0)[1] for _ in range(10)]
    assert max(late) <= 3.0
    assert sum(late) <= 9.0


def test_one_that_is_under_way_is_looked_at_by_the_time_at_which_a_faster_one_was_there() -> None:
    pace = practised(lambda: 3.0)
    pace.learn(2.9, None)
    assert pace.until_look(2.8) <= 0.1


def test_one_fast_picture_is_forgotten_again() -> None:
    pace = practised(lambda: 3.0)
    looks_at(pace, 0.5)
    for _ in range(REMEMBERED):
        looks_at(pace, 3.0)
    assert looks_at(pace, 3.0)[0] <= 3


@given(st.lists(st.floats(0.05, 300.0), min_size=1, max_size=50))
def test_whatever_pictures_take_none_is_looked_at_all_the_time_and_none_is_forgotten(took: list[float]) -> None:
    pace = Pace(lambda elapsed: min(max(elapsed / 10, 0.25), 1.0))
    for seconds in took:
        looks, late = looks_at(pace, seconds)
        assert looks <= 40 + seconds / 0.125
        assert late <= max(took) + 1.0
