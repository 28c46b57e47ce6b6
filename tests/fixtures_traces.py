"""What is recorded of a test, and a collector that understands what it is sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from storybook.core.telemetry import recorded_by
from storybook.core.traces import Recorder


class Seen(NamedTuple):
    """A span as a test looks at it; `above` is the id of its parent."""

    name: str
    trace: int
    id: int
    above: int | None
    told: dict[str, object]


class Recording:
    """The spans that have ended."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()

    @property
    def raw(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    @property
    def spans(self) -> list[Seen]:
        return [_seen(span) for span in self.raw]

    def named(self, name: str) -> list[Seen]:
        return [span for span in self.spans if span.name == name]


def _seen(span: ReadableSpan) -> Seen:
    assert span.context
    above = span.parent.span_id if span.parent else None
    return Seen(span.name, span.context.trace_id, span.context.span_id, above, dict(span.attributes or {}))


@contextmanager
def recorded(reads: float = 1.0) -> Iterator[Recording]:
    """All that is traced until the block ends; databases have to be opened within it."""
    recording = Recording()
    processor = SimpleSpanProcessor(recording.exporter)
    with recorded_by(Recorder(processor, reads=reads, environment="development")):
        yield recording


class Collector(ThreadingHTTPServer):
    """Takes spans over OTLP, on loopback."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[Seen] = []
        self.text = b""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Collector)
        self.server.text += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.server.received += [
                    Seen(
                        span.name,
                        int.from_bytes(span.trace_id, "big"),
                        int.from_bytes(span.span_id, "big"),
                        int.from_bytes(span.parent_span_id, "big") or None,
                        {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes},
                    )
                    for span in scope.spans
                ]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()
