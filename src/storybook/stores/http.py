"""Calls to a store: short, small, never redirected, and StoreAway for whatever is not an answer."""

import asyncio
import json
from typing import Any, NamedTuple

import httpx
import structlog

from storybook.domain.receipts import StoreAway

log = structlog.get_logger()

TIMEOUT_SECONDS = 10
MAX_BYTES = 1_000_000
_OUR_FAULT = {401, 403, 407, 408, 429}


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]


def open_client() -> httpx.AsyncClient:
    """The one client of a process; the caller closes it."""
    return httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)


async def ask(client: httpx.AsyncClient, method: str, url: str, **parts: Any) -> Answer:
    """What the store answers: 2xx with a JSON object, or a refusal (4xx) that is about what was asked."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS), client.stream(method, url, **parts) as response:
            body = await _read(response)
    except (httpx.HTTPError, TimeoutError) as error:
        log.warning("store_away", exc_info=error)
        raise StoreAway from error
    if response.is_success:
        return Answer(response.status_code, _parse(body))
    if not response.is_client_error or response.status_code in _OUR_FAULT:
        log.warning("store_away", status=response.status_code)
        raise StoreAway
    return Answer(response.status_code, {})


async def _read(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            raise StoreAway
    return body


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError as error:
        raise StoreAway from error
    if not isinstance(parsed, dict):
        raise StoreAway
    return parsed
