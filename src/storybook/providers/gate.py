"""How many calls a vendor gets at once, of all kinds, over all jobs of the process."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

GOOD_CALLS_TO_GROW = 10


class NoTurn(Exception):
    """Too many others are before."""


class Gate:
    """Lets `width` calls in at once, first come first served. A vendor that is too busy halves it, and every ten calls
    that it answers after that widen it by one, up to `most`. A call that fails says nothing of how many are too many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.width = most
        self._inside = 0
        self._good = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def inside(self, until: float = math.inf) -> AsyncIterator[None]:
        """Raises NoTurn where the turn has not come by then, by the clock of the loop."""
        if asyncio.get_running_loop().time() > until:
            raise NoTurn
        try:
            async with asyncio.timeout_at(until if until < math.inf else None):
                await self._enter()
        except TimeoutError:
            raise NoTurn from None
        try:
            yield
        finally:
            self._inside -= 1
            self._admit()

    def too_busy(self) -> None:
        self.width = max(self.width // 2, 1)
        self._good = 0

    def went_well(self) -> None:
        if self.width == self._most:
            return
        self._good += 1
        if self._good >= GOOD_CALLS_TO_GROW:
            self.width, self._good = self.width + 1, 0
            self._admit()

    async def _enter(self) -> None:
        if self._inside < self.width and not self._waiting:
            self._inside += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._inside -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and self._inside < self.width:
            turn = self._waiting.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)
