"""A job as rows of bars in time: what each step took, as far as what it has left behind tells.

A step leaves a mark when it ends, so it began when what it waits for had ended: the order is that of
`pipeline.orchestrator`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from storybook.domain.jobs import JobKind, JobState, Step
from storybook.domain.story import COVER, PORTRAIT
from storybook.models.jobs import UNJUDGED, WHOLE_BOOK
from storybook.services.operations import CallSeen, JobSeen, Traces


class Part(StrEnum):
    """What is done in a stretch of time."""

    WAIT = "wait"
    WRITE = "write"
    LOOKS = "looks"
    DRAW = "draw"
    SPEAK = "speak"
    DESCRIBE = "describe"
    JUDGE = "judge"
    SHELF = "shelf"


class State(StrEnum):
    ENDED = "ended"
    OPEN = "open"
    FAILED = "failed"


class Bar(NamedTuple):
    part: Part
    begun: datetime
    ended: datetime
    state: State


class Row(NamedTuple):
    """A step, or one picture: its letter, its name, its bars one after the other, and the calls made for it."""

    letter: str
    name: str
    bars: tuple[Bar, ...]
    calls: tuple[CallSeen, ...]


class Timeline(NamedTuple):
    """`worked_from` is when somebody began to work on it; `begun` while nobody has."""

    begun: datetime
    worked_from: datetime
    ended: datetime
    goes_on: bool
    rows: tuple[Row, ...]


_LEG = tuple[Part, datetime | None]
_Key = tuple[str | None, int | None]
PICTURE_STEPS = (
    Step.GENERATE_IMAGE_PROMPTS,
    Step.GENERATE_IMAGES,
    Step.MODERATE_OUTPUT,
    Step.NARRATE,
    Step.DESCRIBE_PICTURES,
)
BRIEF = timedelta(seconds=0.2)
NAMES = {PORTRAIT: "Hero", COVER: "Cover"}


def timeline(job: JobSeen, traces: Traces) -> Timeline:
    """The job from its order to its end, or so far."""
    reader = _Reader(job, traces)
    shows_all = job.kind == JobKind.BOOK and traces.marks
    rows = tuple(row for row in reader.rows() if row.bars or row.calls or shows_all)
    worked_from = reader.first or job.created_at
    return Timeline(job.created_at, worked_from, job.finished_at or job.now, job.finished_at is None, rows)


class _Reader:
    """The marks and calls of one job, asked by step and page."""

    def __init__(self, job: JobSeen, traces: Traces) -> None:
        self._job = job
        self._at = {(mark.step, mark.page): mark.at for mark in traces.marks}
        self._calls = traces.calls
        seen = [mark.at for mark in traces.marks] + [call.created_at for call in traces.calls]
        self.first = self._at.get((Step.NORMALIZE, WHOLE_BOOK)) or min(seen, default=None)
        self._last = job.finished_at or job.now

    def rows(self) -> Iterator[Row]:
        first, drafted = self.first, self._at.get((Step.GENERATE_STORY, UNJUDGED))
        judged, told = self._whole(Step.MODERATE_INPUT), self._whole(Step.GENERATE_STORY)
        looks, checked = self._whole(Step.GENERATE_CHARACTER_SHEET), self._whole(Step.MODERATE_OUTPUT)
        yield self._row("A", "Order", self._chain(self._job.created_at, (Part.WAIT, first)), Step.NORMALIZE)
        yield self._row("B", "Request fit?", self._chain(first, (Part.JUDGE, judged)), Step.MODERATE_INPUT)
        writing = self._chain(first, (Part.WRITE, drafted), (Part.JUDGE, told))
        yield self._row("C", "Story", writing, Step.GENERATE_STORY, Step.MODERATE_OUTPUT)
        yield self._row("D", "Looks", self._chain(told, (Part.LOOKS, looks)), Step.GENERATE_CHARACTER_SHEET)
        begun = looks or told or first
        for number in self._pictures():
            yield self._picture(number, begun)
            if number == PORTRAIT:
                begun = self._at.get((Step.MODERATE_OUTPUT, PORTRAIT))
            elif self._job.kind == JobKind.AUDIO:
                begun = self._at.get((Step.NARRATE, number))
        ended = self._job.finished_at if self._job.status == JobState.DONE else None
        last = self._last_mark() if checked is None and ended else self._pictures_ended()
        yield self._row("H", "Shelf", self._chain(last, (Part.JUDGE, checked), (Part.SHELF, ended)), Step.PACKAGE)

    def _whole(self, step: Step) -> datetime | None:
        return self._at.get((step, WHOLE_BOOK))

    def _pictures(self) -> list[int]:
        """The numbers of all pictures, the hero's before the others; of a book also those that are not begun."""
        seen = {page for step, page in self._at if step in PICTURE_STEPS}
        seen |= {call.page for call in self._calls if call.step in PICTURE_STEPS and call.page is not None}
        planned = range((self._job.pages or 0) + 1) if self._job.kind == JobKind.BOOK else ()
        return sorted((seen | set(planned)) - {WHOLE_BOOK})

    def _picture(self, number: int, begun: datetime | None) -> Row:
        words, drawn, judged, spoken, described = (self._at.get((step, number)) for step in PICTURE_STEPS)
        if self._job.kind == JobKind.AUDIO:
            bars = self._chain(begun, (Part.SPEAK, spoken))
        elif self._job.kind == JobKind.DESCRIPTION:
            bars = self._chain(begun, (Part.DESCRIBE, described), (Part.JUDGE, judged))
        elif words:
            waited = (Bar(Part.WAIT, begun, words, State.ENDED),) if begun and words - begun > BRIEF else ()
            bars = waited + self._chain(words, (Part.DRAW, drawn), (Part.JUDGE, judged))
        else:
            bars = ()
        calls = tuple(call for call in self._calls if call.page == number and call.step in PICTURE_STEPS)
        return Row("EFG", NAMES.get(number, f"Page {number}"), bars, calls)

    def _pictures_ended(self) -> datetime | None:
        ends = [self._at.get((Step.MODERATE_OUTPUT, number)) for number in self._pictures()]
        return max((end for end in ends if end), default=None) if ends and all(ends) else None

    def _last_mark(self) -> datetime | None:
        return max(self._at.values(), default=None)

    def _row(self, letter: str, name: str, bars: tuple[Bar, ...], *steps: Step) -> Row:
        return Row(letter, name, bars, tuple(c for c in self._calls if c.step in steps and c.page == WHOLE_BOOK))

    def _chain(self, begun: datetime | None, *legs: _LEG) -> tuple[Bar, ...]:
        """Bars one after the other. The first leg without an end goes on, or waits for a runner, or failed; those after
        it are not begun.
        """
        if begun is None:
            return ()
        known = [leg for leg in legs if leg[1]]
        ends = [begun, *(max(end, begun) for _, end in known if end)]
        bars = [Bar(part, a, b, State.ENDED) for (part, _), (a, b) in zip(known, pairwise(ends), strict=True)]
        missing = next((part for part, end in legs if end is None), None)
        if missing and legs[-1][1] is None and self._job.status != JobState.DONE:
            state = State.FAILED if self._job.status == JobState.FAILED else State.OPEN
            part = Part.WAIT if self._job.status == JobState.QUEUED else missing
            bars.append(Bar(part, ends[-1], max(self._last, ends[-1]), state))
        return tuple(bars)
