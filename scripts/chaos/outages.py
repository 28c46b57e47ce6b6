"""What the service depends on goes away and comes back, while books are made and read."""

import asyncio
from collections import Counter

import httpx
import redis.asyncio

from scripts.chaos.facts import Row
from scripts.chaos.kills import keep_busy
from scripts.chaos.orders import key_for, told
from scripts.chaos.town import Town
from scripts.chaos.workers import working

PAUSE = 3.0
POLITE = frozenset({"200", "503 with Retry-After"})


class Seen:
    """What came of it."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.forgotten = 0
        """Keys that Redis held when it was emptied."""
        self.answers: Counter[str] = Counter()


async def take_away(town: Town, crashes: int, flushes: int, books: int) -> list[Row]:
    """Crashes the database and empties Redis so often, in turn; with a Redis, Celery workers make the books."""
    seen = Seen()
    if flushes:
        async with working(town):
            await _take_away(town, crashes, flushes, books, seen)
    else:
        await _take_away(town, crashes, flushes, books, seen)
    done = seen.done
    said = f"{done['crash']} crashes, {done['flush']} times emptied of {seen.forgotten} keys in all"
    met = (done["crash"], done["flush"]) == (crashes, flushes) and bool(seen.forgotten) == bool(flushes)
    return [
        Row(f"{crashes} crashes of the database, Redis emptied {flushes} times", said, met=met),
        _told(seen.answers),
    ]


def _told(answers: Counter[str]) -> Row:
    rude = {said: count for said, count in answers.items() if said not in POLITE}
    away = answers["503 with Retry-After"]
    seen = f"{answers.total()} answers, {away} of them 503 with Retry-After, others: {rude or 0}"
    met = not rude and bool(answers["200"])
    return Row("Meanwhile readers are told 503 and when to come back, never 500", seen, met=met)


async def _take_away(town: Town, crashes: int, flushes: int, books: int, seen: Seen) -> None:
    events = ["crash"] * crashes + ["flush"] * flushes
    town.luck.shuffle(events)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_read(town, seen.answers))
        keeping = group.create_task(keep_busy(town, books, lambda: seen.done.total() / len(events)))
        for event in events:
            await asyncio.sleep(town.luck.uniform(0.3, 1.7) * PAUSE)
            if event == "flush":
                seen.forgotten += await _flush(town)
                seen.done[event] += 1
            else:
                seen.done[event] += await town.crash_postgres()
        await keeping
        await town.all_ended()
        reading.cancel()


async def _flush(town: Town) -> int:
    """How many keys it held."""
    if town.redis is None or town.plan.broken == "flush":
        return 0
    async with redis.asyncio.from_url(town.redis.url) as client:
        held = int(await client.dbsize())
        await client.flushall()
        return held


async def _read(town: Town, answers: Counter[str]) -> None:
    """Follows the newest book, and counts what it is told."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        while True:
            await asyncio.sleep(0.1)
            if not town.up or not town.witness.numbers:
                continue
            job_id, number = next(reversed(town.witness.numbers.items()))
            address = f"http://127.0.0.1:{town.luck.choice(town.up).port}/v1/books/{job_id}"
            try:
                answer = await client.get(address, headers={"X-User-Key": key_for(number)})
            except httpx.TransportError as error:
                answers[type(error).__name__] += 1
                continue
            answers[told(answer)] += 1
