"""The errors that operations can answer with, as the API's document describes them."""

from typing import Any, NamedTuple

from storybook.schemas.common import ErrorAnswer, ErrorBody

Answers = dict[int | str, dict[str, Any]]


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
    422: _Refusal(
        "The key is missing, or a part of the request is not what it has to be; `detail` then lists every problem",
        "VALIDATION_ERROR",
        "topic: String should have at least 1 character",
    ),
    503: _Refusal(
        "The service is busy or something behind it is away; `Retry-After` says when to come back",
        "SERVICE_UNAVAILABLE",
        "The service is busy for a moment. Please try again.",
    ),
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}}


def errors(*more: int) -> Answers:
    """The errors of an operation with a user: those that all of them have, and `more` by their statuses."""
    return {status: _answer(status, _REFUSALS[status]) for status in sorted({400, 422, 503, *more})}


def _answer(status: int, refusal: _Refusal) -> dict[str, Any]:
    example = ErrorAnswer(
        detail=refusal.message,
        error=ErrorBody(code=refusal.code, message=refusal.message),
        request_id="6f1d2c3b4a596877",
    )
    headers = {"headers": _RETRY_AFTER} if status == 503 else {}
    return {
        "model": ErrorAnswer,
        "description": refusal.description,
        "content": {"application/json": {"example": example.model_dump()}},
        **headers,
    }
