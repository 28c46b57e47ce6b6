"""Kills at random, while books are made."""

import asyncio
from collections.abc import Callable

from scripts.chaos.facts import Row
from scripts.chaos.town import Town

AT_ONCE = 10
END_SECONDS = 180.0


async def kill_at_random(town: Town, kills: int, books: int, pause: float) -> list[Row]:
    """So many kills, spread over so many books, of which ten are under way.

    Each comes when all servers are up: on a slow machine they would else die before they have begun.
    """
    keeping = asyncio.create_task(keep_busy(town, books, lambda: town.kills / kills if kills else 1.0))
    while town.kills < kills:
        await town.all_up()
        await asyncio.sleep(town.luck.uniform(0.0, 2.0) * pause)
        await town.kill(town.luck.choice(town.up))
    await keeping
    await town.all_ended(END_SECONDS)
    await town.all_up()
    return [Row(f"{kills} kills of servers", str(town.kills), met=town.kills == kills)]


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
