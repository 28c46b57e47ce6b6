"""Which vendors are left alone, by all processes that ask them."""

from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import Interval, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database, Prepared
from storybook.domain.calls import Kind
from storybook.models import OpenBreaker
from storybook.models.base import table_of

REMEMBERED = timedelta(minutes=5)
"""After its rest: a process that died, or has nothing to ask that vendor, never tells that its breaker closed."""

log = structlog.get_logger()

_TABLE = table_of(OpenBreaker)
_C = _TABLE.c
_UNTIL = func.now() + bindparam("rest", type_=Interval)
_LINE = {name: bindparam(f"new_{name}", type_=_C[name].type) for name in ("line", "vendor", "kind")}
_OPENED = Prepared(
    insert(_TABLE)
    .values(**_LINE, open_until=_UNTIL)
    .on_conflict_do_update(index_elements=[_C.line], set_={"open_until": _UNTIL})
)
_CLOSED = Prepared(delete(_TABLE).where(_C.line == bindparam("line")))


class Resting(NamedTuple):
    """How many processes leave a vendor alone, and how many are about to try it again, or do so now."""

    open: int
    half_open: int


async def note(database: Database, line: str, vendor: str, kind: Kind, rest: float | None) -> None:
    """Writes down that a line's breaker has opened for `rest` seconds; None: that it has closed.

    Where that cannot be done nobody reads it, and the work goes on.
    """
    try:
        if rest is None:
            await database.run(_CLOSED, line=line)
        else:
            told = {"new_line": line, "new_vendor": vendor, "new_kind": kind}
            await database.run(_OPENED, **told, rest=timedelta(seconds=rest))
    except (SQLAlchemyError, OSError) as error:
        log.warning("breaker_not_written_down", exc_info=error)


async def resting(session: AsyncSession) -> dict[tuple[str, str], Resting]:
    """By vendor and kind, those whose breaker is open anywhere or was so lately."""
    number, rests = func.count(), _C.open_until > func.now()
    counted = select(_C.vendor, _C.kind, number.filter(rests), number.filter(~rests))
    lately = _C.open_until > func.now() - REMEMBERED
    rows = await session.execute(counted.where(lately).group_by(_C.vendor, _C.kind))
    return {(vendor, kind): Resting(*counts) for vendor, kind, *counts in rows}


async def forget_old(session: AsyncSession) -> None:
    await session.execute(delete(OpenBreaker).where(_C.open_until < func.now() - REMEMBERED))
