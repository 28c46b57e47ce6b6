"""Measures how outages of simulated vendors pass, and whether caps hold: all clocks are 20 times faster.

What the vendors were asked and have charged is read from their own journal.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from bench_rows import Row
from bench_vendors import HOUSE, ROOM, SPEC, Service, serving, simulated
from sqlalchemy import text

from storybook.core.errors import ErrorCode
from storybook.domain.book_spec import BookSpec
from storybook.domain.calls import DOLLAR
from storybook.domain.orders import BookOrder
from storybook.providers.breaker import FAILURES_TO_OPEN, Rests
from storybook.providers.estimate import Estimate
from tests.fixtures_simulator import Simulated, settings_for
from tests.simulator.faults import Fault
from tests.verdicts import about_looks, about_picture, about_words

FASTER = 20
WORTH = 7.5
"""Books at worst, for which a day has money."""
MOST_SECONDS = 1800.0
AWAY_SECONDS = 600.0
BACK_SECONDS = 30.0
MOST_PROBES = 1.2
MOST_HELD_UP = 1.1
SHARE = 0.02
"""Of moderation's calls, for each way in which they go wrong."""


class Outage(NamedTuple):
    """How the author answers: a fault of the simulator, what it is in words, and the calls that are needed."""

    fault: Fault
    words: str
    needed: int
    seconds: float = 1.0


def calls_needed(at_first: int, rest: float, longest: float) -> int:
    """The calls that tell an outage, then one after each rest."""
    calls, left = at_first, AWAY_SECONDS
    while left > rest:
        calls, left, rest = calls + 1, left - rest, min(rest * 2, longest)
    return calls


AWAY = Outage(Fault.AWAY_503, "is away", calls_needed(FAILURES_TO_OPEN, *Rests()))
BUSY = Outage(Fault.BUSY, "is too busy", calls_needed(1, *(seconds / 2 for seconds in Rests())))
"""With full jitter rests are half as long on average."""
TOLD = Outage(Fault.BUSY_SECONDS, f"wants to rest for {FASTER} s", calls_needed(1, FASTER, FASTER))


async def waited_for(outage: Outage, simulator: Simulated, count: int) -> list[Row]:
    """The author answers like this for ten minutes while books wait."""
    async with serving(simulator, faster=FASTER, jobs_in_process=10) as service:
        simulator.goes_wrong(outage.fault, kind="text", times=None, seconds=outage.seconds)
        job_ids = [await service.order() for _ in range(count)]
        await asyncio.sleep(AWAY_SECONDS / FASTER)
        asked, began = simulator.posts(kind="text"), time.perf_counter()
        simulator.works_again()
        await _until(lambda: any(charge["kind"] == "text" for charge in simulator.journal()))
        back = (time.perf_counter() - began) * FASTER
        rows = await service.ended(job_ids)
        difference = await _micro_dollars(service, SPENT) - simulator.charged()
    done = sum(row.status == "done" for row in rows)
    return [
        Row(
            f"Calls to a vendor that {outage.words} for {AWAY_SECONDS:.0f} s, {count} books waiting",
            f"{asked}, {outage.needed} needed",
            f"at most {MOST_PROBES} times",
            met=asked <= MOST_PROBES * outage.needed,
        ),
        Row("From its return to its first answer", f"{back:.0f} s", f"{BACK_SECONDS:.0f} s", met=back <= BACK_SECONDS),
        Row("Books that are done afterwards", str(done), str(count), met=done == count),
        Row("Our table less the vendors' journal", f"{difference} micro-dollars", "0", met=difference == 0),
    ]


async def hanging(simulator: Simulated, rounds: int) -> list[Row]:
    """A voice waits for a vendor that hangs, while books are made by others and polled."""
    async with serving(simulator, tts="elevenlabs") as service:
        first = await service.order()
        await service.ended([first])
        book_id = (await service.client.get(f"/v1/books/{first}")).json()["result"]["book_id"]
        alone = [await _round(service) for _ in range(rounds)]
        simulator.goes_wrong(Fault.HANG, vendor="elevenlabs", times=None)
        (await service.client.post(f"/v1/books/{book_id}/audio")).raise_for_status()
        await _until(lambda: simulator.posts(vendor="elevenlabs") > 0)
        beside = [await _round(service) for _ in range(rounds)]
        simulator.works_again()
    books, polls = (
        statistics.median(took[n] for took in beside) / statistics.median(took[n] for took in alone) for n in (0, 1)
    )
    return [
        Row("A book beside a vendor that hangs", f"{books:.2f}", f"at most {MOST_HELD_UP}", met=books <= MOST_HELD_UP),
        Row("A poll beside a vendor that hangs", f"{polls:.2f}", f"at most {MOST_HELD_UP}", met=polls <= MOST_HELD_UP),
    ]


async def _until(there: Callable[[], bool]) -> None:
    while not there():  # noqa: ASYNC110 - another process says it
        await asyncio.sleep(0.02)


async def _round(service: Service) -> tuple[float, float]:
    """Seconds of a book, and of a poll meanwhile."""
    job_id, polls = await service.order(), []
    while True:
        began = time.perf_counter()
        answer = (await service.client.get(f"/v1/books/{job_id}")).json()
        polls.append(time.perf_counter() - began)
        if answer["status"] in {"done", "failed"}:
            [row] = await service.ended([job_id])
            return float(row.seconds), statistics.median(polls)
        await asyncio.sleep(0.02)


async def unjudged(simulator: Simulated, count: int) -> list[Row]:
    """Moderation is slow, absent and malformed at random, and never charges for that: its journal holds verdicts."""
    for fault in (Fault.SLOW, Fault.AWAY_503, Fault.RESET_BEFORE, Fault.WRONG_JSON, Fault.WRONG_CONTENT):
        simulator.goes_wrong(fault, kind="moderation", times=None, share=SHARE, seconds=11, charged=False)
    async with serving(simulator, faster=FASTER, jobs_in_process=50) as service:
        job_ids = [await service.order(page_count=4) for _ in range(count)]
        ended = await service.ended(job_ids)
        verdicts = {charge["body_sha256"] for charge in simulator.journal() if charge["kind"] == "moderation"}
        done = [row.id for row in ended if row.status == "done"]
        asked = [question for job_id in done for question in await _published(service, job_id)]
    bare = sum(question not in verdicts for question in asked)
    return [
        Row(
            f"{count} books with moderation unwell: published, and without a verdict",
            f"{len(asked)} stories, looks and pictures of {len(done)} books, {bare}",
            "0",
            met=bare == 0,
        )
    ]


async def _published(service: Service, job_id: str) -> list[str]:
    """What moderation has to have been asked about a book: its words, how everyone looks, and each of its pictures."""
    result: dict[str, Any] = (await service.client.get(f"/v1/books/{job_id}")).raise_for_status().json()["result"]
    async with service.database.session() as session:
        draft = await session.scalar(text("SELECT draft FROM story_drafts WHERE job_id = :id"), {"id": job_id})
        cast = await session.scalar(text(CAST), {"id": job_id})
    addresses = [result["cover_image_url"], *(page["image_url"] for page in result["pages"])]
    paths = [urlsplit(address).path for address in addresses]
    pictures = [(await service.client.get(path)).raise_for_status().content for path in paths]
    words = about_words(result["title"], [page["text"] for page in result["pages"]], draft)
    return [words, about_looks(cast), *map(about_picture, pictures)]


async def caps(simulator: Simulated, at_once: int) -> list[Row]:
    """Two processes are asked for books, many at once, again and again, until the day has no money for another."""
    cap = round(WORTH * worst_of_a_book(simulator))
    more = {"budget_per_day": cap / DOLLAR, "jobs_in_process": at_once}
    async with serving(simulator, **more) as one, serving(simulator, beside=one, **more) as other:
        accepted, refused, most = list[str](), 0, 0
        while True:
            left = len(accepted) - len(await one.ended_of(accepted))
            asked = [(one, other)[number % 2].order(page_count=4) for number in range(at_once)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            new = [answer for answer in answers if isinstance(answer, str)]
            most = max(most, await _micro_dollars(one, COMMITTED))
            accepted, refused = accepted + new, refused + sum(map(_is_refused, answers))
            if not left and not new:
                break
            await asyncio.sleep(0.5)
        rows, spent = await one.ended(accepted), await _micro_dollars(one, SPENT)
        charged = simulator.charged()
    broken_off = sum(row.error_code == ErrorCode.SERVICE_BUDGET_EXCEEDED for row in rows)
    over = max(most, spent, charged) - cap
    return [
        Row(
            f"Two processes, {at_once} orders at once, {cap / DOLLAR:.2f} dollars a day",
            f"{len(accepted)} books for {charged / DOLLAR:.2f} dollars, {refused} times refused",
            "",
            met=True,
        ),
        Row("Beyond the day's cap", f"{max(over, 0)} micro-dollars", "0", met=over <= 0),
        Row("Books that the cap broke off in the middle", str(broken_off), "0", met=broken_off == 0),
        Row("Our table less the vendors' journal", f"{spent - charged} micro-dollars", "0", met=spent == charged),
    ]


def worst_of_a_book(simulator: Simulated) -> int:
    """In micro-dollars, with the vendors of the bench."""
    settings = settings_for(simulator, Path(), **HOUSE, **ROOM)
    return Estimate(settings)(BookOrder(spec=BookSpec(**SPEC | {"page_count": 4})))


def _is_refused(answer: object) -> bool:
    """Whether an order was refused for want of money; raises what else went wrong."""
    match answer:
        case str():
            return False
        case httpx.HTTPStatusError(response=response):
            if response.json()["error"]["code"] == ErrorCode.SERVICE_BUDGET_EXCEEDED:
                return True
    raise RuntimeError(f"an order was neither accepted nor refused: {answer!r}")


CAST = "SELECT artifact FROM step_artifacts WHERE job_id = :id AND page_number = -1 AND step LIKE '%_sheet'"
SPENT = "SELECT sum(micro_dollars) FROM provider_calls"
COMMITTED = "SELECT sum(CASE WHEN closed THEN used ELSE reserved END) FROM job_budgets"


async def _micro_dollars(service: Service, asked: str) -> int:
    async with service.database.session() as session:
        return int(await session.scalar(text(asked)) or 0)


async def _in_time(part: Coroutine[Any, Any, list[Row]]) -> list[Row]:
    try:
        async with asyncio.timeout(MOST_SECONDS):
            return await part
    except TimeoutError:
        raise RuntimeError(f"not over after {MOST_SECONDS:.0f} seconds") from None


PARTS = {
    "away": (partial(waited_for, AWAY), 50),
    "busy": (partial(waited_for, BUSY), 50),
    "told": (partial(waited_for, TOLD), 50),
    "hanging": (hanging, 5),
    "unjudged": (unjudged, 500),
    "caps": (caps, 25),
}
"""What is measured, and with how many books."""


def measure(name: str, books: int | None) -> list[Row]:
    part, usual = PARTS[name]
    with simulated(FASTER) as simulator:
        return asyncio.run(_in_time(part(simulator, books or usual)))
