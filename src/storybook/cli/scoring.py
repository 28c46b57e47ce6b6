"""How good the stories of a language model are: the golden set, written by it and measured."""

import asyncio
import time
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from storybook.core.cpu import CpuPool
from storybook.core.errors import BudgetExceeded, ProviderError, SetupError
from storybook.core.paths import bundled
from storybook.core.settings import STUDIO, Settings
from storybook.core.settings_rules import PROVIDERS
from storybook.domain.book_spec import BookSpec
from storybook.domain.calls import Bill, Kind, Outcome, dollars
from storybook.domain.orders import BookOrder
from storybook.domain.score import Score, score
from storybook.providers.base import StoryRequest, TextProvider
from storybook.providers.choices import Choice, chosen, fallback, vendor_of
from storybook.providers.estimate import Estimate
from storybook.providers.http import make_client
from storybook.providers.registry import Workshop, make_author
from storybook.providers.unmetered import Unmetered
from storybook.resources import open_database
from storybook.services import budget
from storybook.services.budget import Caps
from storybook.services.calls import DatabaseMeter

AT_ONCE = 4
SECONDS_PER_STORY = 180
OPERATOR = "operator"
"""Whose day it counts for."""
OPTION = "--provider"
Pay = Callable[[BookSpec], Awaitable[None]]


class Told(NamedTuple):
    """One story of the golden set: its score, or why there is none."""

    order: BookSpec
    score: Score
    seconds: float
    failed: str = ""


class _Till(DatabaseMeter):
    """Writes calls down like any other, and sums them up: `spent` is in micro-dollars."""

    spent = 0

    async def end(self, number: int, outcome: Outcome, bill: Bill, milliseconds: int) -> None:
        self.spent += bill.micro_dollars
        await super().end(number, outcome, bill, milliseconds)


class _Purse(NamedTuple):
    """Who writes calls down, and `take`, which counts what one story can cost; it raises BudgetExceeded."""

    meter: Unmetered | _Till
    take: Callable[[int], Awaitable[None]]


async def measure(settings: Settings, provider: str, console: Console) -> int:
    """Has the golden set written by the provider, or the configured one, and prints a score of each book, with the most
    that it can cost before and what it did cost afterwards. The caps hold for it: each story counts with its worst.

    The exit code is 1 when a book could not be had. Raises SetupError for a provider that has no settings of its own.
    """
    choice = _author_of(settings, provider)
    worst = Estimate(_with_nobody_else(settings, choice)).story
    most = sum(worst(BookOrder(spec=order)) for order in golden())
    cpu = CpuPool(1)
    try:
        async with make_client() as client, _purse(settings, choice) as (meter, take):
            author = make_author(Workshop(settings, cpu, client, meter), choice)
            console.print(f"{author.name}: at most {dollars(most)} dollars", highlight=False)
            told = await _tell_all(author, golden(), lambda order: take(worst(BookOrder(spec=order))), console)
    finally:
        cpu.close()
    console.print(_table(told))
    for one in told:
        if one.failed:
            console.print(f"{one.order.topic}: {one.failed}", markup=False, highlight=False, soft_wrap=True)
    mean = sum(one.score.mean for one in told) / len(told)
    console.print(f"{author.name}: {mean:.1%} in the mean, {dollars(meter.spent)} dollars", highlight=False)
    return int(any(one.failed for one in told))


def _author_of(settings: Settings, provider: str) -> Choice:
    """The author of that name with its own key, address and model: those of another one are not for it to see."""
    first, second = chosen(settings, Kind.TEXT), fallback(settings, Kind.TEXT)
    known = {choice.provider: choice for choice in (second, first) if choice}
    choice = known.get(provider or first.provider, Choice(OPTION, provider))
    if choice.provider == STUDIO:
        return choice
    vendor_of(choice, Kind.TEXT, settings)
    if choice.setting == OPTION:
        raise SetupError(
            f"{OPTION}: nothing is set for {provider}. Set LLM_PROVIDER to it and LLM_API_KEY to its key, "
            f"or LLM_FALLBACK_PROVIDER and LLM_FALLBACK_API_KEY."
        )
    return choice


def _with_nobody_else(settings: Settings, choice: Choice) -> Settings:
    """What others cost, and whether they are set up well, is of no matter here."""
    return settings.model_copy(update=dict.fromkeys(set(PROVIDERS) - {choice.setting.lower()}, ""))


@asynccontextmanager
async def _purse(settings: Settings, choice: Choice) -> AsyncIterator[_Purse]:
    """The studio needs no database to write down that it costs nothing."""
    if choice.provider == STUDIO:
        yield _Purse(Unmetered(), lambda _: asyncio.sleep(0))
        return
    async with open_database(settings, as_guest=True) as database:
        caps = Caps.of(settings)
        yield _Purse(_Till(database), lambda worst: budget.spend(database, OPERATOR, worst, caps))


def golden() -> list[BookSpec]:
    """The orders of the golden set."""
    text = (bundled("prompts") / "golden.toml").read_text(encoding="utf-8")
    return [BookSpec.model_validate(order) for order in tomllib.loads(text)["order"]]


async def _tell_all(author: TextProvider, orders: list[BookSpec], pay: Pay, console: Console) -> list[Told]:
    """A few at a time, in the order of the set."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def tell(seed: int, order: BookSpec) -> Told:
        async with turns:
            return await _tell(author, StoryRequest(spec=order, seed=seed), pay)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(tell(seed, order)) for seed, order in enumerate(orders, start=1)]
        for task in track(tasks, "Writing", console=console, transient=True):
            await task
    return [task.result() for task in tasks]


async def _tell(author: TextProvider, request: StoryRequest, pay: Pay) -> Told:
    began = time.monotonic()
    try:
        async with asyncio.timeout(SECONDS_PER_STORY):
            await pay(request.spec)
            draft = await author.write_story(request)
    except (ProviderError, BudgetExceeded, TimeoutError) as error:
        reason = str(error) or "took too long"
        return Told(request.spec, Score(), time.monotonic() - began, failed=reason)
    return Told(request.spec, score(draft, request.spec), time.monotonic() - began)


def _table(told: list[Told]) -> Table:
    """Shares are percents."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("order", no_wrap=True, max_width=40)
    for column in ("", "age", *Score._fields, "mean", "s"):
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    for one in told:
        shares = [f"{100 * share:.0f}" for share in (*one.score, one.score.mean)]
        table.add_row(one.order.topic, one.order.language, one.order.target_age, *shares, f"{one.seconds:.1f}")
    return table
