"""Worker processes for writing, drawing and typesetting, so that the event loop never waits for them."""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import ParamSpec, TypeVar

from storybook.core.errors import ErrorCode, ProviderError

P = ParamSpec("P")
T = TypeVar("T")


class CpuPool:
    """Runs importable functions in other processes. Arguments and results are pickled."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._executor = self._start()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result; what it raises is raised here.

        Raises a retryable ProviderError when the worker process died under it; the next call finds new workers.
        """
        executor = self._executor
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(executor, partial(function, *args, **kwargs))
        except BrokenProcessPool:
            if self._executor is executor:
                self._executor = self._start()
            raise ProviderError("a worker process died", code=ErrorCode.UNKNOWN, retryable=True) from None

    def close(self) -> None:
        """Ends the workers; what they are doing is finished, what waits is dropped."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, mp_context=context, initializer=_leave_interrupts_to_the_parent)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
