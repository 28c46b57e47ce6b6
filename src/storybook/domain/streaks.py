"""The reading streak: days in a row, kept through a few days of rest.

A day is the reader's own, in their time zone. `REST_DAYS` days of each calendar month may pass without reading: a day
that was missed is paid with a rest day of its own month, once the reader comes back.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

REST_DAYS = 2
_ONE_DAY = timedelta(days=1)
# A gap touches two months at most where it can be paid for: every month is longer than its rest days.
_LONGEST_REST = 2 * REST_DAYS


class Streak(NamedTuple):
    """What all reading days so far come to. `rest_days_used` counts in the month of `last_read`."""

    current: int = 0
    longest: int = 0
    total: int = 0
    rest_days_used: int = 0
    last_read: date | None = None


class Standing(NamedTuple):
    """A streak as it is today. It is broken once reading today could no longer save it, and then `current` is 0.

    `rest_days_left` may still be missed this month.
    """

    current: int
    longest: int
    total: int
    last_read: date | None
    read_today: bool
    broken: bool
    rest_days_left: int


def day_of(now: datetime, time_zone: str) -> date:
    """The date that a moment has in an IANA time zone."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def read_on(streak: Streak, today: date) -> Streak:
    """The streak after reading today. The same again where today counts already, or a journey has made it an earlier
    day than the last one.
    """
    if streak.last_read is not None and today <= streak.last_read:
        return streak
    used = _rest_days_used(streak, today)
    current = 1 if used is None else streak.current + 1
    return Streak(
        current=current,
        longest=max(streak.longest, current),
        total=streak.total + 1,
        rest_days_used=_used_before(streak, today) if used is None else used,
        last_read=today,
    )


def standing(streak: Streak, today: date) -> Standing:
    """The streak as it is shown today."""
    used = _rest_days_used(streak, today)
    broken = used is None
    return Standing(
        current=0 if broken else streak.current,
        longest=streak.longest,
        total=streak.total,
        last_read=streak.last_read,
        read_today=streak.last_read is not None and today <= streak.last_read,
        broken=broken,
        rest_days_left=REST_DAYS - (_used_before(streak, today) if used is None else used),
    )


def _rest_days_used(streak: Streak, today: date) -> int | None:
    """The rest days of today's month that are used once all missed days are paid for; None where they cannot be."""
    missed = _missed_days(streak, today)
    if missed > _LONGEST_REST:
        return None
    spent = Counter(_month(today - number * _ONE_DAY) for number in range(1, missed + 1))
    if streak.last_read is not None:
        spent[_month(streak.last_read)] += streak.rest_days_used
    return spent[_month(today)] if max(spent.values(), default=0) <= REST_DAYS else None


def _used_before(streak: Streak, today: date) -> int:
    """The rest days of today's month that were used by the last day of reading."""
    same_month = streak.last_read is not None and _month(streak.last_read) == _month(today)
    return streak.rest_days_used if same_month else 0


def _missed_days(streak: Streak, today: date) -> int:
    return max(0, (today - streak.last_read).days - 1) if streak.last_read else 0


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
