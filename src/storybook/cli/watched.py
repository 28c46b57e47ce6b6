"""What `worker` and `beat`, which answer nobody else, tell Prometheus."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from storybook.core import metrics
from storybook.core.errors import SetupError
from storybook.core.headers import SAFE_HEADERS
from storybook.core.settings import Settings

PATIENCE_SECONDS = 5


@contextmanager
def telling(settings: Settings, figures: Callable[[], bytes]) -> Iterator[None]:
    """Answers `GET /metrics` at METRICS_ADDRESS while the block lasts, in threads of its own; nothing without one.

    Raises SetupError where the address cannot be used.
    """
    if not settings.metrics_address:
        yield
        return
    where = urlsplit(f"//{settings.metrics_address}")
    try:
        server = ThreadingHTTPServer((where.hostname or "", where.port or 0), _handler(settings, figures))
    except OSError as error:
        raise SetupError(f"METRICS_ADDRESS: it cannot be used ({os.strerror(error.errno or 0)}).") from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(settings: Settings, figures: Callable[[], bytes]) -> type[BaseHTTPRequestHandler]:
    token = settings.metrics_token.get_secret_value()

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE_SECONDS

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self._answer(HTTPStatus.NOT_FOUND, b"")
            elif not metrics.opens(token, self.headers.get("Authorization", "")):
                self._answer(HTTPStatus.UNAUTHORIZED, b"")
            else:
                self._answer(HTTPStatus.OK, figures())

        def _answer(self, status: HTTPStatus, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", metrics.CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def send_response(self, code: int, message: str | None = None) -> None:
            """Begins every answer, refusals too; none tells what serves it."""
            self.send_response_only(code, message)
            self.send_header("Date", self.date_time_string())
            for name, value in SAFE_HEADERS.items():
                self.send_header(name, value)

        def log_message(self, *_: object) -> None:
            """Nothing is said of it."""

    return Handler
