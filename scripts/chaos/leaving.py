"""How soon books go on: after a SIGTERM that is heeded, and after a kill with the lease of production."""

import asyncio
import math
import signal
import statistics
import subprocess
import time
from collections.abc import Collection
from contextlib import suppress

from scripts.chaos.checks import ENDED, NOT_AT_WORK
from scripts.chaos.facts import Row, Write
from scripts.chaos.kills import keep_at_work, killed_row
from scripts.chaos.processes import Server, until
from scripts.chaos.seen import writes_of
from scripts.chaos.town import Town

AT_WORK = 20
EXIT_SECONDS = 30.0
TAKEOVER_SECONDS = 5.0
PROGRESS_SECONDS = 45.0
SETTLED_SECONDS = 0.3
"""After a kill, what was on its way to the database is written."""


async def leave(town: Town) -> list[Row]:
    """Tells a server to stop that works on twenty books, beside one that has nothing to do."""
    leaves, stays = town.servers
    await asyncio.to_thread(stays.kill)
    await asyncio.gather(*(town.order(town.next_number()) for _ in range(AT_WORK)))

    async def all_at_work() -> bool:
        return len(await town.witness.holding(leaves.pid)) == AT_WORK

    await until(all_at_work)
    await stays.begin()
    leaves.up = False
    told, held = time.time(), await town.witness.holding(leaves.pid)
    began, at_work = time.monotonic(), len(held)
    leaves.send(signal.SIGTERM)
    if town.plan.broken == "exit":
        town.meanwhile(_deaf(leaves))
    code = await asyncio.to_thread(_code_of, leaves)
    took = time.monotonic() - began
    town.taken_down.add(leaves.pid)
    await town.all_ended()
    since = [write for write in await writes_of(town) if write.at > told]
    await leaves.begin()
    return [
        Row(
            f"SIGTERM with {AT_WORK} books at work: exit in {EXIT_SECONDS:.0f} s",
            f"{took:.1f} s, code {code}, {at_work} books",
            met=took <= EXIT_SECONDS and code == 0 and at_work == AT_WORK,
        ),
        takeover_row([town.witness.numbers[job_id] for job_id in held], since),
    ]


async def _deaf(server: Server) -> None:
    """As one that hangs: it hears of nothing for longer than it may take."""
    server.send(signal.SIGSTOP)
    await asyncio.sleep(EXIT_SECONDS + 1)
    server.send(signal.SIGCONT)


def _code_of(server: Server) -> int | None:
    """The exit code; None where it did not end."""
    try:
        return server.wait(2 * EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def takeover_row(books: Collection[int], writes: list[Write]) -> Row:
    """Of the books at work at the SIGTERM, by what was written of them since: none waits for the end of a lease."""
    changes = {number: [write for write in writes if write.thing.book == number and write.now] for number in books}
    ends = {number: next((one for one in of_book if _changes_hands(one)), None) for number, of_book in changes.items()}
    unfinished = [number for number, end in ends.items() if not end or end.now not in ENDED]
    back = {number: end.at for number, end in ends.items() if end and end.now == "queued"}
    idle = [_claimed_after(changes[number], at) - at for number, at in back.items()]
    most = max(idle, default=0.0)
    said = f"{len(back)} of {len(unfinished)} unfinished handed back, {most:.2f} s at most"
    met = most <= TAKEOVER_SECONDS and bool(back) and len(back) == len(unfinished)
    return Row(f"What is unfinished is handed back and taken over in {TAKEOVER_SECONDS:.0f} s", said, met=met)


def _changes_hands(write: Write) -> bool:
    return write.now in NOT_AT_WORK or bool(write.claimed_by)


def _claimed_after(writes: list[Write], at: float) -> float:
    return next((write.at for write in writes if write.claimed_by and write.at > at), math.inf)


async def wait_for_progress(town: Town, kills: int) -> list[Row]:
    """Kills servers that hold books, and measures when each of these books comes further."""
    waits: list[float] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_at_work(town, lambda: town.kills / kills))
        while town.kills < kills:
            await asyncio.sleep(town.luck.uniform(2, 6))
            await town.all_up()
            server = town.luck.choice(town.up)
            if held := list(await town.witness.holding(server.pid)):
                moment = time.time()
                await town.kill(server)
                waits += await _progress(town, held, moment)
                print(f"  kill {town.kills}: {', '.join(f'{wait:.1f}' for wait in waits[-len(held) :])} s", flush=True)
    await town.all_ended()
    return [killed_row(town, kills), progress_row(waits)]


def progress_row(waits: list[float]) -> Row:
    ranked = sorted(waits)
    late = ranked[math.ceil(len(ranked) * 0.95) - 1] if ranked else math.inf
    middle = statistics.median(ranked) if ranked else math.inf
    said = f"p50 {middle:.1f} s, p95 {late:.1f} s of {len(ranked)}"
    return Row(
        f"From a kill to the book's next progress: p95 {PROGRESS_SECONDS:.0f} s", said, met=late <= PROGRESS_SECONDS
    )


async def _progress(town: Town, held: list[str], moment: float) -> list[float]:
    """Seconds from the kill to the first artifact, or end, of each of these books; endless where there came none."""
    found: dict[str, float] = {}

    async def all_further() -> bool:
        rows = await town.witness.ask(
            "SELECT job_id, extract(epoch FROM min(at)) AS at FROM chaos.writes WHERE job_id = ANY($1)"
            " AND at > to_timestamp($2) AND (relation IN ('step_artifacts', 'story_drafts', 'image_prompts')"
            " OR now IN ('done', 'failed')) GROUP BY job_id",
            held,
            moment + SETTLED_SECONDS,
        )
        found.update({row["job_id"]: float(row["at"]) - moment for row in rows})
        return len(found) == len(held)

    with suppress(TimeoutError):
        await until(all_further, 3 * PROGRESS_SECONDS)
    return [*found.values(), *[math.inf] * (len(held) - len(found))]
