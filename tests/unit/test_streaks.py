"""A streak is what its days of reading come to; a day is the reader's own."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storybook.domain.book_spec import Language
from storybook.domain.milestones import MILESTONES, praise_for, reached_by
from storybook.domain.streaks import REST_DAYS, Streak, day_of, read_on, standing

ONE_DAY = timedelta(days=1)
JUNE = [date(2026, 6, 1) + number * ONE_DAY for number in range(40)]


def after(days: list[date]) -> Streak:
    streak = Streak()
    for day in days:
        streak = read_on(streak, day)
    return streak


def refolded(days: set[date]) -> Streak:
    """The same from all days of reading at once, with a purse of rest days for every month."""
    spent: Counter[tuple[int, int]] = Counter()
    current = longest = 0
    last: date | None = None
    for day in sorted(days):
        missed = [] if last is None else [last + n * ONE_DAY for n in range(1, (day - last).days)]
        needed = Counter((each.year, each.month) for each in missed)
        kept = all(spent[month] + count <= REST_DAYS for month, count in needed.items())
        spent += needed if kept else Counter()
        current = current + 1 if kept else 1
        longest, last = max(longest, current), day
    used = spent[last.year, last.month] if last else 0
    return Streak(current, longest, len(days), used, last)


gaps = st.lists(st.integers(0, 6) | st.integers(0, 800), max_size=60)
starts = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@given(start=starts, gaps=gaps)
@example(start=date(2026, 1, 29), gaps=[5, 1])
@example(start=date(2028, 2, 27), gaps=[4, 4, 1])
def test_it_is_the_same_as_if_all_days_were_folded_anew(start: date, gaps: list[int]) -> None:
    days = [start, *accumulate((gap * ONE_DAY for gap in gaps), lambda day, gap: day + gap, initial=start)]
    assert after(days) == refolded(set(days))


@given(start=starts, gaps=gaps, later=st.integers(1, 70))
def test_it_is_shown_as_broken_exactly_when_reading_today_could_not_save_it(
    start: date, gaps: list[int], later: int
) -> None:
    days = list(accumulate((gap * ONE_DAY for gap in gaps), lambda day, gap: day + gap, initial=start))
    streak = after(days)
    today = days[-1] + later * ONE_DAY
    shown, read = standing(streak, today), read_on(streak, today)
    assert shown.broken == (read.current != streak.current + 1)
    assert shown.current == (0 if shown.broken else streak.current)
    assert shown.rest_days_left == REST_DAYS - read.rest_days_used
    assert not shown.read_today


def test_nothing_read_yet_is_not_broken() -> None:
    shown = standing(Streak(), JUNE[0])
    assert (shown.current, shown.broken, shown.read_today, shown.rest_days_left) == (0, False, False, 2)


def test_reading_again_on_a_day_changes_nothing() -> None:
    assert after([JUNE[0], JUNE[0]]) == after([JUNE[0]]) == Streak(1, 1, 1, 0, JUNE[0])


def test_two_days_of_a_month_may_be_missed() -> None:
    assert after([JUNE[0], JUNE[3]]) == Streak(2, 2, 2, 2, JUNE[3])
    assert after([JUNE[0], JUNE[2], JUNE[4]]) == Streak(3, 3, 3, 2, JUNE[4])


def test_the_third_missed_day_of_a_month_begins_the_streak_anew() -> None:
    assert after([JUNE[0], JUNE[4]]).current == 1
    assert after([JUNE[0], JUNE[2], JUNE[4], JUNE[6]]) == Streak(1, 3, 4, 2, JUNE[6])


def test_each_missed_day_is_paid_by_its_own_month() -> None:
    both_months = after([date(2026, 6, 28), date(2026, 7, 3)])
    assert both_months == Streak(2, 2, 2, 2, date(2026, 7, 3))
    assert after([date(2026, 6, 27), date(2026, 7, 1)]).current == 1
    assert after([date(2026, 12, 30), date(2027, 1, 2)]) == Streak(2, 2, 2, 1, date(2027, 1, 2))


def test_a_new_month_brings_new_rest_days() -> None:
    rested_in_june = after([JUNE[0], JUNE[3], *JUNE[4:30]])
    assert standing(rested_in_june, date(2026, 7, 1)).rest_days_left == 2


def test_a_journey_that_makes_it_an_earlier_day_changes_nothing() -> None:
    streak = after(JUNE[:3])
    assert read_on(streak, JUNE[1]) == streak
    shown = standing(streak, JUNE[1])
    assert shown.current == 3 and shown.read_today and not shown.broken


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (zone, day)
        for zone in ("Asia/Seoul", "America/Los_Angeles", "Pacific/Kiritimati", "UTC")
        for day in (date(2026, 3, 8), date(2026, 3, 9), date(2026, 11, 1), date(2026, 11, 2), date(2027, 1, 1))
    ],
)
def test_a_day_begins_at_the_midnight_of_the_reader(zone: str, day: date) -> None:
    midnight = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    assert day_of(midnight, zone) == day
    assert day_of(midnight - timedelta(microseconds=1), zone) == day - ONE_DAY


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)])
def test_a_day_on_which_the_clocks_change_is_one_day(day: date, hours: int) -> None:
    midnight = datetime.combine(day, time(), ZoneInfo("America/Los_Angeles")).astimezone(UTC)
    seen = Counter(day_of(midnight + timedelta(minutes=minute), "America/Los_Angeles") for minute in range(26 * 60))
    assert seen[day] == hours * 60


def test_milestones_are_those_of_the_app() -> None:
    assert [(each.kind.value, each.days) for each in MILESTONES] == [
        *(("streak", days) for days in (3, 7, 14, 30, 100)),
        *(("total", days) for days in (10, 50, 100)),
    ]
    assert reached_by(Streak(7, 7, 10)) == [MILESTONES[1], MILESTONES[5]]
    assert reached_by(Streak(8, 8, 11)) == []


@pytest.mark.parametrize("language", Language)
def test_every_milestone_is_praised_in_every_language(language: Language) -> None:
    praises = [praise_for(milestone, language) for milestone in MILESTONES]
    assert all(praise.title and praise.description for praise in praises)
    assert len(set(praises)) == len(MILESTONES)
