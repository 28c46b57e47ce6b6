"""The errors that operations can answer with, as the API's document describes them."""

from typing import Any, NamedTuple

from storybook.core.errors import SIGN_IN_AGAIN
from storybook.schemas.common import ErrorAnswer, ErrorBody

Answers = dict[int | str, dict[str, Any]]

NOTHING_NEEDED: dict[str, Any] = {"security": [{}]}
"""For operations that answer everybody; those that may be sent a key or token all the same say so beside it."""

OWN_KEY_OR_TOKEN: dict[str, Any] = {"security": [{"AccessToken": []}, {"UserKey": []}]}
"""For operations that read who asks by themselves."""


class _Refusal(NamedTuple):
    description: str
    code: str
    message: str


_REFUSALS = {
    400: _Refusal(
        "The key or the request cannot be used as it is",
        "VALIDATION_ERROR",
        "The header X-User-Key must have 10 to 80 characters.",
    ),
    401: _Refusal(
        "The access token or key does not open this, or no longer; `TOKEN_EXPIRED` asks for a refresh",
        "UNAUTHENTICATED",
        f"This device is signed out. {SIGN_IN_AGAIN}",
    ),
    402: _Refusal(
        "No credits are left",
        "PAYMENT_REQUIRED",
        "You have no credits left. Please add credits to make another book.",
    ),
    404: _Refusal(
        "There is no such thing, or it is somebody else's",
        "NOT_FOUND",
        "There is no such book. Please check your library.",
    ),
    409: _Refusal(
        "Not possible in the state that things are in",
        "CONFLICT",
        "The same request is being worked on. Please ask again in a moment.",
    ),
    413: _Refusal(
        "More than the service takes at once",
        "PAYLOAD_TOO_LARGE",
        "This is too much at once. Please send less.",
    ),
    415: _Refusal(
        "The body came as another media type than the one that is taken here",
        "UNSUPPORTED_MEDIA_TYPE",
        "Please send this as application/json.",
    ),
    422: _Refusal(
        "The key is missing, or a part of the request is not what it has to be; `detail` then lists every problem",
        "VALIDATION_ERROR",
        "topic must have at least 1 character(s).",
    ),
    429: _Refusal(
        "More than one may ask for at once; `error.code` says of what, `Retry-After` when to come back",
        "RATE_LIMIT_EXCEEDED",
        "These are too many requests at once. Please try again in 12 seconds.",
    ),
    503: _Refusal(
        "The service is busy or something behind it is away; `Retry-After` says when to come back",
        "SERVICE_UNAVAILABLE",
        "The service is busy for a moment. Please try again.",
    ),
}
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}}


def errors(*more: int) -> Answers:
    """The errors of an operation with a user: those that all of them have, and `more` by their statuses.

    What takes a body can refuse it as too large (413), and then also as of another kind (415).
    """
    of_a_body = {415} if 413 in more else set()
    every = sorted({400, 401, 422, 429, 503, *more} | of_a_body)
    return {status: _answer(status, _REFUSALS[status]) for status in every}


def _answer(status: int, refusal: _Refusal) -> dict[str, Any]:
    example = ErrorAnswer(
        detail=refusal.message,
        error=ErrorBody(code=refusal.code, message=refusal.message),
        request_id="6f1d2c3b4a596877",
    )
    headers = {"headers": RETRY_AFTER} if status in {409, 429, 503} else {}
    return {
        "model": ErrorAnswer,
        "description": refusal.description,
        "content": {"application/json": {"example": example.model_dump()}},
        **headers,
    }
