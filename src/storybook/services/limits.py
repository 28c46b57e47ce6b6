"""Counts calls, exactly: in no window of a limit's length are there more than it allows, wherever the window begins.

A call that was refused is not counted, so asking again does not prolong the wait.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database
from storybook.core.errors import StorybookError
from storybook.domain.limits import Allowance, CallClass, Limits, Standing, Verdict

NO_DATABASE = frozenset({CallClass.READ, CallClass.POLL})
REMEMBERED = 10_000


class Limiter(Protocol):
    async def admit(self, call_class: CallClass, allowances: Sequence[Allowance]) -> Verdict:
        """Counts a call for all of its subjects, or for none when one of them has used up its limit."""
        ...

    async def close(self) -> None: ...


class MemoryLimiter:
    """Counts in this process. What it remembers of a subject it forgets when the last of its windows has passed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logs: OrderedDict[tuple[str, CallClass], tuple[int, deque[float]]] = OrderedDict()

    async def admit(self, call_class: CallClass, allowances: Sequence[Allowance]) -> Verdict:
        now = self._clock()
        self._forget(now)
        logs = [self._log(call_class, allowance, now) for allowance in allowances]
        pairs = list(zip(allowances, logs, strict=True))
        if not all(len(log) < allowance.limit.calls for allowance, log in pairs):
            return Verdict(tuple(_refused(allowance, log, now) for allowance, log in pairs))
        for allowance, log in pairs:
            log.append(now)
            key = (allowance.subject, call_class)
            self._logs[key] = (allowance.limit.seconds, log)
            self._logs.move_to_end(key)
        return Verdict(tuple(_standing(allowance, log, now) for allowance, log in pairs))

    def _log(self, call_class: CallClass, allowance: Allowance, now: float) -> deque[float]:
        _, log = self._logs.get((allowance.subject, call_class), (0, deque()))
        while log and log[0] <= now - allowance.limit.seconds:
            log.popleft()
        return log

    def _forget(self, now: float) -> None:
        """Those whose last call is longest ago stand first."""
        while self._logs:
            seconds, log = next(iter(self._logs.values()))
            if log and log[-1] > now - seconds:
                return
            self._logs.popitem(last=False)

    async def close(self) -> None:
        self._logs.clear()


def _standing(allowance: Allowance, log: Sequence[float], now: float, wait: float = 0) -> Standing:
    reset = log[0] + allowance.limit.seconds - now if log else 0
    return Standing(allowance, used=len(log), wait=wait, reset=reset)


def _refused(allowance: Allowance, log: Sequence[float], now: float) -> Standing:
    calls, seconds = allowance.limit.calls, allowance.limit.seconds
    return _standing(allowance, log, now, wait=log[-calls] + seconds - now if len(log) >= calls else 0)


_COUNT = text("""
    INSERT INTO rate_limits AS r (subject, call_class, admitted, expires_at)
    VALUES (:subject, :call_class, ARRAY[clock_timestamp()], clock_timestamp() + make_interval(secs => :seconds))
    ON CONFLICT (subject, call_class) DO UPDATE
    SET admitted = ARRAY(
            SELECT at FROM unnest(r.admitted) AS at WHERE at > clock_timestamp() - make_interval(secs => :seconds)
        ) || clock_timestamp(),
        expires_at = clock_timestamp() + make_interval(secs => :seconds)
    WHERE :calls > (
        SELECT count(*) FROM unnest(r.admitted) AS at WHERE at > clock_timestamp() - make_interval(secs => :seconds)
    )
    RETURNING cardinality(admitted) AS used, extract(epoch FROM admitted[1] - clock_timestamp()) AS oldest,
        set_config('synchronous_commit', 'off', true)
""")
"""The commit does not wait for the disk: a crash may forget the last calls, and that harms nobody."""

_LOOK = text("""
    SELECT least(cardinality(admitted), :calls) AS used,
        extract(epoch FROM admitted[cardinality(admitted) + 1 - :calls] - clock_timestamp()) AS oldest
    FROM rate_limits WHERE subject = :subject AND call_class = :call_class
""")


class _Full(StorybookError):
    """Undoes what was counted for the other subjects of a call."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("a limit is used up")
        self.verdict = verdict


class TableLimiter:
    """Counts in the table `rate_limits`, for all processes, by the database's clock.

    Each subject is one upsert that reads the clock under the lock of its row; the subjects of a call are locked in the
    order of their names, so that no two calls wait for each other.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def admit(self, call_class: CallClass, allowances: Sequence[Allowance]) -> Verdict:
        try:
            async with self._database.session() as session:
                in_order = sorted(allowances, key=lambda allowance: allowance.subject)
                return Verdict(tuple([await self._count(session, call_class, each) for each in in_order]))
        except _Full as full:
            return full.verdict

    @staticmethod
    async def _count(session: AsyncSession, call_class: CallClass, allowance: Allowance) -> Standing:
        limit = allowance.limit
        named = {"subject": allowance.subject, "call_class": call_class, "calls": limit.calls}
        counted = (await session.execute(_COUNT, named | {"seconds": limit.seconds})).one_or_none()
        if counted is not None:
            return Standing(allowance, used=counted.used, wait=0, reset=limit.seconds + float(counted.oldest))
        kept = (await session.execute(_LOOK, named)).one()
        wait = max(0.001, limit.seconds + float(kept.oldest))
        raise _Full(Verdict((Standing(allowance, used=kept.used, wait=wait, reset=wait),)))

    async def close(self) -> None:
        """The database is somebody else's."""


class OwnLimiter:
    """Counts without Redis: in the table what changes something, in this process what only reads.

    A poll is one statement, and an app sends thirty of them a minute; to count each in the database would make it
    three. So with several processes and no Redis a user may read as often in each of them as the limit says.
    """

    def __init__(self, database: Database) -> None:
        self._memory = MemoryLimiter()
        self._table = TableLimiter(database)

    async def admit(self, call_class: CallClass, allowances: Sequence[Allowance]) -> Verdict:
        limiter = self._memory if call_class in NO_DATABASE else self._table
        return await limiter.admit(call_class, allowances)

    async def close(self) -> None:
        await self._memory.close()


class RefusingLimiter:
    """Remembers who has used up a limit and until when, and asks nobody else about them before that.

    Nothing gives a call back earlier, so this is exact; and whoever calls a thousand times costs as little as it may.
    """

    def __init__(self, limiter: Limiter, clock: Callable[[], float] = time.monotonic) -> None:
        self._limiter = limiter
        self._clock = clock
        self._full: dict[tuple[str, CallClass], float] = {}

    async def admit(self, call_class: CallClass, allowances: Sequence[Allowance]) -> Verdict:
        now = self._clock()
        for allowance in allowances:
            wait = self._full.get((allowance.subject, call_class), now) - now
            if wait > 0:
                return Verdict((Standing(allowance, used=allowance.limit.calls, wait=wait, reset=wait),))
        verdict = await self._limiter.admit(call_class, allowances)
        for standing in verdict.standings:
            if standing.wait > 0:
                self._remember((standing.of.subject, call_class), now + standing.wait)
        return verdict

    def _remember(self, who: tuple[str, CallClass], until: float) -> None:
        if len(self._full) >= REMEMBERED:
            now = self._clock()
            self._full = {known: end for known, end in self._full.items() if end > now}
        if len(self._full) < REMEMBERED:
            self._full[who] = until

    async def close(self) -> None:
        await self._limiter.close()


class CallLimits:
    """Counts every call against the limits of its user and of its network."""

    def __init__(self, limits: Limits, limiter: Limiter) -> None:
        self._limits = limits
        self._limiter = RefusingLimiter(limiter)

    async def admit(self, call_class: CallClass, *, user: str | None, network: str | None) -> Verdict | None:
        """Counts the call if it is allowed; None where nothing bounds it."""
        allowances = self._limits.of_call(call_class, user, network)
        return await self._limiter.admit(call_class, allowances) if allowances else None

    async def close(self) -> None:
        await self._limiter.close()


async def forget_expired(session: AsyncSession) -> None:
    """Removes the rows of `rate_limits` whose windows have passed."""
    await session.execute(text("DELETE FROM rate_limits WHERE expires_at < clock_timestamp()"))
