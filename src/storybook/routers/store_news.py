"""What the stores tell by themselves: renewals, refunds, ends. Believed by their signature alone."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

from storybook.domain.purchases import Store
from storybook.routers.answers import errors
from storybook.routers.deps import ResourcesDep
from storybook.schemas.common import Message
from storybook.services import purchases

router = APIRouter(prefix="/v1/stores", tags=["stores"])

MAX_BYTES = 256 * 1024
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "As the store sends it: `{signedPayload}` from Apple, a push of Pub/Sub from Google",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.post("/{store}/news", summary="Hear a store's news", responses=errors(401, 404, 413), openapi_extra=_BODY)
async def hear_store(store: Store, request: Request, resources: ResourcesDep) -> Message:
    """Signed news are acted on once, in whatever order and however often they come; nobody else is heard."""
    news = await resources.stores.read_news(store, await _read(request), request.headers)
    if news:
        async with resources.database.session() as session:
            await purchases.hear(session, news)
    return Message(message="Heard.")


async def _read(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise HTTPException(413)
    return body
