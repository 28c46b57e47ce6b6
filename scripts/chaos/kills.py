"""Kills at random, while books are made."""

import asyncio
import math
import time
from collections.abc import Callable

from scripts.chaos.facts import Row
from scripts.chaos.town import Town

AT_ONCE = 10
LONG = 100
"""So many kills are a release's run, whose time is a promise too."""
SECONDS_A_KILL = 6.0


async def kill_at_random(town: Town, kills: int, books: int, pause: float) -> list[Row]:
    """So many kills, spread over so many books, each of whoever is at work, if anybody is.

    Each comes when all servers are up: on a slow machine they would else die before they have begun. Books are ordered
    right before, a few seconds of work each, or most kills would hit nobody.
    """
    began, ordered = time.monotonic(), 0
    while town.kills < kills and not town.failures:
        await town.all_up()
        ordered += await _order(town, math.ceil(books * (town.kills + 1) / kills) - ordered)
        await asyncio.sleep(town.luck.uniform(0.0, 2.0) * pause)
        at_work = [server for server in town.up if await town.witness.holding(server.pid)]
        server = town.luck.choice(at_work or town.up)
        if not await town.spares(server.pid):
            await town.kill(server)
    await _order(town, books - ordered)
    await town.all_ended()
    await town.all_up()
    pace = [pace_row(kills, time.monotonic() - began)] if kills >= LONG else []
    return [killed_row(town, kills), *pace]


async def _order(town: Town, books: int) -> int:
    for _ in range(books):
        await town.order(town.next_number())
    return books


def pace_row(kills: int, seconds: float) -> Row:
    """All books are done by then, on two cores."""
    most = kills * SECONDS_A_KILL
    return Row(f"All of it in {most / 60:.0f} minutes", f"{seconds / 60:.1f} minutes", met=seconds <= most)


def are_enough(at_work: int, kills: int) -> bool:
    """Kills of those who have nothing to do show little: a third at least has to hit who is at work."""
    return 3 * at_work >= kills


def killed_row(town: Town, kills: int) -> Row:
    said = f"{town.kills} tried, {town.died} died, {town.hit_at_work} of them at work"
    said += f"; {town.spared} put off, a job would have died its last time"
    met = town.kills == town.died == kills and are_enough(town.hit_at_work, kills)
    return Row(f"{kills} kills of servers", said, met=met)


async def keep_at_work(town: Town, share: Callable[[], float], books: int = 0) -> None:
    """Orders as many books as it takes, ten at a time, until the run is over; at least so many."""
    ordered = 0
    while share() < 1 or ordered < books:
        if await town.unfinished() < AT_ONCE:
            await town.order(town.next_number())
            ordered += 1
        else:
            await asyncio.sleep(0.1)


async def keep_busy(town: Town, books: int, share: Callable[[], float]) -> None:
    """Orders books, ten at a time, no faster than the run goes on."""
    ordered = 0
    while ordered < books:
        due = share() * books + AT_ONCE
        if ordered < due and (share() >= 1 or await town.unfinished() < AT_ONCE):
            await town.order(town.next_number())
            ordered += 1
        else:
            await asyncio.sleep(0.1)
