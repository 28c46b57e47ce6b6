"""What the operator's page shows, ready to be drawn. Nothing of it tells what a book is about, or for whom it is."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from storybook.core.errors import ErrorCode
from storybook.domain.jobs import JobKind, JobState, Lane
from storybook.models.jobs import WHOLE_BOOK
from storybook.schemas.drawings import Waterfall, money, said, waterfall
from storybook.schemas.timelines import NAMES, timeline
from storybook.schemas.vendors import Line, Vendor, vendors
from storybook.services.breakers import Resting
from storybook.services.budget import Caps
from storybook.services.costs import Spent, Today
from storybook.services.operations import ActionSeen, JobSeen, LaneSeen, Traces, VendorSeen
from storybook.services.operations_week import DAYS, Week

MOST_SQUARES = 40
TIGHT = 80
"""Per cent of a cap from which on it is pointed at."""
LONG_WAIT = 60
ROW, COMPACT_ROW = 20, 8
KINDS = {
    JobKind.BOOK: "book",
    JobKind.PAGE: "page again",
    JobKind.AUDIO: "voice",
    JobKind.PORTRAIT: "character",
    JobKind.DESCRIPTION: "descriptions",
}
LANES = {Lane.BOOKS: "Books", Lane.SHORT: "Pages, voices, characters, descriptions"}
HINTS = {
    ErrorCode.SAFETY_INPUT: "The request was not fit for a child, or the writer turned it down. Nothing to mend.",
    ErrorCode.SAFETY_OUTPUT: "What came out was flagged, or nobody could judge it. Look at the calls of moderation.",
    ErrorCode.LLM_TIMEOUT: "The writer or a judge was away or slow. See LLM_TIMEOUT and the vendor's status.",
    ErrorCode.LLM_JSON_INVALID: "The writer's answers had no use. Another LLM_MODEL may write better.",
    ErrorCode.IMAGE_TIMEOUT: "The painter was too slow. See IMAGE_TIMEOUT and the vendor's status.",
    ErrorCode.IMAGE_RATE_LIMIT: "The painter is asked too often. Ask the vendor for more, or set IMAGE_MAX_CONCURRENT.",
    ErrorCode.IMAGE_FAILED: "The painter refused or failed. Look at the calls of the job.",
    ErrorCode.STORAGE_UPLOAD_FAILED: "Files could not be kept. Run: storybook doctor",
    ErrorCode.DB_WRITE_FAILED: "The database refused the book. Run: storybook doctor",
    ErrorCode.QUEUE_FAILED: "Its runners died again and again. Look at the logs of the workers.",
    ErrorCode.SERVICE_BUDGET_EXCEEDED: "The budget of the job was used up. See BUDGET_PER_BOOK.",
    ErrorCode.CANCELLED: "Its reader, or an operator, stopped it.",
    ErrorCode.UNKNOWN: "The log has a line for it, with the id of the job.",
}


class Measure(NamedTuple):
    """A bar with words at its ends; `share` is in per cent."""

    name: str
    value: str
    share: float
    kind: str = ""


class Column(NamedTuple):
    label: str
    value: str
    share: float


class FailuresOfCode(NamedTuple):
    code: str
    hint: str
    number: int
    days: tuple[Column, ...]


class Queue(NamedTuple):
    """`squares` has a kind for each job, as far as there is room; `more` is how many are left."""

    name: str
    squares: tuple[str, ...]
    more: int
    says: str


class Card(NamedTuple):
    """One job: what is said of it, and its picture."""

    id: str
    kind: str
    status: str
    says: str
    progress: int
    waterfall: Waterfall


class Facts(NamedTuple):
    """All that was asked for one page."""

    now: dt.datetime
    jobs: Sequence[JobSeen]
    traces: dict[str, Traces]
    failed: Sequence[JobSeen]
    failed_this_hour: dict[str, int]
    week: Week
    lanes: Sequence[LaneSeen]
    today: Today
    vendors: Sequence[VendorSeen]
    actions: Sequence[ActionSeen]
    caps: Caps
    pending_books: int
    lines: set[Line]
    """The vendors and kinds that the settings choose."""
    resting: dict[Line, Resting]


class Board(NamedTuple):
    now: dt.datetime
    needs: tuple[str, ...]
    numbers: tuple[Measure, ...]
    cards: tuple[Card, ...]
    more_jobs: int
    queues: tuple[Queue, ...]
    failures: tuple[FailuresOfCode, ...]
    failed: tuple[Card, ...]
    days: tuple[Column, ...]
    vendor_costs: tuple[Measure, ...]
    step_costs: tuple[Measure, ...]
    caps: tuple[Measure, ...]
    vendors: tuple[Vendor, ...]
    actions: Sequence[ActionSeen]


def board(facts: Facts) -> Board:
    caps, queues = _caps(facts), tuple(_queue(lane) for lane in facts.lanes)
    unfinished = sum(lane.ready + lane.resting + lane.running for lane in facts.lanes)
    spent = sum(day.micro_dollars for day in facts.week.by_day if day.key == str(facts.now.date()))
    return Board(
        now=facts.now,
        needs=tuple(_needs(facts, caps)),
        numbers=(
            Measure("at work", str(sum(lane.running for lane in facts.lanes)), 0),
            Measure("waiting", str(sum(lane.ready + lane.resting for lane in facts.lanes)), 0),
            Measure("books in 24 h", str(facts.week.ended.done), 0, "good"),
            Measure("failed in 24 h", str(facts.week.ended.failed), 0, "bad" if facts.week.ended.failed else ""),
            Measure("spent today", money(spent), 0),
        ),
        cards=tuple(card(job, facts.traces[job.id], COMPACT_ROW) for job in facts.jobs),
        more_jobs=max(unfinished - len(facts.jobs), 0),
        queues=queues,
        failures=tuple(_failures(facts)),
        failed=tuple(card(job, facts.traces[job.id], COMPACT_ROW) for job in facts.failed),
        days=_columns([(day, money(value), value) for day, value in _each_day(facts.week.by_day, facts.now).items()]),
        vendor_costs=_measures(facts.week.by_vendor),
        step_costs=_measures(facts.week.by_step),
        caps=caps,
        vendors=tuple(vendors(facts.vendors, facts.lines, facts.resting)),
        actions=facts.actions,
    )


def card(job: JobSeen, traces: Traces, row_height: int) -> Card:
    return Card(
        id=job.id,
        kind=KINDS[JobKind(job.kind)] + (f", {job.pages} pages" if job.pages and job.kind == JobKind.BOOK else ""),
        status=job.status,
        says=_says(job),
        progress=job.progress,
        waterfall=waterfall(timeline(job, traces), row_height),
    )


def page_name(number: int | None) -> str:
    """Empty for what is about the whole book."""
    if number is None or number == WHOLE_BOOK:
        return ""
    return NAMES.get(number, f"page {number}").lower()


def _says(job: JobSeen) -> str:
    """Where the job is, in a sentence without its end."""
    again = f", taken over {job.recoveries} times" if job.recoveries else ""
    if job.status == JobState.DONE:
        return f"done in {said(job.seconds)}{again}"
    if job.status == JobState.FAILED:
        return f"{job.error_code} after {said(job.seconds)}{again}"
    if job.status == JobState.RUNNING:
        step = job.current_step.replace("_", " ")
        return "its runner is gone" if job.is_left_alone else f"{step}, {said(job.seconds)} so far{again}"
    if job.wait_until and job.wait_until > job.now:
        return f"rests for {said((job.wait_until - job.now).total_seconds())} more, for a vendor or the storage{again}"
    return f"waits, {said(job.seconds)} so far{again}"


def _needs(facts: Facts, caps: Iterable[Measure]) -> Iterable[str]:
    """What somebody should look at now, a sentence each."""
    for lane in facts.lanes:
        if lane.left_alone:
            yield f"{LANES[lane.lane]}: nobody works on {lane.left_alone} any more. Is a worker running?"
        if lane.oldest > LONG_WAIT:
            yield f"{LANES[lane.lane]}: the first in the queue has been ready for {said(lane.oldest)}."
    for code, number in facts.failed_this_hour.items():
        yield f"{code} ended {number} {'job' if number == 1 else 'jobs'} within this hour. {HINTS[ErrorCode(code)]}"
    for vendor, kind in sorted(facts.resting):
        yield f"{vendor} ({kind}) has failed again and again, and is left alone for a moment."
    yield from (_tight(cap) for cap in caps if cap.share >= TIGHT)


def _tight(cap: Measure) -> str:
    return f"{cap.name} is {'used up' if cap.share >= 100 else 'nearly used up'}: {cap.value}."


def _queue(lane: LaneSeen) -> Queue:
    kinds = [("gone", lane.left_alone), ("running", lane.running - lane.left_alone), ("ready", lane.ready)]
    squares = [kind for kind, number in [*kinds, ("resting", lane.resting)] for _ in range(number)]
    says = f"{lane.running} at work, {lane.ready} ready, {lane.resting} resting"
    if lane.ready:
        says += f"; the first has been ready for {said(lane.oldest)}"
    return Queue(LANES[lane.lane], tuple(squares[:MOST_SQUARES]), max(len(squares) - MOST_SQUARES, 0), says)


def _failures(facts: Facts) -> Iterable[FailuresOfCode]:
    """The most frequent first; what readers stopped themselves last."""
    by_code: dict[str, dict[dt.date, int]] = defaultdict(dict)
    for failed in facts.week.failures:
        by_code[failed.code][failed.day] = failed.number
    passed = _days(facts.now)
    order = sorted(by_code, key=lambda code: (code == ErrorCode.CANCELLED, -sum(by_code[code].values())))
    most = max((failed.number for failed in facts.week.failures), default=1)
    for code in order:
        days = [(f"{day:%d %b}", by_code[code].get(day, 0)) for day in passed]
        columns = tuple(Column(label, str(number), 100 * number / most) for label, number in days)
        yield FailuresOfCode(code, HINTS[ErrorCode(code)], sum(by_code[code].values()), columns)


def _days(now: dt.datetime) -> list[dt.date]:
    return [now.date() - dt.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


def _each_day(by_day: Sequence[Spent], now: dt.datetime) -> dict[str, int]:
    found = {day.key: day.micro_dollars for day in by_day}
    return {f"{day:%a %d}": found.get(str(day), 0) for day in _days(now)}


def _columns(values: Sequence[tuple[str, str, int]]) -> tuple[Column, ...]:
    most = max((value for _, _, value in values), default=0) or 1
    return tuple(Column(label, shown, round(100 * value / most, 1)) for label, shown, value in values)


def _measures(sums: Sequence[Spent]) -> tuple[Measure, ...]:
    most = max((row.micro_dollars for row in sums), default=0) or 1
    return tuple(
        Measure(row.key.replace("_", " "), money(row.micro_dollars), round(100 * row.micro_dollars / most, 1))
        for row in sums
    )


def _caps(facts: Facts) -> tuple[Measure, ...]:
    books = sum(lane.ready + lane.resting + lane.running for lane in facts.lanes if lane.lane is Lane.BOOKS)
    today, caps = facts.today, facts.caps
    return (
        _cap("Today's budget", money(today.everybody), money(caps.day), today.everybody, caps.day),
        _cap("One user's budget", money(today.most_of_a_user), money(caps.user_day), today.most_of_a_user,
             caps.user_day),
        _cap("Room for unfinished books", str(books), str(facts.pending_books), books, facts.pending_books),
    )  # fmt: skip


def _cap(name: str, used: str, of: str, number: int, most: int) -> Measure:
    share = min(round(100 * number / most, 1), 100.0) if most else 0.0
    return Measure(name, f"{used} of {of}", share, "bad" if share >= TIGHT else "")
