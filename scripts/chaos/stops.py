"""Processes that are stopped past their lease and go on afterwards, as if nothing had happened."""

import asyncio
import signal
import time
from contextlib import suppress

from scripts.chaos.facts import Row
from scripts.chaos.kills import END_SECONDS, keep_at_work
from scripts.chaos.processes import Server, until
from scripts.chaos.town import Town

HELD_SECONDS = 2.0
"""How long after its lease a stopped process stays so, at most: until all that it held is somebody else's."""


class Stops:
    """What came of them."""

    def __init__(self) -> None:
        self.made = 0
        self.held = 0
        self.taken = 0
        self.waits: list[float] = []

    def row(self, wanted: int) -> Row:
        waited = f", after {max(self.waits):.1f} s at most" if self.waits else ""
        said = f"{self.made}; {self.held} jobs held, {self.taken} taken over or ended meanwhile{waited}"
        return Row(f"{wanted} processes stopped past their lease, then let go on", said, met=self.made == wanted)


async def stop_at_random(town: Town, stops: int) -> list[Row]:
    """So many stops of whoever holds jobs."""
    seen = Stops()
    keeping = asyncio.create_task(keep_at_work(town, lambda: seen.made / stops))
    while seen.made < stops:
        await asyncio.sleep(town.luck.uniform(0.1, 0.8))
        server = town.luck.choice(town.up)
        if held := await town.witness.holding(server.pid):
            await _stop(town, server, held, seen)
    await keeping
    await town.all_ended(END_SECONDS)
    return [seen.row(stops)]


async def _stop(town: Town, server: Server, held: dict[str, int], seen: Stops) -> None:
    server.up = False
    server.send(signal.SIGSTOP)
    began = time.monotonic()
    town.hits += await town.witness.under_way(server.pid)
    left = dict(held)

    async def is_nobodys() -> bool:
        sql = "SELECT id, fence FROM jobs WHERE id = ANY($1) AND status = 'running'"
        now = {row["id"]: row["fence"] for row in await town.witness.ask(sql, list(left))}
        for job_id in [job_id for job_id, fence in left.items() if now.get(job_id) != fence]:
            del left[job_id]
            seen.waits.append(time.monotonic() - began)
        return not left and time.monotonic() - began > town.plan.lease

    with suppress(TimeoutError):
        await until(is_nobodys, town.plan.lease + HELD_SECONDS)
    server.send(signal.SIGCONT)
    server.up = True
    seen.made += 1
    seen.held += len(held)
    seen.taken += len(held) - len(left)
