"""Work that is not left half done when whoever waits for it is stopped; and processes that end in time."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

log = structlog.get_logger()

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


def end_within(seconds: float) -> None:
    """Has this process ended by then, with 0, as it was asked to; what hangs in it is left as if it had been killed."""
    end = threading.Timer(seconds, _end_now)
    end.daemon = True
    end.start()


def _end_now() -> None:
    log.error("something_hangs")
    os._exit(0)
