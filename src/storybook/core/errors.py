"""The one tree of errors.

StorybookError
├── ApiError               answered over HTTP as `{detail, error{code, message, details}, request_id}`
│   └── NotFound · Invalid · BadRequest · Unauthenticated · PaymentRequired · Conflict · Unavailable, and closer kinds
├── JobFailed              ends a job with a code of the wire contract
├── JobParked              the job has to wait for a vendor, the storage or the machine, in the queue
│   └── JobLeft            another process goes on with it at once
├── ProviderError          a vendor could not do what was asked
│   ├── VendorAway         it is known to be away, and was not asked
│   └── Leaving            this process is told to stop, and asks nobody any more
├── StorageError           pictures and files could not be stored or read
│   └── ObjectMissing
├── BrokerAway             workers could not be told of jobs
├── LeaseLost              somebody else owns this job now
├── WordsChanged           a page has other words by now than those that were worked on
└── SetupError             one line for the operator, at start
"""

from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Why a job failed: the codes of the wire contract, SERVICE_BUDGET_EXCEEDED, and CANCELLED by the reader."""

    SAFETY_INPUT = "SAFETY_INPUT"
    SAFETY_OUTPUT = "SAFETY_OUTPUT"
    LLM_TIMEOUT = "LLM_TIMEOUT"
    LLM_JSON_INVALID = "LLM_JSON_INVALID"
    IMAGE_TIMEOUT = "IMAGE_TIMEOUT"
    IMAGE_RATE_LIMIT = "IMAGE_RATE_LIMIT"
    IMAGE_FAILED = "IMAGE_FAILED"
    STORAGE_UPLOAD_FAILED = "STORAGE_UPLOAD_FAILED"
    DB_WRITE_FAILED = "DB_WRITE_FAILED"
    QUEUE_FAILED = "QUEUE_FAILED"
    SERVICE_BUDGET_EXCEEDED = "SERVICE_BUDGET_EXCEEDED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


class StorybookError(Exception):
    """The root. `str(error)` is one plain sentence."""


class SetupError(StorybookError):
    """The service cannot start as it is set up; the sentence says what is wrong and what to do.

    `mend` is a command that mends it or shows more of it, where one is known.
    """

    def __init__(self, said: str, mend: str = "") -> None:
        super().__init__(said)
        self.mend = mend


class StorageError(StorybookError):
    """The storage could not do what was asked."""


class ObjectMissing(StorageError):
    """There is no object under this key."""


class BrokerAway(StorybookError):
    """What carries messages to workers cannot be reached, or refuses. Jobs wait in their table meanwhile."""


class LeaseLost(StorybookError):
    """The job is no longer ours: it ended, or another runner took it over."""


class WordsChanged(StorybookError):
    """A page has other words by now than those that were worked on."""


class Charged(StrEnum):
    """Whether a call that failed was paid for. After `maybe` nobody knows, and asking again may pay twice."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


class ProviderError(StorybookError):
    """A provider failed; `code` is what the job ends with, `retryable` says whether another try may help.

    `retry_after` is how many seconds the provider wants to be left alone for. `away` says that nobody asks it before
    they are over, and that it charged nothing: whoever waits for that uses up no try. `kept` says that it has accepted
    what was ordered under an id that is written down: whoever asks again asks for that, and nothing is paid for anew.
    Logs say whose failure it is and, where they are known, its HTTP `status` and its `reason` in one word.
    """

    away = kept = False
    provider = reason = ""
    status: int | None = None

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode,
        retryable: bool = False,
        charged: Charged = Charged.NO,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.charged = charged
        self.retry_after = retry_after


class VendorAway(ProviderError):
    """The vendor is known to be away and was not asked; `retry_after` says when it is asked again."""

    away = True


class Leaving(ProviderError):
    """Nobody was asked for what costs something, since this process is told to stop: another one asks."""

    def __init__(self) -> None:
        super().__init__("this process is told to stop", code=ErrorCode.UNKNOWN)


class JobParked(StorybookError):
    """The job cannot go on before `seconds` have passed; `code` is what it ends with where that is too long."""

    def __init__(self, seconds: float, code: ErrorCode) -> None:
        super().__init__(f"waits {seconds:.1f} s")
        self.seconds = seconds
        self.code = code


class JobLeft(JobParked):
    """The process is told to stop: another one goes on with the job at once. That uses up no patience."""

    def __init__(self) -> None:
        super().__init__(0.0, ErrorCode.UNKNOWN)


class JobFailed(StorybookError):
    """The job cannot go on; `code` is of the wire contract, the reader is told the code's own sentence."""

    def __init__(self, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class ApiError(StorybookError):
    """A refusal that a caller reads: `status`, a stable `code`, a sentence, and details without internals."""

    status = 500
    code = "INTERNAL_ERROR"

    def __init__(self, message: str, *, details: dict[str, Any] | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}
        self.retry_after = retry_after


class NotFound(ApiError):
    status = 404
    code = "NOT_FOUND"


class NoSuchBook(NotFound):
    """The same for a book or job that never was, that is gone, and that is somebody else's."""

    def __init__(self) -> None:
        super().__init__("There is no such book. Please check your library.")


class NoBookOfStranger(NoSuchBook):
    """The same to read; the key that asks for it is nobody's."""


class NoSuchAccount(NotFound):
    """The account was deleted, or never was."""

    def __init__(self) -> None:
        super().__init__("There is no account for this. Nothing is kept of it.")


class Invalid(ApiError):
    status = 422
    code = "VALIDATION_ERROR"


class BadRequest(ApiError):
    status = 400
    code = "VALIDATION_ERROR"


class Unauthenticated(ApiError):
    """Whoever asks has not shown who it is; the sentence says how to."""

    status = 401
    code = "UNAUTHENTICATED"


class TokenExpired(Unauthenticated):
    """The one refusal that a client heals by itself: it refreshes and asks again."""

    code = "TOKEN_EXPIRED"

    def __init__(self) -> None:
        super().__init__("The access token has expired. Please get a new one at POST /v1/auth/refresh.")


class TokenRequired(Unauthenticated):
    code = "TOKEN_REQUIRED"

    def __init__(self) -> None:
        super().__init__("A key alone opens nothing here. Please sign in with it at POST /v1/auth/device.")


SIGN_IN_AGAIN = "Please sign in with the app's key alone at POST /v1/auth/device; without it, that makes a new account."


class UnknownToken(Unauthenticated):
    """Somebody tries out refresh tokens."""

    def __init__(self) -> None:
        super().__init__(f"This refresh token is not known. {SIGN_IN_AGAIN}")


class KeyRetired(Unauthenticated):
    """The key was exchanged for tokens: it signs devices in, and opens nothing else."""

    code = "KEY_RETIRED"

    def __init__(self) -> None:
        super().__init__(
            "This key was exchanged for tokens. Please send the access token of this device, "
            "or sign the device in with the key at POST /v1/auth/device."
        )


class PaymentRequired(ApiError):
    status = 402
    code = "PAYMENT_REQUIRED"


class GiftLater(PaymentRequired):
    """The welcome gift is still to come: the user's network has had all of today's."""

    code = "GIFT_LATER"


class Conflict(ApiError):
    status = 409
    code = "CONFLICT"


class AlreadyRefreshed(Conflict):
    code = "ALREADY_REFRESHED"

    def __init__(self) -> None:
        super().__init__("Another request has just refreshed this device. Please use the tokens that it got.")


class Unavailable(ApiError):
    status = 503
    code = "SERVICE_UNAVAILABLE"


class TooManyCalls(ApiError):
    status = 429
    code = "RATE_LIMIT_EXCEEDED"


class DailyBooksReached(ApiError):
    status = 429
    code = "DAILY_BOOKS_REACHED"


class DailyWorkReached(ApiError):
    status = 429
    code = "DAILY_WORK_REACHED"


class PendingBooksReached(ApiError):
    status = 429
    code = "PENDING_BOOKS_REACHED"


class PendingWorkReached(ApiError):
    status = 429
    code = "PENDING_WORK_REACHED"


class ServiceFull(Unavailable):
    code = "SERVICE_FULL"


class BudgetExceeded(Unavailable):
    code = ErrorCode.SERVICE_BUDGET_EXCEEDED
