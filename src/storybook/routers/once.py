"""Requests that cost something are done once: the same key and body have the same answer."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel

from storybook.routers.deps import IdempotencyKey, SessionDep, UserId
from storybook.services import idempotency

A = TypeVar("A", bound=BaseModel)


class Once:
    """Does a request's work once, in the request's own transaction."""

    def __init__(self, request: Request, session: SessionDep, user_id: UserId, key: IdempotencyKey) -> None:
        self._route = f"{request.method} {request.scope['route'].path}"[:80]
        self._path = request.url.path
        self._session = session
        self._user_id = user_id
        self._key = key

    async def __call__(self, body: BaseModel | bytes | None, kind: type[A], work: Callable[[], Awaitable[A]]) -> A:
        """The answer of `work`, or the one that the same request had before.

        Raises Invalid when the key was used for another request, Conflict while the first one is still worked on.
        """
        key, earlier = await idempotency.open_request(
            self._session, self._user_id, self._route, self._key, self._fingerprint(body)
        )
        if earlier is not None:
            return kind.model_validate(earlier)
        answer = await work()
        await idempotency.close_request(self._session, self._user_id, self._route, key, answer.model_dump(mode="json"))
        return answer

    def _fingerprint(self, body: BaseModel | bytes | None) -> bytes:
        sent = body.model_dump_json().encode() if isinstance(body, BaseModel) else body or b""
        return hashlib.sha256(self._path.encode() + b"\0" + sent).digest()


OnceDep = Annotated[Once, Depends()]
