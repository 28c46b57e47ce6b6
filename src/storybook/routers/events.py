"""A job's progress as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

import structlog
from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from storybook.core.database import passes
from storybook.core.errors import NoSuchBook, Unauthenticated
from storybook.core.metrics import STREAMS
from storybook.resources import Resources
from storybook.routers.answers import errors
from storybook.routers.deps import CallerDep, JobId, ResourcesDep, UrlDep
from storybook.routers.waiting import ENDED
from storybook.schemas.books import JobAnswer, Url
from storybook.services.accounts import UserRef
from storybook.services.progress import Progress, look

log = structlog.get_logger()
router = APIRouter(prefix="/v1/books", tags=["books"])

HEARTBEAT_SECONDS = 15
RETRY_MILLISECONDS = 2000
MAX_ID_DIGITS = 18
EVENT_STREAM = "text/event-stream"
EVENT = 'id: 7\nevent: progress\ndata: {"job_id": "job_...", ...}\n\n'


@router.get(
    "/{job_id}/events",
    summary="Follow a book as it happens",
    operation_id="follow_job",
    response_class=StreamingResponse,
    responses=errors(404)
    | {
        200: {
            "content": {EVENT_STREAM: {"schema": {"type": "string"}, "example": EVENT}},
            "description": "`progress` events with the answer of `GET /v1/books/{job_id}` as their data; the last one "
            "is called `done` or `failed`, after which the stream ends",
        }
    },
)
async def follow(
    job_id: JobId,
    reader: CallerDep,
    resources: ResourcesDep,
    url: UrlDep,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="The id of the last event seen")
    ] = None,
) -> StreamingResponse:
    """Sends what has changed the moment that it has; a client that comes back misses nothing."""
    now = await look(resources.database, reader, job_id)
    events = _while_it_can_be_read(_events(resources, reader, now, _seen(last_event_id, now), url))
    return StreamingResponse(events, media_type=EVENT_STREAM, headers={"X-Accel-Buffering": "no"})


def _seen(last_event_id: str | None, now: Progress) -> int:
    """The revision that the client has seen. One that never was is not believed: nothing may be kept from it."""
    plain = last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit()
    if not plain or len(last_event_id or "") > MAX_ID_DIGITS:
        return -1
    seen = int(last_event_id or "")
    return seen if seen <= now.job.revision else -1


async def _events(resources: Resources, reader: UserRef, now: Progress, seen: int, url: Url) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    following = resources.notifications.of_job(now.job.id)
    with STREAMS.track_inprogress(), suppress(NoSuchBook, Unauthenticated), following as changed:
        now, told = await look(resources.database, reader, now.job.id), ""
        while True:
            if now.job.revision > seen:
                seen, before, told = now.job.revision, told, JobAnswer.of(now, url).model_dump_json()
                if told != before:
                    yield _event(now, told)
            if now.job.status in ENDED or resources.notifications.released:
                return
            try:
                await asyncio.wait_for(changed.wait(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield ": still there\n\n"
            changed.clear()
            now = await look(resources.database, reader, now.job.id)


async def _while_it_can_be_read(events: AsyncIterator[str]) -> AsyncIterator[str]:
    """The same, to their end or until the database is away: then the client comes back, and is told when it may."""
    try:
        async for event in events:
            yield event
    except (DBAPIError, NoConnectionFree, OSError) as error:
        if not passes(error):
            raise
        log.warning("stream_ended", exc_info=error)


def _event(now: Progress, told: str) -> str:
    name = now.job.status if now.job.status in ENDED else "progress"
    return f"id: {now.job.revision}\nevent: {name}\ndata: {told}\n\n"
