"""What only the database knows of how the house is doing, for whoever watches it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from storybook.core import metrics
from storybook.core.database import Database
from storybook.core.metrics import Figures
from storybook.domain.calls import DOLLAR
from storybook.domain.jobs import KINDS_IN, JobKind, Lane
from storybook.services.budget import Caps

FRESH_SECONDS = 4.0
LEDGER_FRESH_SECONDS = 60.0
"""It reads all entries."""
PATIENCE_SECONDS = 4.0
STATES = ("waiting", "running", "parked", "stale")
_NOW = text(
    """
    WITH job AS (
        SELECT kind, extract(epoch FROM now() - created_at) AS age,
            extract(epoch FROM now() - greatest(updated_at, wait_until, lease_until)) AS free_for,
            CASE
                WHEN status = 'queued' AND wait_until > now() THEN 'parked'
                WHEN status = 'queued' THEN 'waiting'
                WHEN lease_until < now() THEN 'stale'
                ELSE 'running'
            END AS state
        FROM jobs WHERE status IN ('queued', 'running')
    ), budget AS (
        SELECT user_id, sum(used) AS used, sum(CASE WHEN closed THEN 0 ELSE reserved - used END) AS left_aside
        FROM job_budgets WHERE day = timezone('UTC', now())::date GROUP BY user_id
    )
    SELECT 'jobs ' || state AS what, kind, count(*)::float AS value FROM job GROUP BY state, kind
    UNION ALL SELECT 'age', kind, max(age) FROM job GROUP BY kind
    UNION ALL SELECT 'free for', kind, max(free_for) FROM job WHERE state IN ('waiting', 'stale') GROUP BY kind
    UNION ALL SELECT 'spent', '', coalesce(sum(used), 0) FROM budget
    UNION ALL SELECT 'reserved', '', coalesce(sum(left_aside), 0) FROM budget
    UNION ALL SELECT 'most', '', coalesce(max(used + left_aside), 0) FROM budget
    UNION ALL SELECT 'unknown', '', count(*) FROM provider_calls
        WHERE outcome IN ('begun', 'unknown') AND created_at > now() - interval '1 day'
            AND (outcome = 'unknown' OR repay_not_before < now())
    """
)
_LEDGER = text(
    """
    WITH entry AS (
        SELECT user_id,
            sum(CASE 'available' WHEN target THEN amount WHEN source THEN -amount ELSE 0 END) AS credits,
            sum(CASE 'held' WHEN target THEN amount WHEN source THEN -amount ELSE 0 END) AS held,
            sum(CASE 'owed' WHEN source THEN amount WHEN target THEN -amount ELSE 0 END) AS owed
        FROM credit_transactions GROUP BY user_id
    ), account AS (
        SELECT abs(coalesce(cached.credits, 0) - coalesce(entry.credits, 0))
            + abs(coalesce(cached.held, 0) - coalesce(entry.held, 0))
            + abs(coalesce(cached.owed, 0) - coalesce(entry.owed, 0)) AS difference
        FROM entry FULL JOIN user_credits AS cached USING (user_id)
    ), hold AS (
        SELECT job_id, sum(CASE 'held' WHEN target THEN amount ELSE -amount END) AS held,
            coalesce(sum(amount) FILTER (WHERE transaction_type = 'hold'), 0) AS asked
        FROM credit_transactions WHERE 'held' IN (source, target) GROUP BY job_id
    )
    SELECT (SELECT coalesce(sum(difference), 0) FROM account)::float AS difference,
        (SELECT coalesce(sum(abs(held - CASE WHEN jobs.status IN ('queued', 'running') THEN asked ELSE 0 END)), 0)
            FROM hold LEFT JOIN jobs ON jobs.id = hold.job_id)::float AS for_nothing
    """
)
"""All entries, by user and by job, so that no difference makes up for another; `storybook audit` names the rows."""


class Kept:
    """What was looked up last. It is looked up again when it is old, once at a time, however many ask."""

    def __init__(self, look: Callable[[], Awaitable[Figures]], fresh_seconds: float) -> None:
        self._look = look
        self._fresh_seconds = fresh_seconds
        self._known: Figures = {}
        self._old_at = 0.0
        self._looking: asyncio.Future[None] | None = None

    async def get(self) -> Figures:
        """The figures; none where they cannot be had in time."""
        if time.monotonic() >= self._old_at:
            self._looking = self._looking or asyncio.ensure_future(self._look_again())
            await asyncio.wait({self._looking}, timeout=PATIENCE_SECONDS)
        return self._known if time.monotonic() < self._old_at else {}

    async def _look_again(self) -> None:
        try:
            self._known = await self._look()
            self._old_at = time.monotonic() + self._fresh_seconds
        except (SQLAlchemyError, OSError):
            self._known = {}
        finally:
            self._looking = None


class Gauges:
    """The figures of the database, and the caps that some of them come near to."""

    def __init__(self, database: Database, caps: Caps) -> None:
        self._database = database
        self._caps = caps
        self._now = Kept(self._look_at_work, FRESH_SECONDS)
        self._ledger = Kept(self._look_at_ledger, LEDGER_FRESH_SECONDS)

    async def get(self) -> Figures:
        """All of them, in at most PATIENCE_SECONDS; without those that the database did not tell by then."""
        work, ledger = await asyncio.gather(self._now.get(), self._ledger.get())
        return {**_caps(self._caps), **work, **ledger}

    async def _look_at_work(self) -> Figures:
        return _work(await self._rows(_NOW))

    async def _look_at_ledger(self) -> Figures:
        [sums] = await self._rows(_LEDGER)
        return {metrics.LEDGER_DIFFERENCE: {(): sums.difference}, metrics.HELD_WITHOUT_JOB: {(): sums.for_nothing}}

    async def _rows(self, statement: TextClause) -> list[Row[Any]]:
        async with self._database.reading() as session:
            return list(await session.execute(statement))


def _work(rows: Iterable[Row[Any]]) -> Figures:
    found = {(row.what, row.kind): float(row.value) for row in rows}

    def of(what: str, kind: str = "") -> float:
        return found.get((what, kind), 0.0)

    waiting = {kind: of("jobs waiting", kind) + of("jobs stale", kind) for kind in JobKind}
    return {
        metrics.JOBS: {(kind, state): of(f"jobs {state}", kind) for kind in JobKind for state in STATES},
        metrics.QUEUE_DEPTH: {(lane,): sum(waiting[kind] for kind in KINDS_IN[lane]) for lane in Lane},
        metrics.QUEUE_AGE: {(lane,): max(of("free for", kind) for kind in KINDS_IN[lane]) for lane in Lane},
        metrics.OLDEST: {(lane,): max(of("age", kind) for kind in KINDS_IN[lane]) for lane in Lane},
        metrics.COST_TODAY: {(part,): of(part) / DOLLAR for part in ("spent", "reserved")},
        metrics.COST_OF_ONE: {(): of("most") / DOLLAR},
        metrics.UNKNOWN_CALLS: {(): of("unknown")},
    }


def _caps(caps: Caps) -> Figures:
    amounts = {"book": caps.book, "user_day": caps.user_day, "day": caps.day}
    return {metrics.COST_CAP: {(of,): amount / DOLLAR for of, amount in amounts.items()}}
