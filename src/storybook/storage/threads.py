"""Threads of one storage alone, so that nothing else waits behind a storage that hangs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = 32

_Result = TypeVar("_Result")


class Threads:
    """At most `THREADS` calls run at once; more of them wait for their turn."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix=name)

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """What the work returns. Who is cancelled does not wait for its end; what has not begun by then never does."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        """Waits for nobody: what hangs is left to the end of the process."""
        self._executor.shutdown(wait=False, cancel_futures=True)
