"""Around every request: an id, a limit of the body, safe headers, a line in the log, and an answer whatever happens."""

import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storybook.core import telemetry
from storybook.core.headers import SAFE_HEADERS
from storybook.core.metrics import METHODS, NO_ROUTE, OTHER_METHOD, count_request
from storybook.core.telemetry import Span
from storybook.routers.failures import answer

log = structlog.get_logger()

MAX_BODY_BYTES = 12 * 1024 * 1024
DOCS_POLICY = (
    "default-src 'self'; img-src 'self' data: https://fastapi.tiangolo.com; "
    "script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'self' 'unsafe-inline' "
    "https://cdn.jsdelivr.net https://fonts.googleapis.com; font-src https://fonts.gstatic.com; worker-src blob:"
)
DOCS = ("/docs", "/redoc")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Envelope:
    """Pure ASGI, so that it also covers streams and background tasks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_for(Headers(scope=scope))
        scope["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with telemetry.serving(scope["method"]) as span:
            if span.trace_id:
                structlog.contextvars.bind_contextvars(trace_id=span.trace_id)
            await self._answer(scope, receive, _Sender(scope, send, span))

    async def _answer(self, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        try:
            await self._app(scope, _limited(scope, receive), sender)
        except Exception as error:
            log.exception("request_failed", exc_info=error)
            if sender.status:
                raise
            sentence = "Something went wrong on our side."
            failure = answer(500, "INTERNAL_ERROR", sentence, request_id=scope["request_id"])
            await failure(scope, receive, sender)
        finally:
            sender.end()


class _Sender:
    """Adds the headers of every answer and remembers its status."""

    def __init__(self, scope: Scope, send: Send, span: Span) -> None:
        self._scope = scope
        self._span = span
        self._send = send
        self._started = time.perf_counter()
        self._answered: float | None = None
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._answered = time.perf_counter()
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._scope["request_id"]
            headers.update(self._scope.get("rate_limit", {}))
            if self._scope["app"].state.resources.notifications.released:
                headers["Connection"] = "close"
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
            if self._scope["path"] in DOCS:
                headers["Content-Security-Policy"] = DOCS_POLICY
        await self._send(message)

    def end(self) -> None:
        sent = self._scope["method"]
        method = sent if sent in METHODS else OTHER_METHOD
        # Where a route refuses the method, no route answers: else there would be a series for each pair of the two.
        route = NO_ROUTE if self.status == 405 else getattr(self._scope.get("route"), "path", NO_ROUTE)
        ended = time.perf_counter()
        count_request(method, route, self.status, (self._answered or ended) - self._started)
        milliseconds = round((ended - self._started) * 1000, 1)
        log.info("request", method=method, route=route, status=self.status, milliseconds=milliseconds)
        self._span.named(f"{method} {route}")
        self._span.tell(method=method, route=route, status=self.status)


def request_id_for(headers: Headers) -> str:
    """The id that the client gives its request, or a new one where it gives none that can be trusted."""
    proposed = headers.get("x-request-id", "")
    return proposed if _REQUEST_ID.fullmatch(proposed) else secrets.token_hex(8)


def _limited(scope: Scope, receive: Receive) -> Receive:
    """The request's body, refused with 413 as soon as it is known to be too large."""
    announced = Headers(scope=scope).get("content-length", "")
    too_large = announced.isascii() and announced.isdigit() and int(announced) > MAX_BODY_BYTES
    received = 0

    async def limited() -> Message:
        nonlocal received
        if too_large:
            raise HTTPException(413)
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise HTTPException(413)
        return message

    return limited
