"""What a request, a job, a step, a call and a statement take, and which of them belong together.

Nothing is recorded unless an operator says where traces go; until then all of this does nothing, and the packages for
it are not loaded. A span knows the keys of `Told` and no others: no text, name, key or address, and no message of an
error.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Protocol, TypedDict, Unpack

from sqlalchemy import Engine

from storybook.core.settings import Settings


class Told(TypedDict, total=False):
    """All that a span may be told. Values come from closed sets and settings, or are numbers and random ids."""

    method: str
    route: str
    status: int
    job_id: str
    kind: str
    fence: int
    recoveries: int
    outcome: str
    step: str
    page: int
    vendor: str
    work: str
    model: str
    call: int
    micro_dollars: int
    code: str
    error: str


class Span(Protocol):
    """One thing that takes time. `trace_id` names all that belongs together, where it is recorded or could be."""

    @property
    def trace_id(self) -> str | None: ...
    def named(self, name: str) -> None: ...
    def tell(self, **told: Unpack[Told]) -> None: ...


class Recorder(Protocol):
    """Who records; `core.traces` has the one for OpenTelemetry. Functions of this module say what each does."""

    def serving(self, method: str) -> AbstractContextManager[Span]: ...
    def working(self, traceparent: str | None) -> AbstractContextManager[Span]: ...
    def within(self, name: str, *, leaves: bool) -> AbstractContextManager[Span]: ...
    def asking(self, sql: str) -> AbstractContextManager[Span]: ...
    def current(self) -> Span: ...
    def traceparent(self) -> str | None: ...
    def watch(self, engine: Engine) -> None: ...
    def close(self) -> None: ...


class _Nothing:
    """A span, and the block that it would span, where nothing is recorded."""

    trace_id = None

    def named(self, name: str) -> None: ...
    def tell(self, **told: Unpack[Told]) -> None: ...

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None: ...


NOTHING = _Nothing()
_recorder: Recorder | None = None


@contextmanager
def recording(settings: Settings) -> Iterator[None]:
    """Traces go to the settings' address until the block ends, which they hold up for two seconds at most."""
    if not settings.otel_exporter_otlp_endpoint:
        yield
        return
    with recorded_by(import_module("storybook.core.traces").over_the_wire(settings)):
        yield


@contextmanager
def recorded_by(recorder: Recorder) -> Iterator[None]:
    """The recorder is at work until the block ends, and is closed then."""
    global _recorder  # noqa: PLW0603 - a process has one, like its logs
    before, _recorder = _recorder, recorder
    try:
        yield
    finally:
        _recorder = before
        recorder.close()


def serving(method: str) -> AbstractContextManager[Span]:
    """The block answers a request: a trace begins. What a client says of traces is not believed."""
    return _recorder.serving(method) if _recorder else NOTHING


def working(traceparent: str | None) -> AbstractContextManager[Span]:
    """The block works on a job, as a part of the trace of the request that ordered it, or of one of its own."""
    return _recorder.working(traceparent) if _recorder else NOTHING


def within(name: str, *, leaves: bool = False) -> AbstractContextManager[Span]:
    """The block is a part of what is under way, if that is recorded; `leaves` where it asks somebody else."""
    return _recorder.within(name, leaves=leaves) if _recorder else NOTHING


def asking(sql: str) -> AbstractContextManager[Span]:
    """The block is one statement, of which only the verb and the tables are recorded."""
    return _recorder.asking(sql) if _recorder else NOTHING


def tell(**told: Unpack[Told]) -> None:
    """Tells the span that is under way."""
    if _recorder:
        _recorder.current().tell(**told)


def traceparent() -> str | None:
    """What is under way, in the form of W3C's Trace Context, to go on with it elsewhere and later."""
    return _recorder.traceparent() if _recorder else None


def watch(engine: Engine) -> None:
    """Records the statements of this engine from now on, if anything is recorded."""
    if _recorder:
        _recorder.watch(engine)
