"""Celery workers that work on jobs. `storybook worker` starts one for each lane, and tells what they see."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from billiard import set_start_method
from celery import Celery, bootsteps, signals

from storybook.cli.beat import ALONE
from storybook.cli.hands import Hands
from storybook.cli.told import ALIVE_EVERY, touch, until_told_to_stop
from storybook.cli.watched import telling
from storybook.core.broker import LOOK_AT, make_celery
from storybook.core.endings import end_within
from storybook.core.errors import SetupError
from storybook.core.logs import adopt
from storybook.core.metrics import FOLDER, exposed_of
from storybook.core.settings import Settings
from storybook.domain.jobs import Lane
from storybook.main import END_SECONDS
from storybook.pipeline.holder import slots_of
from storybook.resources import open_resources

log = structlog.get_logger()


async def work_in_lanes(settings: Settings, lanes: Sequence[Lane], alive: Path | None) -> int:
    """A process for each lane, until told to stop; where one ends by itself, so do the others, with exit code 1."""
    await _require_all(settings)
    with TemporaryDirectory(prefix="storybook-seen-") as seen, telling(settings, lambda: exposed_of(Path(seen))):
        return await _work(lanes, alive, os.environ | ({FOLDER: seen} if settings.metrics_address else {}))


async def _work(wanted: Sequence[Lane], alive: Path | None, environment: Mapping[str, str]) -> int:
    lanes = [await _start(lane, alive, environment) for lane in wanted]
    ends = [asyncio.create_task(lane.wait()) for lane in lanes]
    told = asyncio.create_task(until_told_to_stop())
    await asyncio.wait((told, *ends), return_when=asyncio.FIRST_COMPLETED)
    code = 0 if told.done() else 1
    told.cancel()
    for lane, end in zip(lanes, ends, strict=True):
        if not end.done():
            lane.terminate()
    await asyncio.wait(ends)
    return code


async def _require_all(settings: Settings) -> None:
    """Raises SetupError where a worker could not work: its processes would only try again and again."""
    if not settings.use_celery:
        raise SetupError(ALONE)
    async with open_resources(settings.model_copy(update={"cpu_workers": 1})):
        pass


async def _start(lane: Lane, alive: Path | None, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Ctrl+C reaches us alone; we pass it on."""
    command = [sys.executable, "-m", "storybook.cli", "worker", "--lane", lane, "--for", str(os.getpid())]
    if alive:
        command += ["--alive", str(_not_yet(alive.with_name(f"{alive.name}.{lane}")))]
    return await asyncio.create_subprocess_exec(*command, env=environment, start_new_session=True)


def _not_yet(alive: Path) -> Path:
    """The file of a lane that has not started, as old as can be."""
    alive.touch()
    os.utime(alive, (0, 0))
    return alive


def work_in_lane(settings: Settings, lane: Lane, alive: Path | None, parent: int) -> int:
    """One lane's worker, until told to stop or until its parent has died."""
    set_start_method("fork", force=True)
    adopt("multiprocessing")  # it hands nothing up
    app, hands = make_celery(settings), Hands(settings, lane)
    app.task(_looking(hands), name=LOOK_AT)
    _watch(app, alive, parent)
    worker = app.Worker(
        hostname=f"{lane}@{socket.gethostname()}-{os.getpid()}",
        queues=[lane.value],
        concurrency=slots_of(settings)[lane],
        pool="prefork",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    handlers = {
        signals.setup_logging: lambda **_: None,
        signals.worker_process_init: lambda **_: hands.start(),
        signals.worker_process_shutdown: lambda **_: hands.close(),
        signals.worker_ready: lambda **_: log.info("worker_ready", lane=lane),
        signals.worker_shutting_down: lambda **_: _pass_on(worker),
    }
    for told, handler in handlers.items():
        told.connect(handler, weak=False)
    worker.start()
    return int(worker.exitcode or 0)


def _looking(hands: Hands) -> Callable[[str], None]:
    def look_at(_: str) -> None:
        """Somebody said that a job waits. Which comes next is for the table to say."""
        hands.look()

    return look_at


def _pass_on(worker: Any) -> None:
    """Tells the processes of the pool that it is time to stop: the worker itself would wait for them without end."""
    end_within(END_SECONDS)
    for pid in worker.pool.info["processes"]:
        os.kill(pid, signal.SIGTERM)


def _watch(app: Celery, alive: Path | None, parent: int) -> None:
    """Marks `alive` while the worker is connected, and stops it with its parent."""

    def look() -> None:
        touch(alive)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

    class Watch(bootsteps.StartStopStep):  # type: ignore[misc]
        requires = ("celery.worker.consumer:Tasks",)

        def start(self, consumer: Any) -> None:
            look()
            consumer.timer.call_repeatedly(ALIVE_EVERY, look)

    app.steps["consumer"].add(Watch)
