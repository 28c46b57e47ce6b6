"""The calls to vendors, written down before they are made and again when they have ended.

Only the job's holder begins a call, and takes one up again that an earlier one has left. Under which id a vendor has
accepted a call, and how it ended, is a fact, whoever reports it: a runner that has lost its job still has its bill.
Each of these statements may be sent twice, since an answer can be lost, and then does the same once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import structlog
from sqlalchemy import ARRAY, CTE, Integer, Interval, String, bindparam, case, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, Insert, aggregate_order_by, insert
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from storybook.core.database import Database, Prepared
from storybook.core.errors import ErrorCode, LeaseLost, ProviderError, VendorAway
from storybook.core.ids import new_id
from storybook.domain.calls import (
    PAID,
    REPAY_MARGIN_SECONDS,
    Bill,
    Kind,
    LostCalls,
    Outcome,
    PaidCall,
    Purpose,
    code_of,
    most_paid,
)
from storybook.models import ProviderCall
from storybook.models.base import table_of
from storybook.services import breakers, budget, fencing

log = structlog.get_logger()

# Made once: to make a statement takes longer than to send it.
_CALLS = table_of(ProviderCall)
_C = _CALLS.c
_PAID = or_(*(_C.outcome == outcome for outcome in PAID))
_OPEN = (_C.outcome == Outcome.BEGUN) | (_C.outcome == Outcome.UNKNOWN)
_OF_US = _C.fence >= bindparam("fence")
_CAME_TO_NOTHING = _PAID & (_OF_US | (_C.outcome == Outcome.UNUSABLE))
"""Without those that an earlier runner broke off or died over, which the budget of the job bounds."""
_BROKEN_OFF = (_C.outcome == Outcome.UNKNOWN) & _C.vendor_id.is_(None)
"""It may be at work for somebody who is not there any more, and there is no id to ask for it."""
_LOST = (_C.outcome == Outcome.OK) & ~_OF_US
"""Answered, but the runner died before it had stored what came."""
_SAME = tuple(_C[name] == bindparam(name) for name in ("job_id", "step", "page", "kind"))
_SAME_VENDOR = _C.vendor == bindparam("vendor")
_SAME_LAYER = (*_SAME, _SAME_VENDOR, _C.model == bindparam("model"))
_TOLD = ("request_key", *Purpose._fields, "vendor", "kind", "model", "worst")
_MINE = _C.request_key == bindparam("request_key")
_AGAIN: dict[str, Any] = {"request_key": bindparam("request_key")}


def _begin(turn: CTE | None = None) -> Insert:
    """A call's row, where there is a row of `turn`; the parameter `request_key` is unique."""
    row = select(
        *(bindparam(name, type_=_C[name].type) for name in _TOLD),
        func.clock_timestamp() + bindparam("lasts", type_=Interval),
    )
    if turn is not None:
        row = row.select_from(turn)
    return insert(_CALLS).from_select([*_TOLD, "repay_not_before"], row)


def _begin_paid(same: tuple[Any, ...]) -> Prepared:
    """A call's row and its worst cost, together or not at all; and what may stand in the way.

    Calls of one job that cost something are begun one after another. One that is there already is not begun again.
    """
    before = select(_C.id).where(_MINE).scalar_subquery()
    still_out = select(func.extract("epoch", func.max(_C.repay_not_before) - func.clock_timestamp())).where(
        *same,
        (_C.outcome == Outcome.BEGUN) | _BROKEN_OFF,
        _C.fence < bindparam("fence"),
        _C.repay_not_before > func.clock_timestamp(),
    )
    paid_before = select(func.count()).where(*same, _CAME_TO_NOTHING)
    turn = fencing.HELD.add_columns(
        still_out.scalar_subquery().label("still_out"),
        paid_before.scalar_subquery().label("paid_before"),
        budget.HAS_ROOM.scalar_subquery().label("has_room"),
        before.label("before"),
    ).cte("turn")
    allowed = select(turn.c.id).where(
        turn.c.before.is_(None),
        turn.c.still_out.is_(None),
        turn.c.paid_before < bindparam("most", type_=Integer),
    )
    begun = _begin(budget.taking(allowed).cte("taken")).returning(_C.id).cte("begun")
    number = func.coalesce(turn.c.before, select(begun.c.id).scalar_subquery()).label("id")
    return Prepared(select(number, turn.c.still_out, turn.c.paid_before, turn.c.has_room))


def _begin_free(turn: CTE | None = None) -> Prepared:
    """A call's row that touches no budget, or the one that is there."""
    return Prepared(_begin(turn).on_conflict_do_update(index_elements=["request_key"], set_=_AGAIN).returning(_C.id))


_BEGIN_OUTSIDE = _begin_free()
_BEGIN_FREE = _begin_free(fencing.HELD.cte("turn"))
_BEGIN = _begin_paid(_SAME)
_BEGIN_LAYER = _begin_paid(_SAME_LAYER)
_NOTE_ID = Prepared(update(_CALLS).where(_C.id == bindparam("number")).values(vendor_id=bindparam("new_id")))
_COUNTED = (
    select(_C.id, case((_C.outcome == Outcome.BEGUN, _C.worst), else_=_C.micro_dollars).label("counted"))
    .where(_C.id == bindparam("number"), _OPEN)
    .with_for_update()
    .cte("open")
)
"""What a call that has not ended takes up of the budget: its worst, or what was last reported where nobody knows."""
_ENDED = (
    update(_CALLS)
    .where(_C.id == _COUNTED.c.id)
    .values(
        outcome=bindparam("new_outcome"),
        units=bindparam("new_units", type_=JSONB),
        micro_dollars=bindparam("cost"),
        milliseconds=bindparam("took", type_=Integer),
        ended_at=func.now(),
    )
    .returning(_C.job_id, _C.outside, _COUNTED.c.counted)
    .cte("ended")
)
_END = Prepared(budget.settlement(_ENDED))
_ACCEPTED = (
    select(_C.id)
    .where(*_SAME, _SAME_VENDOR, _C.vendor_id.is_not(None), _OPEN | _LOST)
    .order_by(_C.id.desc())
    .limit(1)
    .scalar_subquery()
)
_WAS_LOST = _C.outcome == Outcome.OK
_ACCEPTED_BEFORE = Prepared(
    update(_CALLS)
    .where(_C.id == _ACCEPTED, exists(fencing.HELD.cte("held").select()))
    .values(
        outcome=case((_WAS_LOST, Outcome.BEGUN), else_=_C.outcome),
        worst=case((_WAS_LOST, _C.micro_dollars), else_=_C.worst),
        ended_at=case((_WAS_LOST, None), else_=_C.ended_at),
    )
    .returning(_C.id, _C.vendor_id)
)
"""For the job's holder alone. One whose result was lost begins once more, with what it has cost, so that it can end
once more."""

_LOST_BEFORE = Prepared(
    select(
        func.array_agg(aggregate_order_by(_C.id, _C.id)).label("numbers"),
        func.min(_C.created_at).label("first"),
        func.max(_C.created_at).label("last"),
        func.extract(
            "epoch",
            func.clock_timestamp() - func.max(func.coalesce(_C.ended_at, _C.repay_not_before, _C.created_at)),
        ).label("settled_for"),
    ).where(*_SAME, _SAME_VENDOR, _C.vendor_id.is_(None), _OPEN, exists(fencing.HELD.cte("held").select()))
)
_HEARD_OF = Prepared(
    select(_C.vendor_id).where(
        _SAME_VENDOR,
        _C.vendor_id == func.any(bindparam("ids", type_=ARRAY(String))),
        _C.created_at >= bindparam("since", type_=_C.created_at.type),
    )
)


class DatabaseMeter:
    """Keeps `provider_calls`, each change in a transaction of its own, and the budget of the job that calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, call: PaidCall) -> int:
        """The number of the call, which the job's holder alone may make.

        Raises LeaseLost for anybody else, VendorAway while an earlier holder's call for the same may still be answered,
        and ProviderError where the job's budget, or its luck, is used up.
        """
        told = _told(call)
        if call.purpose is None:
            return int((await self._database.insist(_BEGIN_OUTSIDE, **told))[0]["id"])
        begun = await self._begin(_begin_of(call), told)
        if not begun:
            raise LeaseLost(call.purpose.job_id)
        if begun[0]["id"] is None:
            raise _refusal(call, begun[0])
        return int(begun[0]["id"])

    async def _begin(self, statement: Prepared, told: dict[str, Any]) -> list[asyncpg.Record]:
        """Where the same was sent just before and its answer was lost, this one fails and finds it next time."""
        try:
            return await self._database.insist(statement, **told)
        except IntegrityError:
            return await self._database.insist(statement, **told)

    async def note_id(self, number: int, vendor_id: str) -> None:
        await self._database.insist(_NOTE_ID, number=number, new_id=vendor_id)

    async def end(self, number: int, outcome: Outcome, bill: Bill, milliseconds: int) -> None:
        """Writes down how the call ended, once; what it did not cost goes back to the budget.

        Where that cannot be done it counts as unended: its result is worth more than the note.
        """
        told = {"number": number, "new_outcome": outcome, "took": milliseconds}
        try:
            await self._database.insist(_END, **told, new_units=bill.units, cost=bill.micro_dollars)
        except (SQLAlchemyError, OSError) as error:
            log.warning("call_not_written_down", status=outcome, exc_info=error)

    async def accepted_before(self, about: Purpose, vendor: str, kind: Kind) -> tuple[int, str] | None:
        """Number and vendor's id of the newest call for this that was accepted and whose result nobody has."""
        same = about._asdict() | {"vendor": vendor, "kind": kind}
        found = await self._database.insist(_ACCEPTED_BEFORE, **same)
        return (found[0]["id"], found[0]["vendor_id"]) if found else None

    async def lost_before(self, about: Purpose, vendor: str, kind: Kind) -> LostCalls | None:
        """The calls for this that may have been accepted under an id that nobody has heard; for the job's holder."""
        [found] = await self._database.insist(_LOST_BEFORE, **about._asdict(), vendor=vendor, kind=kind)
        if not found["numbers"]:
            return None
        return LostCalls(tuple(found["numbers"]), found["first"], found["last"], float(found["settled_for"]))

    async def heard_of(self, vendor: str, ids: list[str], since: datetime) -> set[str]:
        """Those of the vendor's ids that belong to a call which was begun since then."""
        if not ids:
            return set()
        return {row["vendor_id"] for row in await self._database.insist(_HEARD_OF, vendor=vendor, ids=ids, since=since)}

    async def note_breaker(self, line: str, vendor: str, kind: Kind, rest: float | None) -> None:
        await breakers.note(self._database, line, vendor, kind, rest)


def _told(call: PaidCall) -> dict[str, Any]:
    purpose = call.purpose._asdict() if call.purpose else dict.fromkeys(Purpose._fields)
    lasts = None if call.seconds is None else timedelta(seconds=call.seconds + REPAY_MARGIN_SECONDS)
    most = most_paid(call.kind, call.purpose.step) if call.purpose else None
    return call._asdict() | purpose | {"lasts": lasts, "most": most, "request_key": new_id("call")}


def _begin_of(call: PaidCall) -> Prepared:
    """Of judges each is asked for itself; of all others whoever can be had."""
    if not call.worst:
        return _BEGIN_FREE
    return _BEGIN_LAYER if call.kind is Kind.MODERATION else _BEGIN


def _refusal(call: PaidCall, found: Mapping[str, Any]) -> ProviderError:
    if found["still_out"] is not None:
        reason = "an earlier call for the same may still be answered"
        return VendorAway(reason, code=code_of(call.kind), retryable=True, retry_after=float(found["still_out"]))
    if found["has_room"] and call.purpose and found["paid_before"] >= most_paid(call.kind, call.purpose.step):
        return ProviderError("paid for too often without a result", code=ErrorCode.UNKNOWN)
    return ProviderError("the job's budget is used up", code=ErrorCode.SERVICE_BUDGET_EXCEEDED)
