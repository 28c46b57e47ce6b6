"""Starts our own PostgreSQL again when somebody has killed it. What was asked meanwhile is tried again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.errors import SetupError

log = structlog.get_logger()

LOOK_SECONDS = 1.0


@asynccontextmanager
async def looked_after(server: EmbeddedPostgres) -> AsyncIterator[None]:
    """The server runs as long as the block lasts, or is tried to be started again every second."""
    looking = asyncio.create_task(_look_after(server), name="postgres")
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _look_after(server: EmbeddedPostgres) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            if await asyncio.to_thread(server.revive):
                log.warning("postgres_started_again")
        except (SetupError, OSError) as error:
            log.warning("postgres_cannot_start", exc_info=error)
