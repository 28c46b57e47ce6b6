"""What an operator does about one job, and what comes of it."""

from enum import StrEnum
from typing import NamedTuple

from storybook.core.errors import ErrorCode

NOT_OURS = (ErrorCode.CANCELLED, ErrorCode.SAFETY_INPUT)
"""Codes of jobs that ended as they should: nobody has to look, and whether to try again is for the reader to say."""


class Action(StrEnum):
    """`retry` tries a failed job's order again, `cancel` stops an unfinished job, `refund` pays a done one back."""

    RETRY = "retry"
    CANCEL = "cancel"
    REFUND = "refund"


class Result(StrEnum):
    DONE = "done"
    REFUSED = "refused"


class Taken(NamedTuple):
    """What was done: the job that tries again, or the credits that went back to the user."""

    user_id: str
    new_job_id: str | None = None
    credits: int = 0


def refund_of(job_id: str) -> str:
    """The reason that the ledger keeps with the credits of a refund."""
    return f"refund of {job_id}"
