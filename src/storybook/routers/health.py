"""Whether the service is there, and whether it can work. Monitors may ask with HEAD as well."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from storybook import __version__
from storybook.core.errors import BrokerAway, StorageError
from storybook.routers.answers import RETRY_AFTER
from storybook.routers.deps import resources_of
from storybook.routers.failures import RETRY_SECONDS
from storybook.schemas.health import Health, Live, Ready

router = APIRouter(tags=["health"])

CHECK_SECONDS = 4
_looking: dict[object, asyncio.Future[str]] = {}
NOT_READY: dict[str, Any] = {
    "model": Ready,
    "description": "Something that it needs is away",
    "headers": RETRY_AFTER,
    "content": {"application/json": {"example": {"status": "not_ready", "checks": {"database": "away"}}}},
}
NEEDED = ("database", "storage", "runner")
"""A queue that is away only makes books wait: turned away for that, nobody could read theirs."""


@router.head("/health", include_in_schema=False)
@router.get("/health", summary="Is it there?")
async def get_health() -> Health:
    """For clients; asks nothing behind it."""
    return Health(version=__version__)


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", summary="Does the process answer?")
async def get_liveness() -> Live:
    """For whoever restarts the process; asks nothing behind it."""
    return Live()


@router.head("/health/ready", include_in_schema=False)
@router.get("/health/ready", summary="Can it work?", responses={503: NOT_READY})
async def get_readiness(request: Request, response: Response) -> Ready:
    """For whoever sends traffic: database, storage, queue and the runner of jobs. Where the queue alone is away, books
    wait for it, and everything else works.
    """
    checks = await look(request)
    if all(checks[part] == "ok" for part in NEEDED):
        return Ready(status="ready", checks=checks)
    response.status_code, response.headers["Retry-After"] = 503, str(RETRY_SECONDS)
    return Ready(status="not_ready", checks=checks)


async def look(request: Request) -> dict[str, str]:
    """Of each part of this process `ok` or what is wrong, in at most CHECK_SECONDS. Without a broker the queue is a
    table of the database.
    """
    resources, broker = resources_of(request), request.app.state.broker
    looks = [_check(resources.database, resources.database.ping), _check(resources.storage, resources.storage.check)]
    if broker:
        looks.append(_check(broker, lambda: broker.top_up({})))
    database, storage, *queue = await asyncio.gather(*looks)
    ending = resources.notifications.released
    runner = "ok" if request.app.state.runner.healthy and not ending else "stopped"
    return {"database": database, "storage": storage, "queue": queue[0] if queue else database, "runner": runner}


async def _check(who: object, check: Callable[[], Awaitable[object]]) -> str:
    """One look at a time: what hangs is not asked once more, and holds nobody up for longer."""
    if who not in _looking:
        _looking[who] = asyncio.ensure_future(_state_after(check()))
        _looking[who].add_done_callback(lambda _: _looking.pop(who, None))
    looking = _looking[who]
    await asyncio.wait([looking], timeout=CHECK_SECONDS)
    return looking.result() if looking.done() else "away"


async def _state_after(check: Awaitable[object]) -> str:
    try:
        await check
    except (SQLAlchemyError, StorageError, BrokerAway, OSError):
        return "away"
    return "ok"
