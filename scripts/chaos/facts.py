"""What was seen in a run: plain values, from witnesses outside of the product where there are any."""

from typing import NamedTuple

WHOLE_BOOK = -1
WAYS_TO_END = ("capture", "release")


class Thing(NamedTuple):
    """What is made once: a step's work on one page of a book, or on the whole of it."""

    book: int
    step: str
    page: int


class Charge(NamedTuple):
    """A line of the vendors' journal."""

    at: float
    kind: str
    thing: Thing


class Write(NamedTuple):
    """One change of a row, as a trigger saw it.

    `writer` is "process:fence" of the claim under which the statement was sent, and empty where there was none; `fence`
    is what the job's row said at that moment. `claimed_by` is the runner that took the job with this write, if it did;
    `was` and `now` are the states of the job where that itself changed, `role` the server that wrote.
    """

    number: int
    at: float
    role: str
    relation: str
    op: str
    thing: Thing
    fence: int
    writer: str = ""
    txn: str = ""
    claimed_by: str = ""
    was: str = ""
    now: str = ""


class Book(NamedTuple):
    number: int
    job_id: str
    status: str
    error: str | None
    fence: int


class Entry(NamedTuple):
    """One line of the ledger; `book` is 0 where it is about none."""

    book: int
    kind: str
    source: str
    target: str
    amount: int


class Facts(NamedTuple):
    """`ordered` holds the numbers of the books by the jobs that were answered with; `hits` is what was being paid for
    in a process when it was killed or stopped, `unsent` what of it had not arrived from one that then went on; `by_id`
    says that the vendor of pictures takes jobs that can be asked for again.
    """

    books: list[Book]
    ordered: dict[str, int]
    writes: list[Write]
    charges: list[Charge]
    hits: list[Thing]
    entries: list[Entry]
    balance: dict[str, int]
    findings: list[str]
    stuck: int = 0
    by_id: bool = True
    unsent: frozenset[Thing] = frozenset()


class Row(NamedTuple):
    """A line of the table."""

    promise: str
    seen: str
    met: bool
