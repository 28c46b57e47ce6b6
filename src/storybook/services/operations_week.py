"""What a week came to, for whoever looks every few seconds: added up once in a while, and by one at a time."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from storybook.services import costs, operations
from storybook.services.costs import By, Spent
from storybook.services.operations import Ended, Failed

DAYS = 7
KEPT_SECONDS = 15.0


class Week(NamedTuple):
    by_day: list[Spent]
    by_vendor: list[Spent]
    by_step: list[Spent]
    failures: list[Failed]
    ended: Ended


class Weeks:
    """The last week as it was `KEPT_SECONDS` ago or later."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()
        self._until = 0.0
        self._week: Week | None = None

    async def now(self, session: AsyncSession) -> Week:
        async with self._turn:
            if self._week is None or self._clock() >= self._until:
                self._week = await _add_up(session)
                self._until = self._clock() + KEPT_SECONDS
            return self._week


async def _add_up(session: AsyncSession) -> Week:
    by_day, by_vendor, by_step = [await costs.spent(session, by, DAYS) for by in (By.DAY, By.VENDOR, By.STEP)]
    failures, ended = await operations.failures(session, DAYS), await operations.ended_lately(session)
    return Week(by_day, by_vendor, by_step, failures, ended)
