"""What is configured, reachable and missing, in plain words, and the command that mends what is wrong."""

import shlex
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from itertools import groupby

import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from storybook import __version__
from storybook.cli.doctor_machine import look_at_machine
from storybook.cli.doctor_services import look_at_database, look_at_front_door, look_at_redis
from storybook.cli.finding import Finding
from storybook.core.cpu import CpuPool
from storybook.core.errors import SetupError, StorageError
from storybook.core.settings import Settings
from storybook.core.settings_rules import Problem
from storybook.domain.calls import Kind
from storybook.providers.checks import Checked, State, check
from storybook.providers.choices import chosen, fallback, shown
from storybook.providers.estimate import require_affordable
from storybook.providers.http import make_client
from storybook.providers.registry import Workshop, complaints
from storybook.providers.unmetered import Unmetered
from storybook.resources import make_storage, require_stores

KINDS = {
    Kind.TEXT: "text",
    Kind.IMAGE: "pictures",
    Kind.SPEECH: "voice",
    Kind.SIGHT: "photos",
    Kind.MODERATION: "safety",
}
SET_IT = "set it in the environment or in .env, then: storybook doctor"


async def examine(settings: Settings, console: Console, problems: Sequence[Problem] = ()) -> int:
    """Prints a table of findings, and below it what mends them; the exit code is 1 when something has to be mended.

    `problems` are those of the settings themselves.
    """
    table = Table(box=None, pad_edge=False)
    for column in ("", "part"):
        table.add_column(column, no_wrap=True)
    for column in ("configured", "what to do"):
        table.add_column(column, overflow="fold")
    found = [finding async for finding in _look(settings, problems)]
    for finding in found:
        table.add_row(_mark(finding), *map(Text, finding[:2]), Text(finding.problem or finding.doubt))
    console.print(table)
    _print_what_mends(found, console)
    wrong = sum(bool(finding.problem) for finding in found)
    console.print("Nothing to mend." if not wrong else f"{wrong} thing{'s' if wrong > 1 else ''} to mend.")
    return int(bool(wrong))


def _print_what_mends(found: Sequence[Finding], console: Console) -> None:
    """Each command once, whole and on a line of its own, to be copied as it is."""
    mended: dict[str, dict[str, None]] = {}
    for finding in found:
        if finding.mend and (finding.problem or finding.doubt):
            mended.setdefault(finding.mend, {})[finding.part] = None
    for command, parts in mended.items():
        console.print(Text(f"→ {', '.join(parts)}", "bold"))
        console.print(Text(command), soft_wrap=True)


async def _look(settings: Settings, problems: Sequence[Problem]) -> AsyncIterator[Finding]:
    yield Finding("storybook", f"{__version__}, {settings.environment}, Python {sys.version.split()[0]}")
    for problem in problems:
        yield Finding("settings", problem.setting, str(problem), mend=SET_IT)
    for finding in look_at_machine(settings):
        yield finding
    if not any(problem.setting == "DATABASE_URL" for problem in problems):
        async for finding in look_at_database(settings):
            yield finding
    yield await _storage(settings)
    async for finding in look_at_redis(settings):
        yield finding
    for finding in await _providers(settings, problems):
        yield finding
    yield await _stores(settings)
    async for finding in look_at_front_door(settings):
        yield finding


def _mark(finding: Finding) -> str:
    if finding.problem:
        return "[red]wrong[/red]"
    return "[yellow]?[/yellow]" if finding.doubt else "[green]ok[/green]"


async def _storage(settings: Settings) -> Finding:
    where = f"bucket {settings.s3_bucket}" if settings.s3_bucket else f"files in {settings.storybook_data_dir}/assets"
    mend = f"ls -ld {shlex.quote(f'{settings.storybook_data_dir}/assets')}"
    if settings.s3_bucket:
        mend = (
            f"aws s3 ls s3://{settings.s3_bucket} --endpoint-url {settings.s3_endpoint or 'https://s3.amazonaws.com'}"
        )
    try:
        async with AsyncExitStack() as stack:
            storage = make_storage(settings)
            stack.push_async_callback(storage.close)
            await storage.check()
    except (StorageError, SetupError) as error:
        return Finding("storage", where, str(error), mend=mend)
    return Finding("storage", f"{where}, can be written")


async def _providers(settings: Settings, problems: Sequence[Problem]) -> list[Finding]:
    """What is chosen, and where that can be, what the vendors say of it; a key that is none is not sent to them."""
    listed = ", ".join(f"{name}: {_chosen(settings, kind)}" for kind, name in KINDS.items())
    cpu = CpuPool(1)
    try:
        async with make_client() as client:
            if found := complaints(Workshop(settings, cpu, client, Unmetered())):
                return [Finding("providers", listed, "\n".join(found), mend=SET_IT)]
            sent = not any(problem.setting.endswith("_API_KEY") for problem in problems)
            asked = await _vendors(settings, client) if sent else []
            return [Finding("providers", listed), _budget(settings), *asked]
    finally:
        cpu.close()


def _budget(settings: Settings) -> Finding:
    caps = (settings.budget_per_book, settings.budget_per_user_day, settings.budget_per_day)
    listed = "{:.2f} dollars a book, {:.2f} a user and day, {:.2f} a day".format(*caps)
    try:
        require_affordable(settings)
    except SetupError as error:
        return Finding("budget", listed, str(error), mend=SET_IT)
    return Finding("budget", listed)


def _chosen(settings: Settings, kind: Kind) -> str:
    second = fallback(settings, kind)
    return shown(chosen(settings, kind).provider) + (f", else {shown(second.provider)}" if second else "")


async def _vendors(settings: Settings, client: httpx.AsyncClient) -> list[Finding]:
    """A line for each key of each vendor; no key is shown."""
    asked = sorted(await check(settings, client), key=_key_of)
    return [_vendor(list(same)) for _, same in groupby(asked, key=_key_of)]


def _key_of(checked: Checked) -> tuple[str, str]:
    return checked.choice.provider, checked.choice.key_setting


def _vendor(same: list[Checked]) -> Finding:
    choice = same[0].choice
    models = ", ".join(dict.fromkeys(checked.model for checked in same))
    wrong = [checked.sentence for checked in same if checked.state in {State.REFUSED, State.AWAY}]
    doubts = [checked.sentence for checked in same if checked.state is State.UNSURE]
    how = "" if wrong else ", not checked" if doubts else ", the key is accepted"
    problem, doubt = ("\n".join(dict.fromkeys(said)) for said in (wrong, doubts))
    refused = any(checked.state is State.REFUSED for checked in same)
    return Finding(choice.provider, f"{models} by {choice.key_setting}{how}", problem, doubt, SET_IT if refused else "")


async def _stores(settings: Settings) -> Finding:
    named = {"App Store": settings.apple_bundle_id, "Google Play": settings.google_package_name}
    listed = ", ".join(store for store, name in named.items() if name) or "nothing is sold"
    try:
        await require_stores(settings)
    except SetupError as error:
        return Finding("app stores", listed, str(error), mend=SET_IT)
    return Finding("app stores", listed)
