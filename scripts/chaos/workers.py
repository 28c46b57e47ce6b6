"""Celery: processes of pools and whole workers are killed, and the broker hands messages out before their books end."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import suppress

from kombu.connection import Connection

from scripts.chaos.facts import Row
from scripts.chaos.kills import END_SECONDS, keep_at_work
from scripts.chaos.processes import PROGRAMS, Process
from scripts.chaos.town import Town

HAND_OUT_SECONDS = 1.0
WHOLE_WORKER = 0.25
"""The share of kills that hit a whole worker, and not one process of its pool."""


def worker_of(town: Town, number: int) -> Process:
    """A worker for books alone."""
    alive = town.folder / f"alive-{number}"
    command = [str(PROGRAMS / "storybook"), "worker", "--lane", "books", "--alive", str(alive)]
    environment = town.environment(number, JOBS_IN_PROCESS="2")
    return Process(command, environment, town.folder / f"worker-{number}.log", f"chaos_{number}")


def beat_of(town: Town) -> Process:
    command = [str(PROGRAMS / "storybook"), "beat", "--alive", str(town.folder / "alive-beat")]
    return Process(command, town.environment(9), town.folder / "beat.log", "chaos_9")


async def kill_workers(town: Town, kills: int, pause: float) -> list[Row]:
    """Two workers of two processes; every message that is not acknowledged is handed out again each second."""
    workers, beat = [worker_of(town, number) for number in (7, 8)], beat_of(town)
    counts: Counter[str] = Counter()
    try:
        await asyncio.gather(*(_begin(town, process) for process in (*workers, beat)))
        again = asyncio.create_task(_hand_out_again(town, counts))
        keeping = asyncio.create_task(keep_at_work(town, lambda: counts["kills"] / kills))
        while counts["kills"] < kills:
            await asyncio.sleep(town.luck.uniform(0.2, 1.8) * pause)
            await _kill_one(town, workers, counts)
        await keeping
        await town.all_ended(END_SECONDS)
        again.cancel()
    finally:
        for process in (*workers, beat):
            await asyncio.to_thread(_end, process)
    said = (
        f"{counts['children']} pool processes, {counts['workers']} workers, {counts['again']} messages handed out again"
    )
    return [
        Row(
            f"{kills} kills of Celery processes, messages handed out again meanwhile",
            said,
            met=counts["kills"] == kills,
        )
    ]


async def _kill_one(town: Town, workers: list[Process], counts: Counter[str]) -> None:
    up = [worker for worker in workers if worker.up]
    if up and town.luck.random() < WHOLE_WORKER:
        worker = town.luck.choice(up)
        held = [pid for pid in await _pids(town) if _parent(pid) == worker.pid]
        await asyncio.to_thread(worker.kill)
        for pid in held:
            town.hits += await town.witness.under_way(pid)
        town.starting.add(asyncio.create_task(_begin(town, worker)))
        counts["workers"] += 1
    elif pids := await _pids(town):
        pid = town.luck.choice(pids)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        town.hits += await town.witness.under_way(pid)
        counts["children"] += 1
    else:
        return
    counts["kills"] += 1


async def _pids(town: Town) -> list[int]:
    """Of the processes that hold jobs."""
    sql = "SELECT DISTINCT split_part(lease_owner, ':', 2)::int AS pid FROM jobs WHERE status = 'running'"
    return [row["pid"] for row in await town.witness.ask(sql)]


async def _begin(town: Town, process: Process) -> None:
    name = process.role.removeprefix("chaos_").replace("9", "beat")
    for marked in town.folder.glob(f"alive-{name}*"):
        marked.unlink()
    await asyncio.to_thread(process.start, lambda: any(town.folder.glob(f"alive-{name}*")))


async def _hand_out_again(town: Town, counts: Counter[str]) -> None:
    """As a broker does whose visibility timeout is over long before the book is done."""
    while True:
        await asyncio.sleep(HAND_OUT_SECONDS)
        counts["again"] += await asyncio.to_thread(_restore, town)


def _restore(town: Town) -> int:
    if town.redis is None:
        return 0
    with Connection(town.redis.url, transport_options={"visibility_timeout": 0}) as connection:
        channel = connection.default_channel
        waiting = int(channel.client.zcard(channel.unacked_index_key))
        channel.qos.restore_visible(interval=1)
        return max(waiting - int(channel.client.zcard(channel.unacked_index_key)), 0)


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 - not a file
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _end(process: Process) -> None:
    process.send(signal.SIGTERM)
    with suppress(TimeoutError, OSError):
        process.wait(40)
    process.kill()
