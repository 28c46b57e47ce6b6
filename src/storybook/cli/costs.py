"""What vendors cost, for the operator: tables with bars, or JSON. There are no names and no texts in it."""

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from storybook.core.settings import Settings
from storybook.domain.calls import Outcome, dollars
from storybook.domain.story import COVER, PORTRAIT
from storybook.resources import open_database
from storybook.services import costs
from storybook.services.budget import Caps
from storybook.services.costs import By, CallOfJob, JobCost, Spent, Today

WIDE = 100
"""From so many columns on a bar is long."""
USUAL = 80
"""From so many columns on the names of steps are whole."""
LEAST_WORDS = 8
"""Letters that a line of words has in any terminal."""
GAP = 2
"""Blanks between columns."""
MAX_DAYS = 366
COUNTED = {
    "ok": (Outcome.OK,),
    "unusable": (Outcome.UNUSABLE,),
    "refused": (Outcome.REFUSED,),
    "busy": (Outcome.BUSY,),
    "failed": (Outcome.FAILED, Outcome.NOT_SENT),
    "unknown": (Outcome.UNKNOWN, Outcome.BEGUN),
}
"""How calls ended, and the outcomes that each word counts."""


class Wanted(NamedTuple):
    """The last `days`, summed up in one way or in all, or one job."""

    days: int
    by: By | None
    job_id: str


async def tell(settings: Settings, wanted: Wanted, console: Console, *, as_json: bool) -> int:
    """Prints what was asked for; the exit code is 0."""
    if wanted.job_id:
        async with open_database(settings, as_guest=True) as database, database.reading() as session:
            job = await costs.of_job(session, wanted.job_id)
        _print_json(console, _job_as_json(job)) if as_json else _print_job(console, wanted.job_id, job)
        return 0
    ways = [wanted.by] if wanted.by else list(By)
    async with open_database(settings, as_guest=True) as database, database.reading() as session:
        found = {by: await costs.spent(session, by, wanted.days) for by in ways}
        today = await costs.today(session)
    if as_json:
        _print_json(console, _costs_as_json(found, today, Caps.of(settings)))
        return 0
    _print_costs(console, found, wanted.days)
    _print_today(console, today, Caps.of(settings))
    return 0


def _print_costs(console: Console, found: dict[By, list[Spent]], days: int) -> None:
    period = "today" if days == 1 else f"in the last {days} days"
    if not any(found.values()):
        _say(console, f"No vendor was called {period}. Books by the studio cost nothing.")
        return
    for by, rows in found.items():
        shown = _every_day(rows, days) if by is By.DAY else rows
        _print_table(console, _table(by, shown, 24 if console.width >= WIDE else 10))
        console.print()
    rows = next(iter(found.values()))
    calls, cost = sum(_calls(row) for row in rows), sum(row.micro_dollars for row in rows)
    _say(console, f"{calls} calls {period} cost {dollars(cost)} dollars.")


def _print_today(console: Console, today: Today, caps: Caps) -> None:
    _say(console, f"Committed today (UTC): {dollars(today.everybody)} of {dollars(caps.day)} dollars.")
    if today.users:
        most = f"{dollars(today.most_of_a_user)} of {dollars(caps.user_day)} dollars"
        _say(console, f"By the user with most of it, of {today.users} in all: {most}.")


def _table(by: By, rows: list[Spent], bar_width: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    table.add_column(f"{by} (UTC)" if by is By.DAY else by, no_wrap=True)
    table.add_column("dollars", justify="right", no_wrap=True)
    table.add_column("", width=bar_width)
    table.add_column("calls", justify="right", no_wrap=True)
    table.add_column("how they ended", min_width=LEAST_WORDS)
    most = max((row.micro_dollars for row in rows), default=0)
    for row in rows:
        bar = Bar(max(most, 1), 0, row.micro_dollars, width=bar_width, color="cyan")
        ends = {word: _count(row, outcomes) for word, outcomes in COUNTED.items()}
        ended = ", ".join(f"{number} {word}" for word, number in ends.items() if number)
        table.add_row(row.key, dollars(row.micro_dollars), bar, str(_calls(row) or "·"), ended)
    return table


def _every_day(rows: list[Spent], days: int) -> list[Spent]:
    """A row for each day from the first one with a call: a chart with holes would lie."""
    found = {row.key: row for row in rows}
    last = dt.datetime.now(dt.UTC).date()
    passed = [str(last - dt.timedelta(days=back)) for back in range(days - 1, -1, -1)]
    return [found.get(day, Spent(day, 0, {})) for day in passed if day >= min(found, default=passed[-1])]


def _print_job(console: Console, job_id: str, job: JobCost) -> None:
    if not job.calls:
        _say(console, f"No vendor was called for the job {job_id}.")
    else:
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
        for column in ("at (UTC)", "step and page", "asked", "dollars", "ended"):
            justify: Any = "right" if column == "dollars" else "left"
            folded = column == "asked" or (column == "step and page" and console.width < USUAL)
            table.add_column(column, justify=justify, no_wrap=not folded, overflow="fold", min_width=LEAST_WORDS)
        for call in job.calls:
            table.add_row(*_cells(call))
        _print_table(console, table)
        _say(console, f"{len(job.calls)} calls cost {dollars(job.micro_dollars)} dollars.")
    if job.reserved is not None and job.used is not None:
        _say(console, f"Reserved: {dollars(job.reserved)} dollars; used: {dollars(job.used)}.")


def _cells(call: CallOfJob) -> tuple[str, ...]:
    """Of few letters in a line, so that the table fits into a narrow terminal."""
    units = ", ".join(f"{number} {unit.replace('_', ' ')}" for unit, number in sorted(call.units.items()))
    return (
        f"{call.created_at:%m-%d\n%H:%M:%S}",
        "\n".join(filter(None, (call.step, _page(call.page)))),
        "\n".join(filter(None, (call.vendor, call.model, units))),
        dollars(call.micro_dollars),
        call.outcome if call.milliseconds is None else f"{call.outcome}\n{call.milliseconds} ms",
    )


def _page(number: int | None) -> str:
    """Blank for a call that is about the whole book."""
    if number is None or number > 0:
        return f"page {number}" if number else ""
    return {COVER: "cover", PORTRAIT: "hero"}.get(number, "")


def _costs_as_json(found: dict[By, list[Spent]], today: Today, caps: Caps) -> dict[str, Any]:
    sums = {by.value: [row._asdict() for row in rows] for by, rows in found.items()}
    return sums | {"committed_today": today._asdict(), "caps": caps._asdict()}


def _job_as_json(job: JobCost) -> dict[str, Any]:
    calls = [call._asdict() | {"created_at": call.created_at.isoformat()} for call in job.calls]
    return {"calls": calls, "micro_dollars": job.micro_dollars, "reserved": job.reserved, "used": job.used}


def _calls(row: Spent) -> int:
    return sum(row.calls.values())


def _count(row: Spent, outcomes: Iterable[Outcome]) -> int:
    return sum(row.calls.get(outcome, 0) for outcome in outcomes)


def _print_table(console: Console, table: Table) -> None:
    """A table that does not fit with its words folded is wider than the terminal: a number is never cut."""
    for column in filter(lambda column: column.no_wrap, table.columns):
        lines = (line for cell in (column.header, *column.cells) for line in str(cell).splitlines())
        column.min_width = max(map(len, lines))
    least = sum((column.width or column.min_width or 0) + GAP for column in table.columns)
    if least > console.width:
        table.width = least
    console.print(table, crop=False)


def _print_json(console: Console, value: Any) -> None:
    _say(console, json.dumps(value, ensure_ascii=False))


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
