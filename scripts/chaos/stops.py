"""Processes that are stopped past their lease and go on afterwards, as if nothing had happened."""

import asyncio
import signal
import time
from collections import Counter

from scripts.chaos.facts import Row
from scripts.chaos.kills import keep_at_work
from scripts.chaos.processes import Server, until
from scripts.chaos.seen import charges_of
from scripts.chaos.town import Town

TAKEOVER_SECONDS = 30.0
"""How long after its lease a process stays stopped, at most: until all that it held is others', or has ended."""
SETTLED_SECONDS = 0.5
"""In which all that it had sent has arrived."""


class Stops:
    """What came of them."""

    def __init__(self) -> None:
        self.made = 0
        self.states: Counter[str] = Counter()
        """What the kernel said that the stopped ones do."""
        self.held = 0
        self.taken = 0
        self.locked = 0
        self.waits: list[float] = []

    def row(self, wanted: int, spared: int) -> Row:
        waited = f", after {max(self.waits):.1f} s at most" if self.waits else ""
        still = self.states["T"]
        others = "".join(
            f", {count} in state {state or 'gone'}" for state, count in self.states.items() if state != "T"
        )
        said = f"{still} stood still{others}; {self.held} jobs held, {self.taken} taken over or ended meanwhile{waited}"
        said += f"; {self.locked} locked by the stopped one itself until it went on"
        said += f"; {spared} put off, a job would have died its last time"
        met = self.made == still == wanted and self.taken + self.locked == self.held and self.taken > 0
        return Row(f"{wanted} processes stopped until others have their jobs, then let go on", said, met=met)


async def stop_at_random(town: Town, stops: int) -> list[Row]:
    """So many stops, mostly of whoever holds most jobs."""
    seen = Stops()
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_at_work(town, lambda: seen.made / stops))
        while seen.made < stops:
            await asyncio.sleep(town.luck.uniform(0.1, 0.8))
            if holders := [server for server in town.up for _ in await town.witness.holding(server.pid)]:
                server = town.luck.choice(holders)
                if not await town.spares(server.pid):
                    await _stop(town, server, seen)
    await town.all_ended()
    return [seen.row(stops, town.spared)]


async def _stop(town: Town, server: Server, seen: Stops) -> None:
    server.up = False
    if town.plan.broken != "stop":
        server.send(signal.SIGSTOP)
    town.taken_down.add(server.pid)
    began = time.monotonic()
    await asyncio.sleep(SETTLED_SECONDS)
    hits = await town.witness.under_way(server.pid)
    town.hits += hits
    town.unsent.update(set(hits).difference(charge.thing for charge in charges_of(town)))
    held = await town.witness.holding(server.pid)
    left = dict(held)

    async def is_nobodys() -> bool:
        sql = "SELECT id, fence FROM jobs WHERE id = ANY($1) AND status = 'running'"
        now = {row["id"]: row["fence"] for row in await town.witness.ask(sql, list(left))}
        for job_id in [job_id for job_id, fence in left.items() if now.get(job_id) != fence]:
            del left[job_id]
            seen.waits.append(time.monotonic() - began)
        return not left and time.monotonic() - began > town.plan.lease

    try:
        await until(is_nobodys, town.plan.lease + TAKEOVER_SECONDS)
    except TimeoutError:
        seen.locked += await _locked(town, left)
    seen.states[server.state] += 1
    server.send(signal.SIGCONT)
    server.up = True
    seen.made += 1
    seen.held += len(held)
    seen.taken += len(held) - len(left)


async def _locked(town: Town, left: dict[str, int]) -> int:
    """How many of these jobs nobody can take, because the stopped process stands in the middle of a transaction."""
    free = await town.witness.ask("SELECT id FROM jobs WHERE id = ANY($1) FOR UPDATE SKIP LOCKED", list(left))
    return len(left) - len(free)
