"""What the chaos bench says of a run: nothing of one where all was kept, and which promise was broken of all others."""

import os
import subprocess
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from scripts.chaos.__main__ import asked
from scripts.chaos.breaks import BREAKS
from scripts.chaos.checks import examine, taken_from_the_living, untroubled
from scripts.chaos.controls import CONTROLS
from scripts.chaos.facts import Book, Charge, Entry, Facts, Thing, Write
from scripts.chaos.kills import pace_row
from scripts.chaos.leaving import progress_row, takeover_row
from scripts.chaos.orders import polite, told
from scripts.chaos.processes import living

BOOKS = range(1, 4)
PICTURE = Thing(2, "generate_images", 3)
STORY = Thing(2, "generate_story", -1)
PROMPT = Thing(2, "generate_image_prompts", 3)


def write(number: int, writer: str, relation: str, thing: Thing, fence: int = 1, **more: str) -> Write:
    """By "a" or "b", processes 1 and 2, under the fence that the job has then; or by any "process:fence"."""
    op = "UPDATE" if relation == "jobs" else "INSERT"
    signed = {"a": f"1:{fence}", "b": f"2:{fence}"}.get(writer, writer)
    by = "" if "claimed_by" in more else signed
    return Write(number, float(number), "chaos_1", relation, op, thing, fence, by, str(number), **more)


def made(book: int) -> list[Write]:
    """A book that one process begins and, killed, another ends."""
    of = [Thing(book, step, page) for step, page in (("jobs", -1), *((thing.step, thing.page) for thing in THINGS))]
    first = 100 * book
    return [
        write(first, "a", "jobs", of[0], claimed_by="vm:1", was="queued", now="running"),
        write(first + 1, "a", "provider_calls", of[1]._replace(page=-1)),
        write(first + 2, "a", "step_artifacts", of[1]),
        write(first + 3, "b", "jobs", of[0], 2, claimed_by="vm:2", was="running", now="running"),
        write(first + 4, "b", "image_prompts", of[2], 2),
        write(first + 5, "b", "provider_calls", of[3], 2),
        write(first + 7, "b", "step_artifacts", of[3], 2),
        write(first + 8, "b", "jobs", of[0], 2, was="running", now="done"),
        write(first + 9, "b", "credit_transactions", of[0], 2)._replace(txn=str(first + 8)),
    ]


THINGS = (STORY._replace(page=-2), PROMPT, PICTURE)


def kept() -> Facts:
    """Three books, of which each was taken over once."""
    return Facts(
        books=[Book(number, f"job_{number}", "done", None, 2) for number in BOOKS],
        ordered={f"job_{number}": number for number in BOOKS},
        writes=[one for number in BOOKS for one in made(number)],
        charges=[
            charge
            for number in BOOKS
            for charge in (
                Charge(100 * number + 1.5, "text", STORY._replace(book=number)),
                Charge(100 * number + 6, "image", PICTURE._replace(book=number)),
            )
        ],
        hits=[],
        entries=[
            Entry(0, "grant", "given", "available", 10),
            *(Entry(number, "hold", "available", "held", 1) for number in BOOKS),
            *(Entry(number, "capture", "held", "spent", 1) for number in BOOKS),
        ],
        balance={"available": 7, "held": 0},
        findings=[],
    )


def red(facts: Facts) -> list[str]:
    return [row.promise for row in examine(facts) if not row.met]


def test_a_run_where_all_was_kept_is_green() -> None:
    assert red(kept()) == []


def test_a_run_where_nothing_was_seen_is_not() -> None:
    nothing = Facts([], {}, [], [], [], [], {"available": 0, "held": 0}, [])
    assert len(red(nothing)) == 6


def lost(facts: Facts) -> Facts:
    """Its order was answered, and there is nothing of it."""
    return facts._replace(ordered=facts.ordered | {"job_4": 4})


def made_for_nobody(facts: Facts) -> Facts:
    """An order that was sent again, since its answer was lost, is made twice."""
    entries = [*facts.entries, Entry(0, "capture", "held", "spent", 0)]
    return facts._replace(books=[*facts.books, Book(0, "job_4", "done", None, 1)], entries=entries)


def answered_with_two_jobs(facts: Facts) -> Facts:
    return facts._replace(books=[*facts.books, Book(2, "job_4", "done", None, 1)], ordered=facts.ordered | {"job_4": 2})


def failed(facts: Facts) -> Facts:
    books = [book._replace(status="failed", error="UNKNOWN") if book.number == 2 else book for book in facts.books]
    entries = [entry for entry in facts.entries if (entry.book, entry.kind) != (2, "capture")]
    entries.append(Entry(2, "release", "held", "available", 1))
    return facts._replace(books=books, entries=entries, balance={"available": 8, "held": 0})


def left_behind(facts: Facts) -> Facts:
    books = [book._replace(status="running") if book.number == 2 else book for book in facts.books]
    entries = [entry for entry in facts.entries if (entry.book, entry.kind) != (2, "capture")]
    return facts._replace(books=books, entries=entries, balance={"available": 7, "held": 1}, stuck=1)


def captured_twice(facts: Facts) -> Facts:
    return facts._replace(entries=[*facts.entries, Entry(2, "capture", "held", "spent", 1)])


def captured_and_released(facts: Facts) -> Facts:
    entries = [*facts.entries, Entry(2, "release", "held", "available", 1)]
    return facts._replace(entries=entries, balance={"available": 8, "held": -1})


def credit_vanished(facts: Facts) -> Facts:
    return facts._replace(balance={"available": 6, "held": 0})


def file_of_nobody(facts: Facts) -> Facts:
    return facts._replace(findings=["owner file books/nobody.png"])


def artifact_lost(facts: Facts) -> Facts:
    """It is paid for after it was stored, and stored once more."""
    again = write(907, "b", "step_artifacts", PICTURE, 3)
    taken = write(905, "b", "jobs", PICTURE, 3, claimed_by="vm:2", was="running", now="running")
    charges = [*facts.charges, Charge(906.0, "image", PICTURE)]
    return facts._replace(writes=[*facts.writes, taken, again], charges=charges)


def free_step_done_again(facts: Facts) -> Facts:
    taken = write(905, "b", "jobs", PICTURE, 3, claimed_by="vm:2", was="running", now="running")
    return facts._replace(writes=[*facts.writes, taken, write(906, "b", "image_prompts", PROMPT, 3)])


def story_paid_again(facts: Facts) -> Facts:
    return facts._replace(charges=[*facts.charges, Charge(207.0, "text", STORY)])


def picture_paid_twice(facts: Facts) -> Facts:
    return facts._replace(charges=[Charge(205.5, "image", PICTURE), *facts.charges])


def between(facts: Facts, stale: Write) -> Facts:
    return facts._replace(writes=sorted([*facts.writes, stale], key=lambda one: one.number))


JUDGED = Thing(2, "moderate_output", 3)


def lost_runner_wrote(facts: Facts) -> Facts:
    """Who had the job before stores something after it was taken over; the job's row says the new fence by then."""
    return between(facts, write(206, "1:1", "step_artifacts", JUDGED, 2))


def lost_runner_of_the_same_process_wrote(facts: Facts) -> Facts:
    return between(facts, write(206, "2:1", "step_artifacts", JUDGED, 2))


def nobody_wrote(facts: Facts) -> Facts:
    return between(facts, write(206, "", "step_artifacts", JUDGED, 2))


def fence_went_back(facts: Facts) -> Facts:
    return between(facts, write(206, "b", "step_artifacts", JUDGED, 1))


def fence_stood_still(facts: Facts) -> Facts:
    """The takeover of book 2 raised no fence, so both of its runners have the same."""
    stays = [
        one._replace(fence=1, writer=one.writer.replace(":2", ":1")) if one.thing.book == 2 else one
        for one in facts.writes
    ]
    return facts._replace(writes=stays)


def runner_wrote_after_it_had_let_go(facts: Facts) -> Facts:
    return facts._replace(writes=[*facts.writes, write(999, "b", "provider_calls", PICTURE, 2)])


def went_on_after_its_end(facts: Facts) -> Facts:
    return facts._replace(writes=[*facts.writes, write(999, "b", "jobs", PICTURE, 2, was="done", now="running")])


@pytest.mark.parametrize(
    ("broken", "promises"),
    [
        (lost, ["Every book that was ordered"]),
        (made_for_nobody, ["Every book that was ordered"]),
        (answered_with_two_jobs, ["Every book that was ordered"]),
        (failed, ["Every book is done"]),
        (
            left_behind,
            ["Every book is done", "Each is captured or released, once", "Jobs at work whose lease is over"],
        ),
        (captured_twice, ["Each is captured or released, once", "Double captures", "Ledger less balances"]),
        (captured_and_released, ["Each is captured or released, once"]),
        (credit_vanished, ["Ledger less balances"]),
        (file_of_nobody, ["`storybook audit`"]),
        (artifact_lost, ["Finished steps", "Charges of a thing", "Pictures charged twice"]),
        (free_step_done_again, ["Finished steps"]),
        (story_paid_again, ["Finished steps", "Charges of a thing"]),
        (picture_paid_twice, ["Charges of a thing", "Pictures charged twice"]),
        (lost_runner_wrote, ["Stale writes"]),
        (lost_runner_of_the_same_process_wrote, ["Stale writes"]),
        (nobody_wrote, ["Stale writes"]),
        (fence_went_back, ["Stale writes"]),
        (fence_stood_still, ["Stale writes"]),
        (runner_wrote_after_it_had_let_go, ["Stale writes"]),
        (went_on_after_its_end, ["Stale writes", "Jobs that went on"]),
    ],
)
def test_each_broken_promise_turns_its_rows_red_and_no_others(
    broken: Callable[[Facts], Facts], promises: list[str]
) -> None:
    said = red(broken(kept()))
    assert [row.split(":")[0].startswith(promise) for row, promise in zip(said, promises, strict=True)] == [True] * len(
        promises
    ), said


def test_a_call_that_was_hit_may_be_paid_once_more_unless_its_vendor_can_be_asked_again() -> None:
    hit = picture_paid_twice(kept())._replace(hits=[PICTURE])
    assert red(hit) == ["Pictures charged twice where the vendor knows its jobs: 0"]
    assert red(hit._replace(by_id=False)) == []
    assert red(hit._replace(unsent=frozenset({PICTURE}))) == []


def test_a_book_that_goes_on_late_is_seen() -> None:
    assert progress_row([30.0] * 19 + [60.0]).met
    assert not progress_row([30.0] * 18 + [60.0] * 2).met
    assert not progress_row([]).met


def handed_on(book: int, at: int, was: str) -> list[Write]:
    """Another process takes the book, whose state it is in then; where it was queued, a second after that."""
    of = Thing(book, "jobs", -1)
    back = [write(at, "a", "jobs", of, was="running", now="queued")] if was == "queued" else []
    return [*back, write(at + 1, "b", "jobs", of, 2, claimed_by="vm:2", was=was, now="running")]


def test_a_book_that_a_process_leaves_without_handing_it_back_is_seen() -> None:
    ended = [write(5, "a", "jobs", Thing(3, "jobs", -1), was="running", now="done")]
    back = [*handed_on(1, 10, "queued"), *ended]
    assert takeover_row([1, 2, 3], [*back, *handed_on(2, 11, "queued")]).met
    assert not takeover_row([1, 2, 3], [*back, *handed_on(2, 11, "running")]).met
    assert not takeover_row([1, 2, 3], back).met
    assert not takeover_row([3], ended).met


def test_a_book_that_is_handed_back_and_left_lying_is_seen() -> None:
    [back, taken] = handed_on(1, 10, "queued")
    assert takeover_row([1], [back, taken._replace(at=15.0)]).met
    assert not takeover_row([1], [back, taken._replace(at=15.1)]).met
    assert not takeover_row([1], [back]).met


def test_a_run_of_a_release_has_its_time() -> None:
    assert pace_row(200, 1200.0).met
    assert not pace_row(200, 1200.1).met


def test_a_book_that_is_taken_from_a_runner_that_lives_is_seen() -> None:
    assert taken_from_the_living(kept().writes, {1}).met
    assert not taken_from_the_living(kept().writes, {2}).met
    given_back = write(202, "a", "jobs", STORY, was="running", now="queued")
    others = [one for one in kept().writes if one.thing.book == 2]
    assert taken_from_the_living([*others[:3], given_back, *others[3:]], set()).met


def test_each_check_has_a_control_that_turns_it_red_and_each_break_is_one() -> None:
    wanted = [promise for control in CONTROLS for promise in control.red]
    rows = [*examine(kept()), taken_from_the_living(kept().writes, {1}), polite(Counter()), untroubled([])]
    assert [row.promise for row in rows if not row.promise.startswith(tuple(wanted))] == []
    assert sorted(control.broken for control in CONTROLS if control.broken) == sorted(BREAKS)


def test_a_control_that_is_not_known_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        asked(["--controls", "all"])
    assert refused.value.code == 2
    assert "no control is called all; there are nothing, file, charge" in capsys.readouterr().err


def test_controls_are_chosen_by_name_with_their_whole_run_and_are_all_where_none_is_named() -> None:
    everything = asked(["--controls"]).controls
    assert [control for group in everything for control in group] == list(CONTROLS)
    assert [group[0].broken for group in asked(["--controls", "kill,up"]).controls] == ["kill", "up"]
    assert asked(["--controls", "ledger"]).controls == everything[:1]


@pytest.mark.parametrize(
    ("status", "headers", "met"),
    [
        (503, {"Retry-After": "5"}, True),
        (409, {"Retry-After": "1"}, True),
        (503, {}, False),
        (500, {}, False),
        (422, {}, False),
        (429, {"Retry-After": "5"}, False),
    ],
)
def test_an_order_that_is_refused_without_a_reason_is_seen(status: int, headers: dict[str, str], *, met: bool) -> None:
    answers = Counter([told(httpx.Response(200)), told(httpx.Response(status, headers=headers))])
    assert polite(answers).met is met


def test_orders_that_nobody_takes_are_seen() -> None:
    assert not polite(Counter()).met


def test_only_processes_of_the_bench_that_are_alive_are_chosen_to_be_killed() -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as lives, subprocess.Popen(["/bin/true"]) as died:
        os.waitid(os.P_PID, died.pid, os.WEXITED | os.WNOWAIT)
        found = living({lives.pid, died.pid, os.getppid()}, [os.getpid()])
        lives.kill()
    assert found == [lives.pid]
