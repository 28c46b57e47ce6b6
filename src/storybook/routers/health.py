"""Whether the service is there, and whether it can work."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from storybook import __version__
from storybook.core.errors import StorageError
from storybook.routers.deps import ResourcesDep
from storybook.schemas.health import Health, Live, Ready

router = APIRouter(tags=["health"])

CHECK_SECONDS = 4
NOT_READY: dict[str, Any] = {
    "model": Ready,
    "description": "Something that it needs is away",
    "content": {"application/json": {"example": {"status": "not_ready", "checks": {"database": "away"}}}},
}


@router.get("/health", summary="Is it there?")
async def get_health() -> Health:
    """For clients; asks nothing behind it."""
    return Health(version=__version__)


@router.get("/health/live", summary="Does the process answer?")
async def get_liveness() -> Live:
    """For whoever restarts the process; asks nothing behind it."""
    return Live()


@router.get("/health/ready", summary="Can it work?", responses={503: NOT_READY})
async def get_readiness(request: Request, resources: ResourcesDep, response: Response) -> Ready:
    """For whoever sends traffic: database, storage and the runner of jobs."""
    database, storage = await asyncio.gather(_check(resources.database.ping()), _check(resources.storage.check()))
    ending = resources.notifications.released
    runner = "ok" if request.app.state.runner.healthy and not ending else "stopped"
    checks = {"database": database, "storage": storage, "runner": runner}
    if all(state == "ok" for state in checks.values()):
        return Ready(status="ready", checks=checks)
    response.status_code = 503
    return Ready(status="not_ready", checks=checks)


async def _check(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check
    except (SQLAlchemyError, StorageError, OSError, TimeoutError):
        return "away"
    return "ok"
