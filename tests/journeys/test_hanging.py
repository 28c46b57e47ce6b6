"""A process that is told to stop while something that it needs hangs ends in time all the same."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from storybook.core.embedded_postgres import EmbeddedPostgres
from tests.fixtures_postgres import folder_of, server_pid
from tests.journeys.test_lives import Town, ordered, stack, started, town, until

__all__ = ["stack", "town"]  # fixtures
pytestmark = pytest.mark.long
MOST_SECONDS = 30.0


class Bucket:
    """An S3 server that takes everything, until it hangs."""

    def __init__(self) -> None:
        self.goes = threading.Event()
        self.goes.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        goes = self.goes

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                goes.wait(120)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_PUT = do_GET = do_DELETE = do_HEAD = _answer  # noqa: N815 - as the library calls them

            def log_message(self, *_: object) -> None: ...

        return Handler

    @contextmanager
    def serving(self) -> Iterator["Bucket"]:
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        yield self
        self.goes.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with Bucket().serving() as opened:
        yield opened


@contextmanager
def held(server: EmbeddedPostgres) -> Iterator[None]:
    """All processes of the database are held, so that it takes connections and says nothing."""
    pid = server_pid(Path(folder_of(server.url)).resolve().parent)
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    for each in pids:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in pids:
            os.kill(each, signal.SIGCONT)


def test_a_storage_that_hangs_keeps_no_process_from_ending_and_its_books_are_handed_back(
    town: Town, stack: ExitStack, bucket: Bucket
) -> None:
    keys = {"S3_ACCESS_KEY": "a-key", "S3_SECRET_KEY": "a-secret", "S3_PUBLIC_URL": bucket.endpoint}
    api = started(town.api(S3_BUCKET="books", S3_ENDPOINT=bucket.endpoint, **keys), stack)
    bucket.goes.clear()
    job_id = ordered(api, "a kite")
    until(lambda: town.ask("SELECT count(*) FROM discarded_files") != "0", 60)
    began = time.monotonic()
    api.signal(signal.SIGTERM)
    api.wait(60)
    assert time.monotonic() - began < MOST_SECONDS
    assert town.job(job_id, "status", "recoveries") == ["queued", "0"]


def test_a_database_that_hangs_keeps_no_process_from_ending(
    town: Town, stack: ExitStack, postgres: EmbeddedPostgres
) -> None:
    api = started(town.api(), stack)
    job_id = ordered(api, "a kite")
    until(lambda: bool(town.owner(job_id)), 10)
    with held(postgres):
        began = time.monotonic()
        api.signal(signal.SIGTERM)
        api.wait(60)
        took = time.monotonic() - began
    assert took < MOST_SECONDS
    started(town.api(), stack)
    until(lambda: town.job(job_id, "status") == ["done"], 90)
