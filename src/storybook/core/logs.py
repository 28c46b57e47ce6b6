"""Logs: JSON in production, readable in a terminal. Only known keys are written, so no text of a child slips in."""

import hashlib
import hmac
import logging
import secrets
import sys
import time
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

from storybook.core.errors import ProviderError
from storybook.core.settings import LogLevel

ALLOWED_KEYS = frozenset(
    {
        "event", "level", "timestamp", "logger", "request_id", "trace_id", "user", "job_id", "step", "page", "fence",
        "method", "route", "status", "milliseconds", "seconds", "code", "exception", "provider", "count", "setting",
        "lane", "work", "store", "place", "reason",
    }
)  # fmt: skip
LIBRARIES = ("asyncio", "celery", "kombu", "multiprocessing", "opentelemetry", "sqlalchemy", "uvicorn")
"""Their messages are constant and may be written; of all other libraries only the place is."""
SELDOM = {"opentelemetry": 60.0}
"""Seconds between two messages of those that would repeat themselves for as long as a collector is away."""
_HASH_LENGTH = 16
_users = secrets.token_bytes(32)


def name_users_by(secret: str) -> None:
    """Makes the hash of a user the same in all processes that have this secret."""
    global _users  # noqa: PLW0603 - logs are configured once for the process
    _users = hmac.digest(secret.encode(), b"logs: users", hashlib.sha256)


def about_user(user_id: str) -> dict[str, str]:
    """What logs may say of a user: a hash that finds all lines of theirs, and that leads nobody to them."""
    return {"user": hmac.digest(_users, user_id.encode(), hashlib.sha256).hex()[:_HASH_LENGTH]}


def _drop_unknown_keys(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}


def _without_message(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replaces an exception by its type and place, and whose it is: its message may quote what a parent typed."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        event["exception"] = f"{type(error).__qualname__} at {place}"
    if isinstance(error, ProviderError):
        about = {"provider": error.provider, "status": error.status, "reason": error.reason}
        event.update({key: told for key, told in about.items() if told})
    return event


class _Adopted(logging.Handler):
    """What a library says, without the values that it fills in: they may hold addresses, arguments and passwords."""

    def __init__(self) -> None:
        super().__init__()
        self._silent_until: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        library = record.name.partition(".")[0]
        if self._too_soon(library):
            return
        error = record.exc_info[1] if record.exc_info else None
        known = library in LIBRARIES and isinstance(record.msg, str)
        said = record.msg.partition("\n")[0] if known else "library_says"
        place = f"{record.module}:{record.lineno}"
        structlog.get_logger().log(record.levelno, said, logger=record.name, place=place, exc_info=error)

    def _too_soon(self, library: str) -> bool:
        if library not in SELDOM:
            return False
        now = time.monotonic()
        if now < self._silent_until.get(library, 0.0):
            return True
        self._silent_until[library] = now + SELDOM[library]
        return False


def adopt(library: str = "") -> None:
    """Writes warnings and errors of a library as the product's own logs are written; without a name, those of all that
    do not keep theirs to themselves.
    """
    logger = logging.getLogger(library)
    logger.handlers = [*(handler for handler in logger.handlers if not isinstance(handler, _Adopted)), _Adopted()]
    logger.setLevel(logging.WARNING)


def _to_stderr(*_: Any) -> structlog.WriteLogger:
    """Whatever stderr is at the moment of writing: it may be put elsewhere, and closed there."""
    return structlog.WriteLogger(sys.stderr)


def _last_words(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    structlog.get_logger().critical("process_failed", exc_info=error)


def configure_logs(level: LogLevel, *, as_json: bool) -> None:
    """Sets up the logs of the process, those of libraries too: JSON for machines, or lines for a terminal, where an
    error that ends the process is shown with all that it says.
    """
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
    adopt()
    sys.excepthook = _last_words if as_json else sys.__excepthook__
