"""Worker processes for writing, drawing and typesetting, so that the event loop never waits for them."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import ParamSpec, TypeVar

from storybook.core.errors import ErrorCode, ProviderError

P = ParamSpec("P")
T = TypeVar("T")


class CpuPool:
    """Runs importable functions in other processes. Arguments and results are pickled.

    What takes milliseconds has a worker of its own, so that it never waits behind what takes long. All workers are
    forked from one process that has imported the modules that the first pool names as `prepared`: a start costs next
    to nothing, and what was not prepared is imported where it is first needed.
    """

    def __init__(self, workers: int, prepared: Sequence[str] = ()) -> None:
        self._long = _Workers(workers, prepared)
        self._quick = _Workers(1, prepared)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result; what it raises is raised here.

        Raises a retryable ProviderError when the worker process died under it; the next call finds new workers.
        """
        return await self._long.run(partial(function, *args, **kwargs))

    async def run_quick(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, for what is done in milliseconds."""
        return await self._quick.run(partial(function, *args, **kwargs))

    def close(self) -> None:
        """Ends the workers at once; what they are doing, and what waits, is dropped."""
        self._long.close()
        self._quick.close()


class _Workers:
    def __init__(self, count: int, prepared: Sequence[str]) -> None:
        self._count = count
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(prepared))
        self._hears, self._tells = self._context.Pipe(duplex=False)
        self._replacing = threading.Lock()
        self._executor = self._start()

    async def run(self, work: Callable[[], T]) -> T:
        executor = self._executor
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, work)
        except BrokenProcessPool:
            await asyncio.to_thread(self._replace, executor)
            raise ProviderError("a worker process died", code=ErrorCode.UNKNOWN, retryable=True) from None

    def close(self) -> None:
        self._tells.close()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._hears.close()

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        with self._replacing:
            if self._executor is broken:
                self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        """A pool whose processes are all under way, so that nobody on the event loop ever has to start one."""
        executor = ProcessPoolExecutor(
            self._count, mp_context=self._context, initializer=_live_until_told, initargs=(self._hears,)
        )
        for _ in range(self._count):
            executor.submit(os.getpid)
        return executor


def _live_until_told(hears: Connection) -> None:
    """Interrupts are for the parent to handle; a worker ends when the parent closes its pool, or was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_when_told, args=(hears,), daemon=True).start()


def _end_when_told(hears: Connection) -> None:
    """The other end is closed by the parent, or with it."""
    wait([hears])
    os._exit(1)
