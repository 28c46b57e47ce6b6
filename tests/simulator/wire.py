"""Requests in, answers out, and connections that break on the way."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from time import time
from typing import Any, NamedTuple

from tests.simulator.faults import Fault, Rule
from tests.simulator.journal import Charge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Asked(NamedTuple):
    """One request, read whole. `rest` holds the parts of the path that the route names."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base: str
    rest: dict[str, str]
    rule: Rule | None = None

    def json(self) -> Any:
        return json.loads(self.body)

    def goes_wrong(self, *faults: Fault) -> bool:
        return self.rule is not None and self.rule.fault in faults


class Answer(NamedTuple):
    """`charge` is written into the journal before the answer leaves."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    charge: Charge | None = None


class NotFitting(Exception):
    """The request is not as the vendor wants it: answered with 400 and this sentence."""


def said(value: Any, status: int = 200, charge: Charge | None = None) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), charge=charge)


def refused(status: int, kind: str, sentence: str) -> Answer:
    return said({"type": "error", "error": {"type": kind, "code": kind, "message": sentence}}, status)


async def read(scope: Scope, receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def before_work(rule: Rule) -> Answer:
    """The answer of a vendor that does not even begin."""
    seconds = rule.seconds
    match rule.fault:
        case Fault.BUSY_SECONDS:
            answer, more = refused(429, "rate_limited", "Slow down."), (("retry-after", str(round(seconds))),)
        case Fault.BUSY_DATE:
            date = formatdate(time() + seconds, usegmt=True)
            answer, more = refused(429, "rate_limited", "Slow down."), (("retry-after", date),)
        case Fault.REDIRECT:
            answer, more = Answer(307, b""), (("location", rule.location),)
        case fault:
            answer, more = _REFUSALS[fault], ()
    return answer._replace(headers=more)


_REFUSALS = {
    Fault.BUSY: refused(429, "rate_limited", "Slow down."),
    Fault.ERROR_500: refused(500, "server_error", "Something broke."),
    Fault.AWAY_503: refused(503, "unavailable", "Come back later."),
    Fault.OVERLOADED: refused(529, "overloaded_error", "Overloaded."),
    Fault.KEY_REFUSED: refused(401, "invalid_api_key", "This key is not known: sk-secret."),
    Fault.BAD_REQUEST: refused(400, "invalid_request_error", "Something about this is not right."),
    Fault.NO_SCHEMAS: refused(400, "invalid_request_error", "response_format of this type is not supported"),
}


async def deliver(answer: Answer, rule: Rule | None, receive: Receive, send: Send) -> None:
    """Sends the answer, or as much of it as the rule lets pass."""
    match rule.fault if rule else None:
        case Fault.RESET_BEFORE | Fault.RESET_AFTER:
            reset(send)
        case Fault.HALF_BODY:
            await _begin(answer, send)
            await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
            await asyncio.sleep(0.01)
            _transport(send).close()
        case Fault.WRONG_JSON:
            await _whole(answer._replace(body=answer.body[: len(answer.body) // 2] + b"}{"), send)
        case _:
            await _whole(answer, send)


def reset(send: Send) -> None:
    """Closes the connection so that the other side reads `connection reset`."""
    transport = _transport(send)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _whole(answer: Answer, send: Send) -> None:
    await _begin(answer, send)
    await send({"type": "http.response.body", "body": answer.body})


async def _begin(answer: Answer, send: Send) -> None:
    headers = (
        ("content-type", answer.media_type),
        ("content-length", str(len(answer.body))),
        *answer.headers,
    )
    raw = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})


async def until_they_leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(send: Send) -> asyncio.Transport:
    """Uvicorn's own: ASGI has no word for a connection that breaks."""
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    return transport
