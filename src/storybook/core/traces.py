"""Traces as OpenTelemetry has them, sent over OTLP. Loaded only where they are wanted: see `core.telemetry`.

Our spans are known to nobody but us: no package in this process finds them, adds to them, or passes their ids on.
"""

import asyncio
import random
import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Unpack

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.util.re import parse_env_headers
from sqlalchemy import Engine

from storybook import __version__
from storybook.core.settings import Settings
from storybook.core.statements import summary, watch_statements
from storybook.core.telemetry import NOTHING, Span, Told

KEYS = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "job_id": "storybook.job.id",
    "kind": "storybook.job.kind",
    "fence": "storybook.job.fence",
    "recoveries": "storybook.job.recoveries",
    "outcome": "storybook.outcome",
    "step": "storybook.step",
    "page": "storybook.page",
    "vendor": "storybook.vendor",
    "work": "storybook.call.kind",
    "model": "storybook.call.model",
    "call": "storybook.call.number",
    "micro_dollars": "storybook.call.micro_dollars",
    "code": "storybook.code",
    "error": "error.type",
}
DATABASE = {"db.system.name": "postgresql"}
READS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_WAITING = 4096
EVERY_MILLISECONDS = 1000
EXPORT_SECONDS = 1.5
CLOSE_SECONDS = 2.0
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_current: ContextVar[trace.Span | None] = ContextVar("span", default=None)
_unrecorded: ContextVar[str | None] = ContextVar("trace_id", default=None)
_ids = RandomIdGenerator()


def over_the_wire(settings: Settings) -> "Recorder":
    """Sends spans in batches, by a thread of its own. What a collector does not take in time is dropped."""
    exporter = OTLPSpanExporter(
        endpoint=settings.otel_exporter_otlp_endpoint.rstrip("/") + "/v1/traces",
        headers=parse_env_headers(settings.otel_exporter_otlp_headers.get_secret_value(), liberal=True),
        timeout=EXPORT_SECONDS,
    )
    batches = BatchSpanProcessor(exporter, max_queue_size=MOST_WAITING, schedule_delay_millis=EVERY_MILLISECONDS)
    return Recorder(batches, reads=settings.trace_reads, environment=settings.environment)


class _Recorded:
    """A span of OpenTelemetry that takes our keys alone."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def trace_id(self) -> str | None:
        return f"{self._span.get_span_context().trace_id:032x}"

    def named(self, name: str) -> None:
        self._span.update_name(name)

    def tell(self, **told: Unpack[Told]) -> None:
        known: dict[str, Any] = {KEYS[key]: value for key, value in told.items() if key in KEYS}
        self._span.set_attributes(known)
        if told.get("status", 0) >= 500:
            self._span.set_status(StatusCode.ERROR)

    def failed(self, error: BaseException) -> None:
        """Its kind is recorded, and never its message."""
        self.tell(error=type(error).__qualname__)
        if isinstance(code := getattr(error, "code", None), str):
            self.tell(code=str(code))
        if not isinstance(error, asyncio.CancelledError):
            self._span.set_status(StatusCode.ERROR)


class _Unrecorded:
    """A request of whose trace nothing is recorded but what its jobs do; the id stands in the logs."""

    def __init__(self) -> None:
        self.trace_id = f"{_ids.generate_trace_id():032x}"

    def named(self, name: str) -> None: ...
    def tell(self, **told: Unpack[Told]) -> None: ...

    def __enter__(self) -> Span:
        self._token = _unrecorded.set(self.trace_id)
        return self

    def __exit__(self, *_: object) -> None:
        _unrecorded.reset(self._token)


class Recorder:
    """Hands spans to the processor. Requests that only read are recorded in a share of `reads`, all else always."""

    def __init__(self, processor: SpanProcessor, *, reads: float, environment: str) -> None:
        about = {
            "service.name": "storybook",
            "service.version": __version__,
            "deployment.environment.name": environment,
        }
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource.create(about),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("storybook", __version__)
        self._reads = reads

    def serving(self, method: str) -> AbstractContextManager[Span]:
        if method in READS and random.random() >= self._reads:
            return _Unrecorded()
        return self._spanning("request", None, SpanKind.SERVER)

    def working(self, traceparent: str | None) -> AbstractContextManager[Span]:
        return self._spanning("job", _parent_in(traceparent), SpanKind.CONSUMER)

    def within(self, name: str, *, leaves: bool) -> AbstractContextManager[Span]:
        if (parent := _current.get()) is None:
            return NOTHING
        return self._spanning(name, parent, SpanKind.CLIENT if leaves else SpanKind.INTERNAL)

    def asking(self, sql: str) -> AbstractContextManager[Span]:
        if (parent := _current.get()) is None:
            return NOTHING
        return self._spanning(summary(sql), parent, SpanKind.CLIENT, DATABASE)

    def current(self) -> Span:
        span = _current.get()
        return _Recorded(span) if span else NOTHING

    def traceparent(self) -> str | None:
        if span := _current.get():
            now = span.get_span_context()
            return f"00-{now.trace_id:032x}-{now.span_id:016x}-{now.trace_flags:02x}"
        trace_id = _unrecorded.get()
        return f"00-{trace_id}-{_ids.generate_span_id():016x}-00" if trace_id else None

    def watch(self, engine: Engine) -> None:
        watch_statements(engine, self._note)

    def close(self) -> None:
        """Sends what there is, and waits for that no longer than `CLOSE_SECONDS`."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)

    def _note(self, sql: str, began: int, error: BaseException | None) -> None:
        """A statement that has ended now; `began` is in nanoseconds since 1970."""
        if (parent := _current.get()) is None:
            return
        span = self._begin(summary(sql), parent, SpanKind.CLIENT, DATABASE, began)
        if error:
            _Recorded(span).failed(error)
        span.end()

    @contextmanager
    def _spanning(
        self, name: str, parent: trace.Span | None, kind: SpanKind, told: dict[str, str] | None = None
    ) -> Iterator[Span]:
        span = self._begin(name, parent, kind, told)
        recorded, token = _Recorded(span), _current.set(span)
        try:
            yield recorded
        except BaseException as error:
            recorded.failed(error)
            raise
        finally:
            _current.reset(token)
            span.end()

    def _begin(
        self,
        name: str,
        parent: trace.Span | None,
        kind: SpanKind,
        told: dict[str, str] | None = None,
        began: int | None = None,
    ) -> trace.Span:
        above = trace.set_span_in_context(parent, Context()) if parent else Context()
        return self._tracer.start_span(name, above, kind, told, start_time=began)


def _parent_in(traceparent: str | None) -> trace.Span | None:
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    return NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags)))
