"""What must be true after every run, as pure functions of what was seen."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from scripts.chaos.facts import WAYS_TO_END, Charge, Facts, Row, Thing, Write

IMAGES = "generate_images"
ARTIFACTS = frozenset({"step_artifacts", "story_drafts", "image_prompts"})
ONLY_BY_THE_HOLDER = ARTIFACTS | {"jobs", "books", "credit_transactions", "provider_calls"}
UNJUDGED = -2
"""The page of the story as it came from its writer."""
ENDED = frozenset({"done", "failed"})
NOT_AT_WORK = ENDED | {"queued"}


def examine(facts: Facts) -> list[Row]:
    """The table of a run."""
    return [check(facts) for check in CHECKS]


def all_done(facts: Facts) -> Row:
    done = sum(book.status == "done" for book in facts.books)
    others = [f"book {book.number} {book.status} {book.error or ''}".strip() for book in facts.books]
    others = [said for said, book in zip(others, facts.books, strict=True) if book.status != "done"]
    return Row("Every book is done", f"{done} of {len(facts.books)}{_few(others)}", met=not others and bool(done))


def all_there(facts: Facts) -> Row:
    """Each order that was answered has its job, each job its order, and no book has two of them."""
    found = {book.job_id for book in facts.books}
    wrong = [f"book {number} lost" for job_id, number in facts.ordered.items() if job_id not in found]
    wrong += [f"{job_id} ordered by nobody" for job_id in sorted(found.difference(facts.ordered))]
    wrong += [
        f"book {number} made {count} times" for number, count in Counter(facts.ordered.values()).items() if count > 1
    ]
    said = f"{len(facts.ordered)} ordered, {len(facts.books)} there{_few(wrong)}"
    return Row("Every book that was ordered is there, once", said, met=not wrong and bool(found))


def one_ending(facts: Facts) -> Row:
    """Captured if it is done, released if not."""
    endings = _endings(facts)
    wrong = [
        f"book {book.number}: {dict(endings[book.number]) or 'none'}"
        for book in facts.books
        if endings[book.number] != Counter({"capture" if book.status == "done" else "release": 1})
    ]
    right = len(facts.books) - len(wrong)
    return Row("Each is captured or released, once", f"{right} of {len(facts.books)}{_few(wrong)}", met=not wrong)


def no_double_capture(facts: Facts) -> Row:
    more = sum(max(count["capture"] - 1, 0) for count in _endings(facts).values())
    return Row("Double captures: 0", str(more), met=not more)


def ledger_adds_up(facts: Facts) -> Row:
    """Our own recount of the entries against the balance that the product keeps."""
    counted: Counter[str] = Counter()
    for entry in facts.entries:
        counted[entry.target] += entry.amount
        counted[entry.source] -= entry.amount
    off = {name: counted[name] - kept for name, kept in facts.balance.items() if counted[name] != kept}
    return Row("Ledger less balances: 0", str(off or 0), met=not off)


def no_stuck_job(facts: Facts) -> Row:
    return Row("Jobs at work whose lease is over for 60 s, or has no end: 0", str(facts.stuck), met=not facts.stuck)


def audit_is_silent(facts: Facts) -> Row:
    """The product's own audit: the ledger, unfinished work, files of nobody."""
    return Row(
        "`storybook audit`: 0 findings, no orphan file",
        f"{len(facts.findings)}{_few(facts.findings)}",
        met=not facts.findings,
    )


def nothing_finished_is_done_again(facts: Facts) -> Row:
    """Neither paid for after its artifact was stored, nor stored once more by a later holder."""
    stored = _first_stored(facts)
    paid = [charge.thing for charge in facts.charges if _is_late(charge, stored)]
    again = [write.thing for write in _artifacts(facts) if write.fence != stored[write.thing].fence]
    seen = f"{len(paid) + len(again)} of {len(stored)}{_few([str(tuple(thing)) for thing in (*paid, *again)])}"
    return Row("Finished steps done again: 0", seen, met=not paid and not again and bool(stored))


def paid_once_and_once_more_a_hit(facts: Facts) -> Row:
    """Per thing at most 1 + the kills that caught this very call."""
    paid, hits = _paid(facts), Counter(facts.hits)
    over = [f"{tuple(thing)}: {count}" for thing, count in paid.items() if count > 1 + hits[thing]]
    more = sum(count - 1 for count in paid.values())
    said = f"{len(paid)} things, {more} paid again, {len(facts.hits)} calls hit; over: {len(over)}"
    return Row(
        "Charges of a thing: at most 1 + kills that hit its call", said + _few(over), met=not over and bool(paid)
    )


def pictures_with_ids_are_paid_once(facts: Facts) -> Row:
    """A vendor that can be asked again for its jobs is never paid twice, not even for an order that nobody has heard
    the answer to. Only a process that stands still while it sends one, and goes on, may send it late.
    """
    promise = "Pictures charged twice where the vendor knows its jobs: 0"
    pictures = {thing: count for thing, count in _paid(facts).items() if thing.step == IMAGES}
    if not facts.by_id:
        return Row(promise, "this vendor does not", met=True)
    twice = {thing for thing, count in pictures.items() if count > 1}
    wrong = [str(tuple(thing)) for thing in sorted(twice - facts.unsent)]
    late = f"; {len(twice & facts.unsent)} sent late, by a process that had stood still" if facts.unsent else ""
    return Row(promise, f"{len(wrong)} of {len(pictures)}{_few(wrong)}{late}", met=not wrong and bool(pictures))


def no_stale_write(facts: Facts) -> Row:
    """Only who claimed a job last writes for it, under the fence of that claim, and until it has let the job go."""
    stale = [
        f"{write.relation} {tuple(write.thing)} of {write.writer or 'nobody'} when the fence was {write.fence}"
        for writes in _by_book(facts.writes).values()
        for write in _stale(writes)
    ]
    said = f"{len(stale)} of {len(facts.writes)}{_few(stale)}"
    return Row("Stale writes accepted: 0", said, met=not stale and bool(facts.writes))


def an_end_is_an_end(facts: Facts) -> Row:
    went_on = [write for write in facts.writes if write.was in ENDED and write.now != write.was]
    return Row("Jobs that went on after their end: 0", str(len(went_on)), met=not went_on)


def taken_from_the_living(writes: list[Write], taken_down: set[int]) -> Row:
    """Each book is begun once, and again only where its runner was killed or has given it back."""
    taken = [
        str(tuple(write.thing)) for of_book in _by_book(writes).values() for write in _needless(of_book, taken_down)
    ]
    runs = sum(bool(write.claimed_by) for write in writes)
    return Row("Books begun again without a reason: 0", f"{len(taken)} of {runs} runs{_few(taken)}", met=not taken)


def untroubled(failures: list[str]) -> Row:
    return Row("Processes that did not come up again: 0", f"{len(failures)} {'; '.join(failures)}", met=not failures)


CHECKS = (
    all_done,
    all_there,
    one_ending,
    no_double_capture,
    ledger_adds_up,
    no_stuck_job,
    audit_is_silent,
    nothing_finished_is_done_again,
    paid_once_and_once_more_a_hit,
    pictures_with_ids_are_paid_once,
    no_stale_write,
    an_end_is_an_end,
)


def process_of(runner: str) -> str:
    """The process id in the name of a runner."""
    return runner.split(":")[1]


def _endings(facts: Facts) -> defaultdict[int, Counter[str]]:
    endings: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for entry in facts.entries:
        if entry.kind in WAYS_TO_END:
            endings[entry.book][entry.kind] += 1
    return endings


def _artifacts(facts: Facts) -> Iterator[Write]:
    return (write for write in facts.writes if write.relation in ARTIFACTS and write.op != "DELETE")


def _first_stored(facts: Facts) -> dict[Thing, Write]:
    stored: dict[Thing, Write] = {}
    for write in _artifacts(facts):
        stored.setdefault(write.thing, write)
    return stored


def _is_late(charge: Charge, stored: dict[Thing, Write]) -> bool:
    thing = charge.thing
    if thing.step == "generate_story":
        thing = thing._replace(page=UNJUDGED)
    return thing in stored and charge.at > stored[thing].at


def _paid(facts: Facts) -> Counter[Thing]:
    return Counter(charge.thing for charge in facts.charges)


def _needless(writes: list[Write], taken_down: set[int]) -> Iterator[Write]:
    runner = ""
    for write in writes:
        if write.claimed_by and runner and int(process_of(runner)) not in taken_down:
            yield write
        runner = "" if write.now in NOT_AT_WORK else write.claimed_by or runner


def _by_book(writes: list[Write]) -> dict[int, list[Write]]:
    books: defaultdict[int, list[Write]] = defaultdict(list)
    for write in writes:
        if write.relation in ONLY_BY_THE_HOLDER:
            books[write.thing.book].append(write)
    return books


def _stale(writes: list[Write]) -> Iterator[Write]:
    holder, fence, let_go = "", 0, ""
    for write in writes:
        if write.claimed_by:
            if write.fence <= fence:
                yield write
            holder, fence, let_go = f"{process_of(write.claimed_by)}:{write.fence}", write.fence, ""
        elif write.writer != holder or write.fence != fence or (let_go and write.txn != let_go):
            yield write
        if write.now in NOT_AT_WORK:
            let_go = write.txn


def _few(said: list[str], most: int = 3) -> str:
    """The first of them in brackets."""
    if not said:
        return ""
    return f" ({'; '.join(said[:most])}{' ...' if len(said) > most else ''})"
