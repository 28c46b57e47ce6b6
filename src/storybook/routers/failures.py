"""Every refusal and failure in one form."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from storybook.core.database import passes
from storybook.core.errors import (
    ApiError,
    NoBookOfStranger,
    ObjectMissing,
    StorageError,
    TooManyCalls,
    Unauthenticated,
)
from storybook.routers.deps import refuse_stranger
from storybook.routers.ops_pages import is_for_operator, page
from storybook.routers.problems import sentence
from storybook.schemas.common import ErrorAnswer, ErrorBody

log = structlog.get_logger()

RETRY_SECONDS = 5
FOREIGN_KEY_VIOLATION = "23503"
_OF_THE_FRAMEWORK = {
    404: ("NOT_FOUND", "There is nothing at this address."),
    405: ("METHOD_NOT_ALLOWED", "This address does not take this method."),
    413: ("PAYLOAD_TOO_LARGE", "This is too much at once. Please send less."),
}
_AWAY = ("SERVICE_UNAVAILABLE", "The service is busy for a moment. Please try again.")


def answer(
    status: int,
    code: str,
    message: str,
    *,
    request_id: str,
    details: dict[str, Any] | None = None,
    detail: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error answer; `detail` replaces the message where clients expect the framework's list."""
    body = ErrorAnswer(
        detail=detail or message,
        error=ErrorBody(code=code, message=message, details=details or {}),
        request_id=request_id,
    )
    return JSONResponse(body.model_dump(), status, headers=dict(headers or {}))


def register(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Teaches the application of these routes to answer every kind of error."""
    app.state.api_routes = [route for route in routes if isinstance(route, APIRoute)]
    app.exception_handler(ApiError)(_api_error)
    app.exception_handler(NoBookOfStranger)(_stranger)
    app.exception_handler(RequestValidationError)(_invalid_request)
    app.exception_handler(HTTPException)(_framework_error)
    app.exception_handler(StorageError)(_storage_error)
    app.exception_handler(IntegrityError)(_deleted_meanwhile)
    for away in (DBAPIError, NoConnectionFree, OSError):
        app.exception_handler(away)(_database_away)


def request_id_of(request: Request) -> str:
    return str(request.scope.get("request_id", ""))


async def _api_error(request: Request, error: ApiError) -> JSONResponse:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return answer(
        error.status,
        error.code,
        error.message,
        details=error.details,
        headers=headers,
        request_id=request_id_of(request),
    )


async def _stranger(request: Request, error: NoBookOfStranger) -> JSONResponse:
    try:
        await refuse_stranger(request)
    except TooManyCalls as too_many:
        return await _api_error(request, too_many)
    return await _api_error(request, error)


async def _invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    if wanted := _another_kind_wanted(request, error):
        sentence_of_it = f"Please send this as {wanted}."
        return answer(415, "UNSUPPORTED_MEDIA_TYPE", sentence_of_it, request_id=request_id_of(request))
    problems = [
        {"type": problem["type"], "loc": _plain(problem["loc"]), "msg": sentence(problem)} for problem in error.errors()
    ]
    return answer(
        422,
        "VALIDATION_ERROR",
        f"{_where(problems[0]) or 'The request'} {problems[0]['msg']}.",
        detail=problems,
        details={"errors": problems},
        request_id=request_id_of(request),
    )


def _another_kind_wanted(request: Request, error: RequestValidationError) -> str | None:
    """The media type that the address takes, where a body came as another one."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or route.body_field is None:
        return None
    wanted = str(getattr(route.body_field.field_info, "media_type", ""))
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    about_the_body = any(problem["loc"][0] == "body" for problem in error.errors())
    return wanted if about_the_body and sent and sent != wanted and not sent.endswith("+json") else None


def _where(problem: Mapping[str, Any]) -> str:
    """The field that it is about. What is no JSON has no fields, and is told with the place of a character instead."""
    return "" if problem["type"] == "json_invalid" else ".".join(map(str, problem["loc"][1:]))


def _plain(value: Any) -> Any:
    """What a client may read of a problem; a key that it sent itself may hold what UTF-8 cannot."""
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()[:200]
    return value


async def _framework_error(request: Request, error: HTTPException) -> Response:
    code, message = _OF_THE_FRAMEWORK.get(error.status_code, ("VALIDATION_ERROR", "The request cannot be understood."))
    if is_for_operator(request):
        refused = page("refused", status=error.status_code, said=message)
        refused.headers.update(error.headers or {})
        return refused
    headers = _allowed_methods(request) if error.status_code == 405 else error.headers
    return answer(error.status_code, code, message, headers=headers, request_id=request_id_of(request))


def _allowed_methods(request: Request) -> dict[str, str]:
    """All methods of the address; the framework knows only those of the first route that it finds there."""
    routes: Sequence[APIRoute] = request.app.state.api_routes
    here = [route for route in routes if route.path_regex.match(request.url.path)]
    nearest = min((route.path for route in here), key=lambda path: path.count("{"), default="")
    methods = {method for route in here if route.path == nearest for method in route.methods or ()}
    return {"Allow": ", ".join(sorted(methods) or ["GET", "HEAD"])}


async def _storage_error(request: Request, error: StorageError) -> JSONResponse:
    log.error("storage_failed", exc_info=error)
    if isinstance(error, ObjectMissing):
        return answer(404, "NOT_FOUND", "This file is no longer there.", request_id=request_id_of(request))
    return _unavailable(request)


async def _deleted_meanwhile(request: Request, error: IntegrityError) -> JSONResponse:
    """The account, or what else was to be changed, was deleted by another request while this one was at work."""
    if getattr(error.orig, "sqlstate", None) != FOREIGN_KEY_VIOLATION:
        raise error
    sentence = "What this belongs to was deleted at the same moment. Please look again."
    return answer(409, "CONFLICT", sentence, request_id=request_id_of(request))


async def _database_away(request: Request, error: Exception) -> JSONResponse:
    if not passes(error):
        raise error
    log.error("database_away", exc_info=error)
    return _unavailable(request)


def _unavailable(request: Request) -> JSONResponse:
    code, message = _AWAY
    return answer(503, code, message, headers={"Retry-After": str(RETRY_SECONDS)}, request_id=request_id_of(request))
