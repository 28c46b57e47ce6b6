"""Celery: processes of pools and whole workers are killed, and the broker hands messages out before their books end."""

import asyncio
import os
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from kombu.connection import Connection

from scripts.chaos.checks import taken_from_the_living
from scripts.chaos.facts import Row
from scripts.chaos.kills import are_enough, keep_at_work
from scripts.chaos.processes import DEAD, PROGRAMS, Process, descendants, living, state_of
from scripts.chaos.seen import writes_of
from scripts.chaos.town import Town

HAND_OUT_SECONDS = 1.0
PAUSE = 2.0
"""Seconds from one kill to the next, on average."""
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


@asynccontextmanager
async def working(town: Town) -> AsyncIterator[list[Process]]:
    """Two workers of two processes and a beat, until the block ends."""
    workers, beat = [worker_of(town, number) for number in (7, 8)], beat_of(town)
    try:
        await asyncio.gather(*(_begin(town, process) for process in (*workers, beat)))
        yield workers
    finally:
        await asyncio.gather(*(asyncio.to_thread(_end, process) for process in (*workers, beat)))


async def kill_workers(town: Town, kills: int, books: int) -> list[Row]:
    """Every message that is not acknowledged is handed out again each second, as if the visibility timeout were one."""
    counts: Counter[str] = Counter()
    async with working(town) as workers, asyncio.TaskGroup() as group:
        again = group.create_task(_hand_out_again(town, counts))
        keeping = group.create_task(keep_at_work(town, lambda: counts["kills"] / kills if kills else 1.0, books))
        while counts["kills"] < kills:
            await asyncio.sleep(town.luck.uniform(0.2, 1.8) * PAUSE)
            await _kill_one(town, workers, counts)
        await keeping
        await town.all_ended()
        again.cancel()
    killed = f"{counts['children']} pool processes, {counts['workers']} workers"
    killed += f"; {counts['dead']} died, {counts['at work']} of them at work"
    killed += f"; {town.spared} put off, a job would have died its last time"
    met = counts["dead"] == kills and are_enough(counts["at work"], kills)
    return [
        Row(f"{kills} kills of Celery processes", killed, met=met),
        Row(
            "Messages handed out again while their books are made: some",
            f"{counts['again']}, each a second after the last time",
            met=counts["again"] > 0,
        ),
        taken_from_the_living(await writes_of(town), town.taken_down),
    ]


async def _kill_one(town: Town, workers: list[Process], counts: Counter[str]) -> None:
    up = [worker for worker in workers if worker.up]
    held = living(await _pids(town), [worker.pid for worker in workers])
    if up and town.luck.random() < WHOLE_WORKER:
        worker = town.luck.choice(up)
        pids = descendants(worker.pid)
        if await town.spares(*pids):
            return
        await _die(town, [worker.pid, *pids])
        await asyncio.to_thread(worker.kill)
        town.meanwhile(_begin(town, worker))
        counts["workers"] += 1
    elif held:
        pids = [town.luck.choice(held)]
        if await town.spares(*pids):
            return
        await _die(town, pids)
        counts["children"] += 1
    else:
        return
    counts["kills"] += 1
    counts["dead"] += all(state_of(pid) in DEAD for pid in pids)
    counts["at work"] += bool(set(pids) & set(held))
    for pid in set(pids) & set(held):
        town.hits += await town.witness.under_way(pid)


async def _die(town: Town, pids: list[int]) -> None:
    """All of them, as the kernel does that has no memory left; where they do not, that is seen."""
    town.taken_down |= set(pids)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, 0 if town.plan.broken == "kill" else signal.SIGKILL)
    for _ in range(100):
        if all(state_of(pid) in DEAD for pid in pids):
            return
        await asyncio.sleep(0.01)


async def _pids(town: Town) -> list[int]:
    """Of the processes that hold jobs; those that died have them until others take them over."""
    sql = "SELECT DISTINCT split_part(lease_owner, ':', 2)::int AS pid FROM jobs WHERE status = 'running'"
    return [row["pid"] for row in await town.witness.ask(sql)]


async def _begin(town: Town, process: Process) -> None:
    name = process.role.removeprefix("chaos_").replace("9", "beat")
    for marked in town.folder.glob(f"alive-{name}*"):
        marked.unlink()
    await asyncio.to_thread(process.start, lambda: any(_is_marked(town, name)))


def _is_marked(town: Town, name: str) -> list[bool]:
    """A lane's file is there before it works, as old as can be."""
    return [marked.stat().st_mtime > 0 for marked in town.folder.glob(f"alive-{name}*")]


async def _hand_out_again(town: Town, counts: Counter[str]) -> None:
    """As a broker does whose visibility timeout is over long before the book is done."""
    while True:
        await asyncio.sleep(HAND_OUT_SECONDS)
        if town.plan.broken != "messages":
            counts["again"] += await asyncio.to_thread(_restore, town)


def _restore(town: Town) -> int:
    if town.redis is None:
        return 0
    with Connection(town.redis.url, transport_options={"visibility_timeout": 0}) as connection:
        channel = connection.default_channel
        waiting = int(channel.client.zcard(channel.unacked_index_key))
        channel.qos.restore_visible(interval=1)
        return max(waiting - int(channel.client.zcard(channel.unacked_index_key)), 0)


def _end(process: Process) -> None:
    """As it is told; what is left of it after a while is killed."""
    left = [process.pid, *descendants(process.pid)]
    process.send(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired, OSError):
        process.wait(40)
    process.up = False
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
