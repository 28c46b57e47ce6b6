"""What traces cost: how long a poll takes without them, and with a collector that takes them, is away, or hangs.

Servers with the same database are asked in turns, a few requests each and one after the other, so that whatever else
the machine does touches all.
"""

import http.client
import json
import random
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from bench_rows import PATIENCE_SECONDS, Row, cpu_of, started
from bench_servers import USER_KEY

MOST = 1.05
ROUNDS = 300
POLLS = 10
WARM_UP = 300


class Server(NamedTuple):
    """A server, what was asked of it for traces, and whether its figure has a target."""

    name: str
    told: dict[str, Any]
    has_target: bool = True


class Collector(ThreadingHTTPServer):
    """Takes everything that is sent, and counts."""

    batches = 0


class _Taken(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if isinstance(self.server, Collector):
            self.server.batches += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def collecting() -> Iterator[tuple[str, Collector]]:
    """A collector on loopback."""
    with Collector(("127.0.0.1", 0), _Taken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", server
        server.shutdown()


@contextmanager
def hanging() -> Iterator[str]:
    """An address that connects and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


class Client:
    """Polls one server over one connection, and notes how long each poll took and what all cost the server."""

    def __init__(self, pid: int, service: dict[str, Any]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", service["port"], timeout=PATIENCE_SECONDS)
        self._path = f"/v1/books/{service['job_id']}"
        self._pid = pid
        for _ in range(WARM_UP):
            self._poll()
        self._took: list[float] = []
        self._before = cpu_of(pid)

    @property
    def median(self) -> float:
        """Milliseconds that half of the polls took at most."""
        return statistics.median(self._took)

    @property
    def cpu(self) -> float:
        """Milliseconds of the server's own for each poll."""
        return cpu_of(self._pid).since(self._before).own * 1000 / len(self._took)

    def poll(self, times: int) -> None:
        """Over a new connection: servers close those that nobody uses for a while."""
        self._connection.close()
        self._poll()
        self._took += [self._poll() for _ in range(times)]

    def _poll(self) -> float:
        began = time.perf_counter()
        self._connection.request("GET", self._path, headers={"X-User-Key": USER_KEY})
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a poll was answered with {answer.status}")
        return (time.perf_counter() - began) * 1000


def measure() -> list[Row]:
    with ExitStack() as stack:
        address, collector = stack.enter_context(collecting())
        servers = [
            Server("with a collector that takes them", {"otel_exporter_otlp_endpoint": address}),
            Server("with a collector that is away", {"otel_exporter_otlp_endpoint": nobody()}),
            Server("with one that hangs", {"otel_exporter_otlp_endpoint": stack.enter_context(hanging())}),
            Server("with every poll traced", {"otel_exporter_otlp_endpoint": address, "trace_reads": 1}, False),
        ]
        _, house = stack.enter_context(_service({}))  # keeps the database of the others, and is not measured itself
        off, *on = (
            Client(*stack.enter_context(_service({"database_url": house["database"], **told})))
            for told in ({}, *(server.told for server in servers))
        )
        clients = [off, *on]
        for _ in range(ROUNDS):
            random.shuffle(clients)
            for client in clients:
                client.poll(POLLS)
        rows = [_row(server, client, off) for server, client in zip(servers, on, strict=True)]
        if not collector.batches:
            raise RuntimeError("the collector was sent nothing")
        alone = f"{off.median:.2f} ms (CPU {off.cpu:.2f} ms)"
    return [Row("A poll without traces, p50", alone, "", met=True), *rows]


@contextmanager
def _service(settings: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    with tempfile.TemporaryDirectory() as folder, started("service", folder, json.dumps(settings)) as running:
        yield running


def _row(server: Server, client: Client, off: Client) -> Row:
    ratio = client.median / off.median
    target = f"at most {MOST:.2f} of that" if server.has_target else ""
    what = f"{client.median:.2f} ms (CPU {client.cpu:.2f} ms), {ratio:.3f}"
    return Row(f"The same {server.name}", what, target, met=not server.has_target or ratio <= MOST)
