"""Small web servers on loopback, each in a thread of its own."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Folder(SimpleHTTPRequestHandler):
    """Serves the files of one folder."""

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server that answers with this handler."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Post(NamedTuple):
    path: str
    headers: dict[str, str]
    body: Any


class Said(NamedTuple):
    """An answer. `cut` sends only half of what its length promises."""

    body: bytes
    status: int = 200
    cut: bool = False


class Double:
    """A vendor's server on loopback that keeps what it was sent, and answers what `answer` makes of it."""

    def __init__(self, answer: Callable[[Post], Said]) -> None:
        self.answer = answer
        self.posts: list[Post] = []
        self.leaving = threading.Event()

    @contextmanager
    def serving(self) -> Iterator[str]:
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                double.respond(self)

            def log_message(self, *_: Any) -> None:
                pass

        with serving(Handler) as address:
            try:
                yield address
            finally:
                self.leaving.set()

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        sent = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        post = Post(handler.path, headers, json.loads(sent))
        self.posts.append(post)
        said = self.answer(post)
        with suppress(ConnectionError):  # they may have left
            handler.send_response(said.status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(said.body)))
            handler.end_headers()
            handler.wfile.write(said.body[: len(said.body) // 2] if said.cut else said.body)

    def hang(self) -> Said:
        """Says nothing until the test is over."""
        self.leaving.wait(30)
        return Said(b"", 503)
