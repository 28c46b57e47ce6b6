"""What a statement is called, without any of its values; and when those of an engine begin and end."""

import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event

Note = Callable[[str, int, BaseException | None], None]
"""Hears of a statement that has ended: its SQL, when it began (nanoseconds since 1970), and what it failed with."""

_TEXT = re.compile(r"'(?:[^']|'')*'")
_VERB = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|LOCK|NOTIFY|SET)\b")
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+([a-z_]+)\b(?![(.])")
_MOST_TABLES = 4


@lru_cache(maxsize=1000)
def summary(sql: str) -> str:
    """Its verb, and the tables that it names: `SELECT jobs books`."""
    bare = _TEXT.sub("", sql)
    verb = _VERB.search(bare)
    tables = list(dict.fromkeys(_TABLE.findall(bare)))[:_MOST_TABLES]
    return " ".join([verb.group() if verb else "statement", *tables])


def watch_statements(engine: Engine, note: Note) -> None:
    """Tells `note` of every statement that SQLAlchemy sends over this engine, and of those that fail or are stopped."""

    def begun(_: Any, __: Any, ___: str, ____: Any, context: Any, _____: bool) -> None:  # noqa: FBT001 - as it is called
        if context is not None:
            context.begun_at = time.time_ns()

    def ended(_: Any, __: Any, sql: str, ____: Any, context: Any, _____: bool) -> None:  # noqa: FBT001 - as it is called
        if began := getattr(context, "begun_at", None):
            note(sql, began, None)

    def failed(failure: Any) -> None:
        if began := getattr(failure.execution_context, "begun_at", None):
            note(failure.statement or "", began, failure.original_exception)

    event.listen(engine, "before_cursor_execute", begun)
    event.listen(engine, "after_cursor_execute", ended)
    event.listen(engine, "handle_error", failed)
