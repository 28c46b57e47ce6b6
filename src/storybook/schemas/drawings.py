"""Where bars stand in a drawing: across in per cent, so that it fits every screen, down in pixels."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from storybook.domain.calls import dollars
from storybook.schemas.timelines import Bar, Row, State, Timeline
from storybook.services.operations import CallSeen

MOST_TICKS = 6
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800)
LEAST_WIDTH = 0.5
LEAST_SECONDS = 0.5
MOST_WAIT = 0.15
CENTS_FROM = 100_000
ROOMY = 16
LEAST_HEIGHT = 1.5
BRIEF = 0.0995
"""Seconds; what is shorter is told in milliseconds."""
MOST_BESIDE = 3
"""How many calls at the same time are drawn below each other; more of them overlap."""


class Shape(NamedTuple):
    """A rectangle: `x` and `width` in per cent, `y` and `height` in pixels; `kind` names its looks."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


class Tick(NamedTuple):
    x: float
    label: str


class Line(NamedTuple):
    """The name of a row beside the drawing."""

    letter: str
    name: str


class Waterfall(NamedTuple):
    height: int
    row_height: int
    lines: tuple[Line, ...]
    shapes: tuple[Shape, ...]
    ticks: tuple[Tick, ...]
    summary: str


class Scale(NamedTuple):
    """A stretch of time, from left to right; times are told from `zero`."""

    begun: datetime
    zero: datetime
    seconds: float

    @classmethod
    def of(cls, timeline: Timeline) -> Self:
        """From when it was worked on to its end, with no more of the time before than leaves room to see the work."""
        waited, worked = timeline.worked_from - timeline.begun, timeline.ended - timeline.worked_from
        shown = min(waited, max(worked * MOST_WAIT, timedelta(seconds=LEAST_SECONDS)))
        whole = max((shown + worked).total_seconds(), LEAST_SECONDS)
        return cls(timeline.worked_from - shown, timeline.worked_from, whole)

    def at(self, moment: datetime) -> float:
        share = (moment - self.begun).total_seconds() / self.seconds
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def ticks(self) -> tuple[Tick, ...]:
        """Round times, few enough to be read."""
        left = self.seconds - (self.zero - self.begun).total_seconds()
        step = next((step for step in STEPS if left / step < MOST_TICKS), STEPS[-1])
        times = [number * step for number in range(min(int(left // step), MOST_TICKS) + 1)]
        return tuple(Tick(self.at(self.zero + timedelta(seconds=time)), said(time)) for time in times)


def waterfall(timeline: Timeline, row_height: int) -> Waterfall:
    """All rows of a timeline; `ROOMY` rows have more around their bars."""
    scale = Scale.of(timeline)
    shapes = [
        shape
        for number, row in enumerate(timeline.rows)
        for shape in _row(row, number * row_height, row_height, scale, timeline.ended)
    ]
    letters = [row.letter for row in timeline.rows]
    named = zip(timeline.rows, letters, ["", *letters], strict=False)
    lines = tuple(Line("" if letter == before else letter, row.name) for row, letter, before in named)
    worked, waited = timeline.ended - timeline.worked_from, timeline.worked_from - timeline.begun
    summary = f"{said(worked.total_seconds())} {'so far' if timeline.goes_on else 'in all'}"
    if waited.total_seconds() >= 1:
        summary += f", after {said(waited.total_seconds())} in the queue"
    height = row_height * len(lines)
    return Waterfall(height, row_height, lines, tuple(shapes), scale.ticks(), summary)


def _row(row: Row, y: float, height: int, scale: Scale, now: datetime) -> Iterator[Shape]:
    margin = 3 if height >= ROOMY else 1
    inner = height - 2 * margin
    for bar in row.bars:
        yield _bar(row, bar, scale, y + margin, inner)
    places = list(_beside_each_other(row.calls, now))
    room = inner / (MOST_BESIDE + 1)
    top = y + margin + (inner - room * (1 + max((place for _, place in places), default=0))) / 2
    for call, place in places:
        x, width = _across(scale, call.created_at, call.ended_at or now)
        thick = max(round(room - 0.5, 1), LEAST_HEIGHT)
        yield Shape(x, round(top + place * room, 1), width, thick, f"call {call.outcome}", title_of(call))


def _bar(row: Row, bar: Bar, scale: Scale, y: float, height: float) -> Shape:
    x, width = _across(scale, bar.begun, bar.ended)
    how = {State.ENDED: "", State.OPEN: ", goes on", State.FAILED: ", not ended"}[bar.state]
    title = f"{row.name}: {bar.part} {said((bar.ended - bar.begun).total_seconds())}{how}"
    return Shape(x, y, width, height, f"part {bar.part} {bar.state}", title)


def _across(scale: Scale, begun: datetime, ended: datetime) -> tuple[float, float]:
    left, right = scale.at(begun), scale.at(ended)
    width = max(right - left, LEAST_WIDTH)
    return min(left, 100 - width), round(width, 2)


def _beside_each_other(calls: tuple[CallSeen, ...], now: datetime) -> Iterator[tuple[CallSeen, int]]:
    """Each call with the first place that is free when it begins."""
    free_from: list[datetime] = []
    for call in sorted(calls, key=lambda call: call.created_at):
        places = [place for place, free in enumerate(free_from) if free <= call.created_at]
        place = places[0] if places else min(len(free_from), MOST_BESIDE - 1)
        if place == len(free_from):
            free_from.append(now)
        free_from[place] = call.ended_at or now
        yield call, place


def title_of(call: CallSeen) -> str:
    took = "under way" if call.milliseconds is None else said(call.milliseconds / 1000)
    return f"{call.vendor} {call.kind}: {call.outcome}, {took}, {money(call.micro_dollars)}"


def money(micro_dollars: int) -> str:
    """Dollars with cents, and with more digits where there are few of them."""
    text = dollars(micro_dollars)
    return f"${text[:-4]}" if micro_dollars >= CENTS_FROM or not micro_dollars else f"${text[:-2]}"


def said(seconds: float) -> str:
    """A length of time in one or two words."""
    if 0 < seconds < BRIEF:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"
