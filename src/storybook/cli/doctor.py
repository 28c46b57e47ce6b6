"""What is configured, what is reachable, what is missing: in plain words."""

import asyncio
import sys
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from storybook import __version__
from storybook.core.cpu import CpuPool
from storybook.core.errors import SetupError, StorageError
from storybook.core.settings import STUDIO, Settings
from storybook.providers.registry import make_providers
from storybook.resources import make_storage, open_database


class Finding(NamedTuple):
    part: str
    configured: str
    problem: str = ""


async def examine(settings: Settings, console: Console) -> int:
    """Prints a table of findings; the exit code is 1 when something has to be mended."""
    findings = [
        Finding("storybook", f"{__version__}, {settings.environment}, Python {sys.version.split()[0]}"),
        await _database(settings),
        await _storage(settings),
        await asyncio.to_thread(_providers, settings),
        _secrets(settings),
    ]
    table = Table(box=None, pad_edge=False)
    for column in ("", "part", "configured", "what to do"):
        table.add_column(column)
    for finding in findings:
        mark = "[red]wrong[/red]" if finding.problem else "[green]ok[/green]"
        table.add_row(mark, finding.part, finding.configured, finding.problem)
    console.print(table)
    return int(any(finding.problem for finding in findings))


async def _database(settings: Settings) -> Finding:
    where = f"our own PostgreSQL in {settings.storybook_data_dir}" if settings.embedded_database else "DATABASE_URL"
    try:
        async with open_database(settings, as_guest=True):
            return Finding("database", f"{where}, reachable, tables up to date")
    except SetupError as error:
        return Finding("database", where, str(error))


async def _storage(settings: Settings) -> Finding:
    where = f"bucket {settings.s3_bucket}" if settings.s3_bucket else f"files in {settings.storybook_data_dir}/assets"
    storage = make_storage(settings)
    try:
        await storage.check()
    except StorageError as error:
        return Finding("storage", where, str(error))
    finally:
        await storage.close()
    return Finding("storage", f"{where}, can be written")


def _providers(settings: Settings) -> Finding:
    names = {"text": settings.llm_provider, "pictures": settings.image_provider, "safety": settings.moderation_provider}
    listed = ", ".join(f"{part}: {name or STUDIO}" for part, name in names.items())
    cpu = CpuPool(1)
    try:
        make_providers(settings, cpu)
    except SetupError as error:
        return Finding("providers", listed, str(error))
    finally:
        cpu.close()
    return Finding("providers", listed)


def _secrets(settings: Settings) -> Finding:
    if settings.user_key_pepper.get_secret_value():
        return Finding("secrets", "USER_KEY_PEPPER is set")
    return Finding("secrets", f"USER_KEY_PEPPER is kept in {settings.storybook_data_dir}/user_key_pepper")
