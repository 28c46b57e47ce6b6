"""How a process feels: how late its event loop is, and how many connections to the database are in use."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from storybook.core.metrics import CONNECTIONS, LOOP_LAG

EVERY = 0.5


class _Pulse:
    """Measures on its own event loop, again and again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._loop = asyncio.get_running_loop()
        self._pool = engine.pool
        self._next = self._loop.call_soon(self._beat, self._loop.time())

    def _beat(self, due: float) -> None:
        LOOP_LAG.observe(max(self._loop.time() - due, 0.0))
        if isinstance(self._pool, QueuePool):
            CONNECTIONS.labels("in_use").set(self._pool.checkedout())
            CONNECTIONS.labels("size").set(self._pool.size())
        due = self._loop.time() + EVERY
        self._next = self._loop.call_at(due, self._beat, due)

    def stop(self) -> None:
        self._next.cancel()


@contextmanager
def felt(engine: AsyncEngine) -> Iterator[None]:
    """Measures while the block lasts."""
    pulse = _Pulse(engine)
    try:
        yield
    finally:
        pulse.stop()
