"""Kills at random, while books are made."""

import asyncio
from collections.abc import Callable

from scripts.chaos.facts import Row
from scripts.chaos.town import Town

AT_ONCE = 10


async def kill_at_random(town: Town, kills: int, books: int, pause: float) -> list[Row]:
    """So many kills, spread over so many books, of which ten are under way.

    Each comes when all servers are up: on a slow machine they would else die before they have begun.
    """
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_busy(town, books, lambda: town.kills / kills if kills else 1.0))
        while town.kills < kills:
            await town.all_up()
            await asyncio.sleep(town.luck.uniform(0.0, 2.0) * pause)
            server = town.luck.choice(town.up)
            if not await town.witness.is_worn(server.pid):
                await town.kill(server)
    await town.all_ended()
    await town.all_up()
    return [killed_row(town, kills)]


def killed_row(town: Town, kills: int) -> Row:
    said = f"{town.kills} tried, {town.died} died"
    return Row(f"{kills} kills of servers", said, met=town.kills == town.died == kills)


async def keep_at_work(town: Town, share: Callable[[], float]) -> None:
    """Orders as many books as it takes, ten at a time, until the run is over."""
    while share() < 1:
        if await town.unfinished() < AT_ONCE:
            await town.order(town.next_number())
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
