"""Who gets to the operator's pages, and with which form something may be changed."""

import hmac
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from storybook.core.database import passes
from storybook.core.errors import ApiError, StorybookError
from storybook.core.operators import OperatorDoor, Visit, digest, form_token_of, new_secret
from storybook.resources import Resources
from storybook.routers.counting import count_stranger
from storybook.routers.deps import address_of, resources_of, sent_token
from storybook.routers.failures import RETRY_SECONDS
from storybook.routers.ops_pages import PATH, page
from storybook.services import operator_visits
from storybook.services.operator_visits import LIFETIME

COOKIE = "storybook_ops"
WITHOUT_NAME = "bearer"
FORM = ("same-origin", "none")
"""What browsers say of a form that was sent from one of our own pages, or typed in by hand."""


class NotSignedIn(StorybookError):
    """Nobody in particular asks for a page of the operator."""


class Forged(StorybookError):
    """A form came from somewhere else, or from an earlier visit."""


class OpsRoute(APIRoute):
    """Answers with a page also where it refuses."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except (ApiError, NotSignedIn, Forged, RequestValidationError) as refusal:
                return _refused(refusal)
            except (DBAPIError, NoConnectionFree, OSError) as error:
                if not passes(error):
                    raise
                away = page("refused", status=503, said="The database does not answer. Run: storybook doctor")
                away.headers["Retry-After"] = str(RETRY_SECONDS)
                return away

        return answer


def _refused(refusal: Exception) -> Response:
    match refusal:
        case NotSignedIn():
            return page("sign_in", status=401, wrong=False)
        case Forged():
            said = "This form is no longer good, or came from another site. Please go back and try again."
            return page("refused", status=403, said=said)
        case ApiError():
            answered = page("refused", status=refusal.status, said=refusal.message)
            if refusal.retry_after:
                answered.headers["Retry-After"] = str(refusal.retry_after)
            return answered
    return page("refused", status=422, said="There is nothing like that here.")


def door_of(request: Request) -> OperatorDoor:
    door: OperatorDoor = request.app.state.operators
    return door


async def proves(request: Request, token: str) -> bool:
    """Whether that is the operator's token. Each try is counted for its network; raises TooManyCalls."""
    await count_stranger(request, address_of(request))
    return door_of(request).opens(token)


async def get_visit(request: Request) -> Visit:
    """The operator who asks, by the cookie of a visit or by the token itself; raises NotSignedIn."""
    if (token := sent_token(request)) is not None:
        if await proves(request, token):
            return Visit(WITHOUT_NAME, "")
        raise NotSignedIn
    secret = request.cookies.get(COOKIE)
    if not secret:
        raise NotSignedIn
    async with resources_of(request).database.reading() as session:
        operator = await operator_visits.operator_of(session, digest(secret), door_of(request).token_hash)
    if operator is None:
        raise NotSignedIn
    return Visit(operator, form_token_of(secret))


VisitDep = Annotated[Visit, Depends(get_visit)]


async def get_changing_visit(
    request: Request, visit: VisitDep, form_token: Annotated[str, Form(max_length=200)] = ""
) -> Visit:
    """The operator who changes something with a form of this very visit; raises Forged.

    Nobody else's page can send the header of a token, so whoever comes with that needs no form of ours.
    """
    refuse_other_sites(request)
    if sent_token(request) is None and not hmac.compare_digest(form_token.encode(), visit.form_token.encode()):
        raise Forged
    return visit


ChangingVisitDep = Annotated[Visit, Depends(get_changing_visit)]


def refuse_other_sites(request: Request) -> None:
    """Raises Forged for a form that the browser says another site has sent."""
    if request.headers.get("Sec-Fetch-Site", FORM[0]) not in FORM:
        raise Forged


async def begin_visit(response: Response, request: Request, operator: str) -> None:
    """Sets the cookie of a visit. No script can read it, and no other site can make the browser send it."""
    secret, token_hash = new_secret(), door_of(request).token_hash
    async with resources_of(request).database.session() as session:
        await operator_visits.admit(session, digest(secret), token_hash, operator)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(LIFETIME.total_seconds()),
        path=PATH,
        secure=_is_encrypted(request, resources_of(request)),
        httponly=True,
        samesite="strict",
    )


async def end_visit(response: Response, request: Request) -> None:
    """The cookie opens nothing any more, wherever else it has got to."""
    async with resources_of(request).database.session() as session:
        await operator_visits.end(session, digest(request.cookies.get(COOKIE, "")))
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")


def _is_encrypted(request: Request, resources: Resources) -> bool:
    return request.url.scheme == "https" or resources.settings.in_production
