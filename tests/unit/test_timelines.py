"""What the operator's pages draw of a job, and how they say times."""

from datetime import UTC, datetime, timedelta

import pytest

from storybook.domain.jobs import JobKind, JobState, Step
from storybook.models.jobs import WHOLE_BOOK
from storybook.schemas.drawings import said
from storybook.schemas.timelines import Part, State, timeline
from storybook.services.operations import JobSeen, Mark, Traces

ORDERED = datetime(2026, 11, 23, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return ORDERED + timedelta(seconds=seconds)


def job(status: JobState) -> JobSeen:
    """A book that was ordered twenty seconds ago."""
    ended = after(20) if status == JobState.FAILED else None
    told = {"status": status, "created_at": ORDERED, "finished_at": ended, "now": after(20), "pages": 4}
    rest = dict.fromkeys(JobSeen._fields) | {"id": "job_1", "user_id": "user_1", "kind": JobKind.BOOK}
    return JobSeen(**rest | told)


@pytest.mark.parametrize(
    ("status", "part", "state"),
    [
        (JobState.RUNNING, Part.WRITE, State.OPEN),
        (JobState.QUEUED, Part.WAIT, State.OPEN),
        (JobState.FAILED, Part.WRITE, State.FAILED),
    ],
)
def test_what_is_not_done_goes_on_or_waits_or_failed(status: JobState, part: Part, state: State) -> None:
    marks = (Mark(Step.NORMALIZE, WHOLE_BOOK, after(2)), Mark(Step.MODERATE_INPUT, WHOLE_BOOK, after(3)))
    rows = {row.letter: row.bars for row in timeline(job(status), Traces(marks, ())).rows}
    assert [(bar.part, bar.state) for bar in rows["B"]] == [(Part.JUDGE, State.ENDED)]
    assert [(bar.part, bar.begun, bar.ended, bar.state) for bar in rows["C"]] == [(part, after(2), after(20), state)]
    assert rows["D"] == rows["H"] == ()


def test_a_picture_that_is_put_into_words_is_looked_at_and_then_they_are_judged() -> None:
    marks = (Mark(Step.DESCRIBE_PICTURES, 0, after(3)), Mark(Step.MODERATE_OUTPUT, 0, after(4)))
    seen = job(JobState.RUNNING)._replace(kind=JobKind.DESCRIPTION)
    rows = {row.name: row.bars for row in timeline(seen, Traces(marks, ())).rows}
    assert [(bar.part, bar.ended) for bar in rows["Cover"]] == [(Part.DESCRIBE, after(3)), (Part.JUDGE, after(4))]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.004, "4 ms"), (0.0996, "0.1 s"), (2.34, "2.3 s"), (95, "95 s"), (150, "2 min"), (90_000, "25 h")],
)
def test_a_time_is_said_in_one_word_or_two(seconds: float, words: str) -> None:
    assert said(seconds) == words
