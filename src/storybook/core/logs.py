"""Logs: JSON in production, readable in a terminal. Only known keys are written, so no text of a child slips in."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from storybook.core.settings import LogLevel

ALLOWED_KEYS = frozenset(
    {
        "event", "level", "timestamp", "logger", "request_id", "job_id", "step", "page", "fence", "method", "route",
        "status", "milliseconds", "code", "error", "exception", "provider", "attempt", "count", "setting", "address",
    }
)  # fmt: skip


def _drop_unknown_keys(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}


def _without_message(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replaces an exception by its type and place: its message may quote what a parent typed."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        event["exception"] = f"{type(error).__qualname__} at {place}"
    return event


def _to_stderr(*_: Any) -> structlog.WriteLogger:
    """Whatever stderr is at the moment of writing: it may be put elsewhere, and closed there."""
    return structlog.WriteLogger(sys.stderr)


def configure_logs(level: LogLevel, *, as_json: bool) -> None:
    """Sets up structlog for the process: JSON for machines, or lines for a terminal."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_message,
            _drop_unknown_keys,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )
