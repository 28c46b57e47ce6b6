"""Every figure that is told to Prometheus, by its name.

The values of labels come from closed sets: routes, steps, vendors, codes. Never an id, and never a text. What a process
sees itself is counted here; what only the database knows is a `Figure`, which is given when Prometheus asks.
"""

import hmac
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from storybook.core.errors import ErrorCode, JobFailed, ProviderError

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where it is in a process's environment, that process and those that it forks keep what they see in this folder."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER_METHOD = "_OTHER"
NO_ROUTE = "unknown"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OK, STOPPED, DONE = "ok", "stopped", "done"

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
"""What this process has seen."""
ProcessCollector(registry=REGISTRY)


def _counter(name: str, what: str, *labels: str) -> Counter:
    return Counter(name, what, labels, registry=REGISTRY)


def _histogram(name: str, what: str, *labels: str, to: tuple[float, ...]) -> Histogram:
    return Histogram(name, what, labels, registry=REGISTRY, buckets=to)


REQUESTS = _counter(
    "storybook_http_requests_total", "Requests, by the class of their status.", "method", "route", "status"
)
REQUEST_SECONDS = _histogram(
    "storybook_http_request_seconds",
    "Until an answer begins.",
    "method",
    "route",
    to=(0.005, 0.01, 0.025, 0.1, 0.25, 1, 5, 30),
)
STREAMS = Gauge(
    "storybook_event_streams", "Streams of events that are open.", registry=REGISTRY, multiprocess_mode="livesum"
)
STEP_TRIES = _counter(
    "storybook_step_tries_total", "Tries of steps, by how they ended: ok, a code, or stopped.", "step", "outcome"
)
STEP_SECONDS = _histogram(
    "storybook_step_seconds", "Of a try that was not stopped.", "step", to=(0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
)
JOBS_ENDED = _counter(
    "storybook_jobs_ended_total", "Jobs that runners have ended: done, or with a code.", "kind", "outcome"
)
JOB_SECONDS = _histogram(
    "storybook_job_seconds",
    "From the order until it was done.",
    "kind",
    to=(5, 15, 30, 60, 120, 300, 600, 1800),
)
CALLS = _counter("storybook_vendor_calls_total", "Calls to vendors, by how they ended.", "vendor", "kind", "outcome")
CALL_SECONDS = _histogram(
    "storybook_vendor_call_seconds", "Of a call.", "vendor", "kind", to=(0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
)
CALL_DOLLARS = _counter("storybook_vendor_cost_dollars_total", "What calls have cost, or may have.", "vendor", "kind")
BREAKER_OPEN = Gauge(
    "storybook_breaker_open",
    "1 from when a vendor is left alone until a call to it has worked again.",
    ("vendor", "kind"),
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)
PERIODIC = _counter("storybook_periodic_work_total", "What was due from time to time: ok or failed.", "work", "outcome")
LOOP_LAG = _histogram(
    "storybook_event_loop_lag_seconds", "How late the event loop was.", to=(0.005, 0.02, 0.05, 0.1, 0.25, 1, 5)
)
CONNECTIONS = Gauge(
    "storybook_database_connections", "Of the pool.", ("state",), registry=REGISTRY, multiprocess_mode="livesum"
)


class Figure(NamedTuple):
    """A figure that is looked up when Prometheus asks."""

    name: str
    what: str
    labels: tuple[str, ...] = ()


UP = {
    part: Figure(f"storybook_{part}_up", f"Whether the {part} is as it should be.")
    for part in ("database", "storage", "queue", "runner")
}
JOBS = Figure(
    "storybook_jobs", "Jobs that have not ended: waiting, running, parked, or with a stale lease.", ("kind", "state")
)
QUEUE_DEPTH = Figure("storybook_queue_depth", "Jobs that could be taken now.", ("lane",))
QUEUE_AGE = Figure("storybook_queue_age_seconds", "For how long the first of them could have been taken.", ("lane",))
OLDEST = Figure("storybook_oldest_job_seconds", "Since the oldest job was ordered that has not ended.", ("lane",))
UNKNOWN_CALLS = Figure(
    "storybook_unknown_calls", "Calls of the last day of which nobody knows whether they cost anything."
)
COST_TODAY = Figure(
    "storybook_cost_today_dollars", "Of today's jobs (UTC): spent, or set aside and not spent yet.", ("part",)
)
COST_OF_ONE = Figure(
    "storybook_cost_today_of_one_user_dollars", "The most that is spent and set aside for one user today."
)
COST_CAP = Figure("storybook_cost_cap_dollars", "What may be spent: on a book, for a user in a day, in a day.", ("of",))
HELD_WITHOUT_JOB = Figure("storybook_held_credits_without_job", "Credits that are held for no job that goes on.")
LEDGER_DIFFERENCE = Figure(
    "storybook_ledger_difference_credits", "By how much balances differ from the ledger, in all."
)
ASKED_FOR = (
    *UP.values(), JOBS, QUEUE_DEPTH, QUEUE_AGE, OLDEST, UNKNOWN_CALLS, COST_TODAY, COST_OF_ONE, COST_CAP,
    HELD_WITHOUT_JOB, LEDGER_DIFFERENCE,
)  # fmt: skip

Figures = Mapping[Figure, Mapping[tuple[str, ...], float]]
"""Of each figure its values, by its labels."""


def exposed(figures: Figures) -> bytes:
    """All that this process has seen, and these figures, as Prometheus reads it."""
    return generate_latest(REGISTRY) + generate_latest(_Given(figures))


def exposed_of(folder: Path) -> bytes:
    """All that the processes have seen that keep it in this folder, also those that have ended."""
    for pid in {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_live*.db")}:
        if not _is_there(pid):
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(MultiProcessCollector(None, str(folder)))  # type: ignore[no-untyped-call]


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def opens(token: str, authorization: str) -> bool:
    """Whether this header of a request shows the token; where there is none, nobody needs it."""
    return not token or hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


class _Given(CollectorRegistry):
    """Figures that are known already."""

    def __init__(self, figures: Figures) -> None:
        super().__init__()
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        for figure, values in self._figures.items():
            family = GaugeMetricFamily(figure.name, figure.what, labels=figure.labels)
            for labels, value in values.items():
                family.add_metric(labels, value)
            yield family


def names() -> set[str]:
    """The names of all series that there can be."""
    own = {name for metric in REGISTRY.collect() for name in _series(metric)}
    return own | {figure.name for figure in ASKED_FOR}


def _series(metric: Metric) -> set[str]:
    match metric.type:
        case "counter":
            return {f"{metric.name}_total"}
        case "histogram":
            return {metric.name + suffix for suffix in ("_bucket", "_sum", "_count")}
        case _:
            return {metric.name}


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """A request that was answered with this status, or with none (0), after so many seconds.

    The method is one of METHODS or OTHER_METHOD, the route a template or NO_ROUTE.
    """
    REQUESTS.labels(method, route, f"{status // 100}xx" if status else "none").inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def expect_requests(answered: Iterable[tuple[str, str]]) -> None:
    """Begins the failures of these methods and routes at 0: `increase()` would not see the first one of each."""
    for method, route in answered:
        REQUESTS.labels(method, route, "5xx")


def count_call(vendor: str, kind: str, outcome: str, seconds: float, dollars: float) -> None:
    """A call to a vendor that has ended."""
    CALLS.labels(vendor, kind, outcome).inc()
    CALL_SECONDS.labels(vendor, kind).observe(seconds)
    CALL_DOLLARS.labels(vendor, kind).inc(dollars)


def expect_jobs(kinds: Iterable[str]) -> None:
    """Begins the series of jobs at 0: `increase()` would not see the first end of one that begins at 1."""
    for kind in kinds:
        JOB_SECONDS.labels(kind)
        for outcome in (DONE, *ErrorCode):
            JOBS_ENDED.labels(kind, outcome)


def count_job(kind: str, outcome: str, seconds: float) -> None:
    """A job that has ended so many seconds after it was ordered; the outcome is DONE or a code."""
    JOBS_ENDED.labels(kind, outcome).inc()
    if outcome == DONE:
        JOB_SECONDS.labels(kind).observe(seconds)


@contextmanager
def trying(step: str) -> Iterator[None]:
    """One try of a step, counted with its time and how it ends."""
    began, outcome = time.perf_counter(), STOPPED
    try:
        yield
        outcome = OK
    except (ProviderError, JobFailed) as error:
        outcome = error.code.value
        raise
    finally:
        STEP_TRIES.labels(step, outcome).inc()
        if outcome != STOPPED:
            STEP_SECONDS.labels(step).observe(time.perf_counter() - began)
