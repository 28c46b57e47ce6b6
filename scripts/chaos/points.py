"""The named points at which a process is killed: for each step of a book, each moment of its work."""

from enum import StrEnum
from typing import NamedTuple

from scripts.chaos.witness import Wanted
from tests.simulator.faults import Fault

PAGE = 3
WHOLE_BOOK, UNJUDGED = -1, -2


class Point(StrEnum):
    BEFORE_INTENT = "before the intent"
    AFTER_INTENT = "after the intent"
    AFTER_POST = "after the POST was accepted"
    AFTER_ID = "after the id was stored"
    AFTER_BYTES = "after the bytes were stored"
    BEFORE_COMMIT = "before the step's commit"
    AFTER_COMMIT = "after the step's commit"
    BEFORE_CAPTURE = "before the capture"
    AFTER_CAPTURE = "after the capture"


class Step(NamedTuple):
    """Where the result of a step is stored, and the call that it pays for, if it does."""

    letter: str
    name: str
    page: int
    table: str = "step_artifacts"
    kind: str = ""
    sign: str = ""
    """What the call's body holds; the book's number goes in."""


STEPS = (
    Step("A", "normalize", WHOLE_BOOK),
    Step("B", "moderate_input", WHOLE_BOOK, kind="moderation", sign="number {book}"),
    Step("C", "generate_story", WHOLE_BOOK, kind="text", sign="number {book}"),
    Step("D", "generate_character_sheet", WHOLE_BOOK, kind="text", sign="sign {book}"),
    Step("E", "generate_image_prompts", PAGE, table="image_prompts"),
    Step("F", "generate_images", PAGE, kind="image", sign="sign {book}-3"),
    Step("G", "moderate_output", PAGE, kind="moderation"),
    Step("H", "package", WHOLE_BOOK, table="books"),
)


class Ambush(NamedTuple):
    """Where a process is waited for: a write that is held up, a call that the vendor holds, or the book's end.

    With `undone` the write that waits is rolled back once the process is dead; else it is committed, and nobody is
    told. `stands_for` says what is meant where a step has no such moment.
    """

    wanted: Wanted | None = None
    fault: Fault | None = None
    undone: bool = True
    stands_for: str = ""


def ambush_at(step: Step, point: Point, book: int) -> list[Ambush]:
    """Where the process that makes this book is killed; twice where the second one is the capture of a book whose step
    was hit before.
    """
    if point in {Point.BEFORE_CAPTURE, Point.AFTER_CAPTURE}:
        return _at_capture(step, point, book)
    if step.kind:
        return [_at_call(step, point, book)]
    return [_at_package(point, book) if step.letter == "H" else _at_free(step, point, book)]


def _at_call(step: Step, point: Point, book: int) -> Ambush:
    call, is_picture = {"step": step.name, "page": step.page}, step.kind == "image"
    answered = Wanted("provider_calls", "UPDATE", "BEFORE", call | {"outcome": "ok"}, book=book)
    accepted = Wanted("provider_calls", "UPDATE", "AFTER", call, "vendor_id", book)
    return {
        Point.BEFORE_INTENT: Ambush(Wanted("provider_calls", "INSERT", "BEFORE", call, book=book)),
        Point.AFTER_INTENT: Ambush(fault=Fault.HANG_BEFORE),
        Point.AFTER_POST: Ambush(fault=Fault.HANG),
        Point.AFTER_ID: Ambush(accepted, undone=False)
        if is_picture
        else Ambush(answered, stands_for="the answer is there, and not noted"),
        Point.AFTER_BYTES: Ambush(
            _stored(step, "BEFORE", book),
            stands_for="" if is_picture else "the answer is noted, and nothing made of it",
        ),
        Point.BEFORE_COMMIT: Ambush(_stored(step, "AFTER", book)),
        Point.AFTER_COMMIT: Ambush(_stored(step, "AFTER", book), undone=False),
    }[point]


def _at_free(step: Step, point: Point, book: int) -> Ambush:
    """Steps that ask nobody: the moments lie between the step's begin, as the reader sees it, and its artifact."""
    shown = {"current_step": step.name}
    match point:
        case Point.BEFORE_INTENT:
            return Ambush(Wanted("jobs", "UPDATE", "BEFORE", shown, book=book), stands_for="before it is shown")
        case Point.AFTER_INTENT:
            return Ambush(
                Wanted("jobs", "UPDATE", "AFTER", shown, book=book), undone=False, stands_for="after it is shown"
            )
        case Point.AFTER_POST:
            return Ambush(_stored(step, "BEFORE", book), stands_for="its result is there, and not stored")
        case Point.AFTER_ID:
            return Ambush(_stored(step, "BEFORE", book), undone=False, stands_for="its result is on its way")
        case Point.AFTER_BYTES:
            return Ambush(_stored(step, "AFTER", book), stands_for="its result is stored, and not committed")
    return Ambush(_stored(step, "AFTER", book), undone=point is Point.BEFORE_COMMIT)


def _at_package(point: Point, book: int) -> Ambush:
    """The last step is one transaction with the end of the job and the capture."""
    done = Wanted("jobs", "UPDATE", "AFTER", {"status": "done"}, book=book)
    shown = {"current_step": "package"}
    return {
        Point.BEFORE_INTENT: Ambush(
            Wanted("jobs", "UPDATE", "BEFORE", shown, book=book), stands_for="before it is shown"
        ),
        Point.AFTER_INTENT: Ambush(
            Wanted("jobs", "UPDATE", "AFTER", shown, book=book), undone=False, stands_for="after it is shown"
        ),
        Point.AFTER_POST: Ambush(Wanted("books", "INSERT", "BEFORE", {}, book=book), stands_for="before its first row"),
        Point.AFTER_ID: Ambush(Wanted("books", "INSERT", "AFTER", {}, book=book), stands_for="after the book's row"),
        Point.AFTER_BYTES: Ambush(
            Wanted("pages", "INSERT", "AFTER", {"page_number": PAGE}, book=book), stands_for="after a page's row"
        ),
        Point.BEFORE_COMMIT: Ambush(done),
        Point.AFTER_COMMIT: Ambush(stands_for="the book is done"),
    }[point]


def _at_capture(step: Step, point: Point, book: int) -> list[Ambush]:
    capture = {"transaction_type": "capture"}
    moment = "BEFORE" if point is Point.BEFORE_CAPTURE else "AFTER"
    last = Ambush(Wanted("credit_transactions", "INSERT", moment, capture, book=book))
    if step.letter == "H":
        return [last]
    if point is Point.AFTER_CAPTURE:
        last = Ambush()
    hit = _at_call(step, Point.AFTER_COMMIT, book) if step.kind else _at_free(step, Point.AFTER_COMMIT, book)
    return [hit, last._replace(stands_for="of a book whose step was hit")]


def _stored(step: Step, moment: str, book: int) -> Wanted:
    if step.table == "image_prompts":
        return Wanted("image_prompts", "INSERT", moment, {"page_number": step.page}, book=book)
    page = UNJUDGED if step.letter == "C" else step.page
    return Wanted("step_artifacts", "INSERT", moment, {"step": step.name, "page_number": page}, book=book)
