"""What the service depends on goes away and comes back, while books are made and read."""

import asyncio
from collections import Counter
from contextlib import suppress

import httpx
import redis.asyncio

from scripts.chaos.facts import Row
from scripts.chaos.kills import END_SECONDS, keep_busy
from scripts.chaos.town import USER_KEY, Town

PAUSE = 3.0


async def take_away(town: Town, crashes: int, flushes: int, books: int) -> list[Row]:
    """Crashes the database and empties Redis so often, in turn."""
    events = ["crash"] * crashes + ["flush"] * flushes
    town.luck.shuffle(events)
    done: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    reading = asyncio.create_task(_read(town, answers))
    keeping = asyncio.create_task(keep_busy(town, books, lambda: done.total() / len(events)))
    for event in events:
        await asyncio.sleep(town.luck.uniform(0.3, 1.7) * PAUSE)
        await (town.crash_postgres() if event == "crash" else _flush(town))
        done[event] += 1
    await keeping
    await town.all_ended(END_SECONDS)
    reading.cancel()
    rude = {said: count for said, count in answers.items() if said not in {"200", "503 with Retry-After"}}
    away = answers["503 with Retry-After"]
    told = f"{answers.total()} answers, {away} of them 503 with Retry-After, others: {rude or 0}"
    return [
        Row(
            "Database crashed, Redis emptied",
            f"{done['crash']} and {done['flush']} times",
            met=done.total() == len(events),
        ),
        Row("Meanwhile readers are told 503 and when to come back, never 500", told, met=not rude),
    ]


async def _flush(town: Town) -> None:
    if town.redis:
        async with redis.asyncio.from_url(town.redis.url) as client:
            await client.flushall()


async def _read(town: Town, answers: Counter[str]) -> None:
    """Follows the first book for as long as it goes on."""
    async with httpx.AsyncClient(headers={"X-User-Key": USER_KEY}, trust_env=False, timeout=30) as client:
        while True:
            await asyncio.sleep(0.1)
            if not town.up or not town.witness.numbers:
                continue
            job_id = next(iter(town.witness.numbers))
            with suppress(httpx.ConnectError):
                answer = await client.get(f"http://127.0.0.1:{town.luck.choice(town.up).port}/v1/books/{job_id}")
                later = " with Retry-After" if "retry-after" in answer.headers and answer.status_code == 503 else ""
                answers[f"{answer.status_code}{later}"] += 1
