"""Work that is not left half done when whoever waits for it is stopped."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(work: Coroutine[Any, Any, T], at_most: float | None = None) -> T:
    """What the work returns. Who is cancelled meanwhile waits for its end all the same, or at most so many seconds, and
    raises then.
    """
    done = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done], timeout=at_most)
        done.cancel()
        await asyncio.gather(done, return_exceptions=True)
        raise
