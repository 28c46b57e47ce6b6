"""What a span is called, what it may say, and that nobody waits for a collector."""

import socket
import time

import pytest

from storybook.core import telemetry
from storybook.core.errors import ErrorCode, JobFailed
from storybook.core.settings import Settings
from storybook.core.statements import summary
from tests.fixtures_traces import recorded

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT jobs.id FROM jobs JOIN books ON books.job_id = jobs.id FOR UPDATE", "SELECT jobs books"),
        ("INSERT INTO jobs (id) VALUES ($1)", "INSERT jobs"),
        ("WITH gone AS (DELETE FROM files RETURNING id) SELECT id FROM gone", "DELETE files gone"),
        ("UPDATE jobs SET title='FROM luna' WHERE EXTRACT(EPOCH FROM now()) > 1", "UPDATE jobs"),
        ("COMMIT", "statement"),
    ],
)
def test_a_statement_is_called_by_its_verb_and_its_tables(sql: str, name: str) -> None:
    assert summary(sql) == name


def test_an_error_is_recorded_by_its_kind_and_not_by_its_message() -> None:
    with recorded() as recording, pytest.raises(JobFailed), telemetry.working(None):
        raise JobFailed(ErrorCode.SAFETY_INPUT, "Luna is not safe")
    [span] = recording.raw
    assert dict(span.attributes or {}) == {"error.type": "JobFailed", "storybook.code": "SAFETY_INPUT"}
    assert "Luna" not in span.to_json()


def test_requests_that_only_read_are_recorded_in_a_share_and_all_others_always() -> None:
    with recorded(reads=0.0) as recording:
        for method in ("GET", "HEAD", "POST", "DELETE"):
            with telemetry.serving(method) as span, telemetry.asking("SELECT 1"):
                span.named(method)
    assert [span.name for span in recording.spans if span.above is None] == ["POST", "DELETE"]
    assert len(recording.spans) == 4


def test_a_job_is_recorded_also_where_its_order_was_not() -> None:
    with recorded(reads=0.0) as recording:
        with telemetry.serving("GET") as request:
            ordered = telemetry.traceparent()
        with telemetry.working(ordered), telemetry.within("step"):
            pass
    assert {f"{span.trace:032x}" for span in recording.spans} == {request.trace_id}
    assert [span.name for span in recording.spans] == ["step", "job"]


@pytest.mark.parametrize("traceparent", [None, "", f"01-{TRACE}", "Luna", f"00-{TRACE}-00f067aa0ba902b7-01\n"])
def test_a_job_whose_order_left_no_trace_begins_its_own(traceparent: str | None) -> None:
    with recorded() as recording, telemetry.working(traceparent):
        assert telemetry.traceparent()
    [span] = recording.spans
    assert (span.above, f"{span.trace:032x}" == TRACE) == (None, False)


def test_nothing_is_recorded_and_nothing_loaded_unless_asked_for() -> None:
    with telemetry.recording(Settings(_env_file=None)), telemetry.serving("POST") as span:
        span.named("POST /v1/books")
        assert (span.trace_id, telemetry.traceparent()) == (None, None)
        assert telemetry.within("step") is telemetry.asking("SELECT 1") is telemetry.NOTHING


def test_a_collector_that_hangs_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hangs:
        address = f"http://127.0.0.1:{hangs.getsockname()[1]}"
        settings = Settings(_env_file=None, otel_exporter_otlp_endpoint=address)
        with telemetry.recording(settings):
            began = time.monotonic()
            for _ in range(10_000):
                with telemetry.serving("POST"):
                    pass
            told = time.monotonic()
        closed = time.monotonic()
    assert told - began < 5
    assert closed - told < 2.5
