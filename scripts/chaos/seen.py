"""Collects the facts of a run."""

from collections.abc import Callable
from typing import Any

from scripts.chaos.facts import WHOLE_BOOK, Book, Charge, Entry, Facts, Thing, Write
from scripts.chaos.town import Town

BY_ID = frozenset({"replicate", "fal"})
PAID_KINDS = {"image": "generate_images", "text": ""}
STUCK = (
    "status = 'running' AND (lease_until < now() - interval '60 seconds' OR lease_until > now() + interval '1 hour')"
)


async def facts_of(town: Town) -> Facts:
    """What the database, the journal and the audit say now."""
    ask, number_of = town.witness.ask, town.witness.numbers
    books = [
        Book(number_of.get(row["id"], 0), row["id"], row["status"], row["error_code"], row["fence"])
        for row in await ask("SELECT id, status, error_code, fence FROM jobs ORDER BY created_at")
    ]
    writes = await writes_of(town)
    entries = [
        Entry(number_of.get(row["job_id"], 0), row["transaction_type"], row["source"], row["target"], row["amount"])
        for row in await ask("SELECT * FROM credit_transactions ORDER BY id")
    ]
    [kept] = await ask("SELECT sum(credits) AS available, sum(held) AS held FROM user_credits")
    [stuck] = await ask(f"SELECT count(*) AS n FROM jobs WHERE {STUCK}")  # noqa: S608 - our own words
    return Facts(
        books,
        dict(town.witness.numbers),
        writes,
        charges_of(town),
        town.hits,
        entries,
        {name: int(kept[name] or 0) for name in ("available", "held")},
        await town.audit(),
        int(stuck["n"]),
        town.plan.painter in BY_ID,
        frozenset(town.unsent),
    )


def charges_of(town: Town) -> list[Charge]:
    return [charge for line in town.vendors.journal() if (charge := _charge(line))]


async def writes_of(town: Town) -> list[Write]:
    """What the triggers noted, in the order of the changes."""
    rows = await town.witness.ask("SELECT *, extract(epoch FROM at) AS moment FROM chaos.writes ORDER BY number")
    return [_write(row, town.witness.numbers.get) for row in rows]


def _write(row: Any, number_of: Callable[[str, int], int]) -> Write:
    thing = Thing(number_of(row["job_id"], 0), row["step"] or "", row["page"])
    return Write(
        row["number"],
        float(row["moment"]),
        row["role"],
        row["relation"],
        row["op"],
        thing,
        row["fence"] or 0,
        row["writer"] or "",
        row["txn"],
        row["claimed_by"] or "",
        row["was"] or "",
        row["now"] or "",
    )


def _charge(line: dict[str, Any]) -> Charge | None:
    """One of those that cost something; the simulator tells books and pages apart by what is asked for."""
    if line["kind"] not in PAID_KINDS:
        return None
    book, _, page = (line["thing"] or "0/0").partition("/")
    step = PAID_KINDS[line["kind"]] or line["purpose"]
    return Charge(
        line["at"], line["kind"], Thing(int(book), step, int(page) if line["kind"] == "image" else WHOLE_BOOK)
    )
