"""Every check of the bench, seen red: each protection is switched off, and each fault is planted, in small runs."""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

from scripts.chaos.breaks import break_after
from scripts.chaos.checks import examine
from scripts.chaos.facts import Row
from scripts.chaos.seen import facts_of
from scripts.chaos.town import Town

Ran = Callable[[list[str]], AbstractAsyncContextManager[tuple[Town, list[Row]]]]
CHARGES = "Charges of a thing"
DONE = "Every book is done"
ENDINGS = "Each is captured or released"
LEDGER = "Ledger less balances"
TWICE = "Pictures charged twice"
STALE = "Stale writes"
AUDIT = "`storybook audit`"
NOTHING = "nothing"
"""The name of the control that breaks nothing."""


class Control(NamedTuple):
    """What is broken in which run, and the beginnings of the rows that have to be red then; others may be.

    Without a run it is planted in what the run before has left behind, and has to turn rows red that were not.
    """

    broken: str
    run: str
    red: tuple[str, ...]


SMALL = "--kills 0 --books 2 --pages 4"
KILL = "--kills 2 --books 3 --pages 4"
CONTROLS = (
    Control("", KILL, ()),
    Control("file", "", (AUDIT,)),
    Control("charge", "", (CHARGES, TWICE)),
    Control("ledger", "", (LEDGER,)),
    Control("end", "", ("Jobs that went on",)),
    Control("double", "", ("Every book that was ordered",)),
    Control("book", SMALL, (DONE,)),
    Control("orders", SMALL, ("Orders are taken",)),
    Control("capture", SMALL, (ENDINGS, "Double captures", LEDGER)),
    Control("lease", f"{KILL} --patience 10", (DONE, ENDINGS, "Jobs at work whose lease")),
    Control("artifacts", "--stops 4", ("Finished steps",)),
    Control("fence", "--stops 2 --pages 4", (STALE,)),
    Control("guard", "--stops 2 --pages 4", (STALE,)),
    Control("ids", "--points F --pages 4", (TWICE,)),
    Control("lists", "--points F --pages 4", (TWICE,)),
    Control("kill", KILL, ("2 kills of servers",)),
    Control("up", "--kills 1 --books 2 --pages 4", ("Processes that did not come up",)),
    Control("stop", "--stops 1 --pages 4", ("1 processes stopped",)),
    Control("ambush", "--points C --pages 4 --patience 15", ("Every named point",)),
    Control("exit", "--leave --pages 4 --patience 5", ("SIGTERM with",)),
    Control("handed", "--leave --pages 4 --patience 50", ("What is unfinished is handed back",)),
    Control("slow", "--real-lease 1 --pages 4 --patience 20", ("From a kill",)),
    Control("crash", "--postgres 1 --books 2 --pages 4", ("1 crashes of the database",)),
    Control("answers", "--postgres 1 --books 2 --pages 4", ("Meanwhile readers",)),
    Control("flush", "--redis 1 --books 2 --pages 4", ("0 crashes of the database",)),
    Control("messages", "--celery --kills 1 --books 2 --pages 4", ("Messages handed out again",)),
    Control("living", "--celery --kills 1 --books 2 --pages 4", ("Books begun again",)),
)


class Result(NamedTuple):
    control: Control
    red: list[str]
    seconds: float

    @property
    def held(self) -> bool:
        """Whether all was red that had to; and nothing where nothing was broken."""
        missed = [wanted for wanted in self.control.red if not any(row.startswith(wanted) for row in self.red)]
        return not missed and bool(self.red) == bool(self.control.broken)


def chosen(names: str) -> list[list[Control]]:
    """Those with these names, between commas, each with its whole run; all where none is named."""
    wanted = {name for name in names.split(",") if name}
    known = [control.broken or NOTHING for control in CONTROLS]
    if unknown := sorted(wanted.difference(known)):
        raise argparse.ArgumentTypeError(f"no control is called {', '.join(unknown)}; there are {', '.join(known)}")
    return [group for group in _groups() if not wanted or wanted & {control.broken or NOTHING for control in group}]


async def control_all(groups: list[list[Control]], ran: Ran) -> bool:
    """Prints which rows each of them turned red; whether those were that had to."""
    results = [result for group in groups for result in await _controlled(ran, *group)]
    print("\n| Broken | Has to be red | Red | s | |\n| --- | --- | --- | --- | --- |")
    for control, red, took, held in ((*result, result.held) for result in results):
        wanted, seen = ("; ".join(rows) or "nothing" for rows in (control.red, red))
        print(f"| {control.broken or NOTHING} | {wanted} | {seen} | {took:.0f} | {'PASS' if held else 'FAIL'} |")
    return all(result.held for result in results)


def _groups() -> Iterator[list[Control]]:
    """Each run with what is planted after it."""
    group: list[Control] = []
    for control in CONTROLS:
        if control.run and group:
            yield group
            group = []
        group.append(control)
    yield group


async def _controlled(ran: Ran, first: Control, *planted: Control) -> list[Result]:
    began = time.monotonic()
    words = [*first.run.split(), *(["--break", first.broken] if first.broken else [])]
    print(f"\n## {first.broken or NOTHING} broken: {' '.join(words)}\n", flush=True)
    async with ran(words) as (town, rows):
        red = _red(rows)
        results = [Result(first, red, time.monotonic() - began)]
        for control in planted:
            began = time.monotonic()
            await break_after(town, control.broken)
            now = _red(examine(await facts_of(town)))
            results.append(Result(control, [row for row in now if row not in red], time.monotonic() - began))
            red = [*red, *now]
    return results


def _red(rows: list[Row]) -> list[str]:
    return [row.promise for row in rows if not row.met]
