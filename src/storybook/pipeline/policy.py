"""How long each step may take, how often it is tried and how long it waits in between: all of it in one table."""

import random
from typing import NamedTuple

from storybook.core.errors import Charged, ErrorCode, JobFailed, JobParked, ObjectMissing, ProviderError, StorageError
from storybook.core.settings import Settings
from storybook.domain.calls import PAID_TRIES
from storybook.domain.jobs import Step
from storybook.providers.http import CallFailed

STORAGE_WAITS = (1.0, 2.0, 5.0, 10.0, *(20.0,) * 5)
"""Seconds before each further try to store what was paid for and is only in memory."""
STORAGE_SECONDS = 120.0
"""For all of these tries together, however long each of them hangs."""
STORAGE_REST = 20.0
"""Seconds that a job rests in the queue whose storage is away."""
MACHINE_REST = 20.0
"""The same where a machine can start no process, or read no file."""

MAX_WAIT_IN_PLACE = 20.0
"""Seconds; whoever has to wait longer goes back into the queue."""
TURN_SECONDS = 30.0
"""So long a step may wait for its turns with vendors, beside its tries at their longest."""


class Wait(NamedTuple):
    """`in_place`, or else in the queue."""

    seconds: float
    in_place: bool


class Policy(NamedTuple):
    """`timeout` is in seconds for each call; `waits` are the most seconds before each further try, which makes up to
    `calls` one after the other.

    A job whose tries have all failed without a charge, since a vendor is away, waits for `rest` seconds in the queue.
    `pause` is for how many seconds in all a vendor that is left alone is waited for in place.
    `no_verdict` ends a step whose judge says nothing, where only a verdict can say that something is not safe.
    """

    timeout: float
    waits: tuple[float, ...]
    on_timeout: ErrorCode
    rest: float = 20.0
    pause: float = 4.0
    calls: int = 1
    no_verdict: ErrorCode | None = None

    @property
    def attempts(self) -> int:
        return len(self.waits) + 1

    @property
    def deadline(self) -> float:
        """Seconds after which a step has ended, or its job waits in the queue."""
        return self.attempts * self.calls * self.timeout + sum(self.waits) + TURN_SECONDS

    def code_of(self, error: ProviderError) -> ErrorCode:
        """What the job ends with when the error is the last."""
        silent = self.no_verdict if error.code is ErrorCode.SAFETY_OUTPUT else None
        return silent or error.code


class Tries:
    """Counts the tries of one step; the waits have full jitter. A vendor that is away uses up none of them, nor does
    one that has accepted an order and hands nothing out now: the job waits for that in the queue.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._made = 0
        self._paid = 0
        self._paused = 0.0

    def wait_after(self, error: ProviderError) -> Wait | None:
        """How to wait before the next try; None when there is none."""
        asked = error.retry_after or 0.0
        if error.away:
            self._paused += asked
            return Wait(asked, in_place=self._paused <= self._policy.pause)
        if error.kept and error.retryable:
            return Wait(max(self._policy.rest, asked), in_place=False)
        self._made += 1
        self._paid += error.charged is not Charged.NO
        if error.retryable and self._made < self._policy.attempts and self._paid < PAID_TRIES:
            seconds = max(random.uniform(0, self._policy.waits[self._made - 1]), asked)
            return Wait(seconds, in_place=seconds <= MAX_WAIT_IN_PLACE)
        if isinstance(error, CallFailed) and error.retryable and error.charged is Charged.NO:
            return Wait(max(self._policy.rest, asked), in_place=False)
        return None


def without_storage(error: StorageError) -> JobFailed | JobParked:
    """What becomes of a job whose storage fails: it waits, except for an object that is gone for good."""
    if isinstance(error, ObjectMissing):
        return JobFailed(ErrorCode.STORAGE_UPLOAD_FAILED, "a stored object is gone")
    return JobParked(STORAGE_REST, ErrorCode.STORAGE_UPLOAD_FAILED)


def for_the_job(cause: BaseException) -> BaseException:
    """What it means for a job that the storage, or something else of this machine, fails: it may be well later, or on
    another machine. All else stays as it is.
    """
    if isinstance(cause, StorageError):
        return without_storage(cause)
    if isinstance(cause, OSError) and not isinstance(cause, TimeoutError):
        parked = JobParked(MACHINE_REST, ErrorCode.UNKNOWN)
        parked.__cause__ = cause
        return parked
    return cause


def policies(settings: Settings) -> dict[Step, Policy]:
    """The table; its numbers are those of the wire contract. Steps that ask nobody have no row."""
    llm, image = settings.llm_timeout, settings.image_timeout
    image_waits = (2.0, *(5.0 for _ in range(settings.image_max_retries)))[: settings.image_max_retries - 1]
    return {
        Step.MODERATE_INPUT: Policy(llm, (2, 5), ErrorCode.LLM_TIMEOUT, calls=2, no_verdict=ErrorCode.LLM_TIMEOUT),
        Step.GENERATE_STORY: Policy(llm, (2, 5), ErrorCode.LLM_TIMEOUT, calls=2),
        Step.GENERATE_CHARACTER_SHEET: Policy(llm, (2,), ErrorCode.LLM_TIMEOUT, calls=2),
        Step.GENERATE_IMAGES: Policy(image, image_waits, ErrorCode.IMAGE_TIMEOUT),
        Step.MODERATE_OUTPUT: Policy(10, (2,), ErrorCode.LLM_TIMEOUT, no_verdict=ErrorCode.LLM_TIMEOUT),
        Step.PACKAGE: Policy(30, (2,), ErrorCode.DB_WRITE_FAILED),
        Step.NARRATE: Policy(60, (2, 5), ErrorCode.UNKNOWN),
        Step.DESCRIBE_PICTURES: Policy(llm, (2, 5), ErrorCode.LLM_TIMEOUT, calls=2),
    }
