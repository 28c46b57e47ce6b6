"""Requests that cost something are done once: the same key and body have the same answer."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel

from storybook.routers.deps import IdempotencyKey, SessionDep, UserId
from storybook.services import idempotency

A = TypeVar("A", bound=BaseModel)

PATIENCE_SECONDS = 5.0


class Turns:
    """Equal requests of this process one after the other; whoever waits holds no connection to the database."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    async def take(self, name: str) -> None:
        lock, waiting = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, waiting + 1)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await lock.acquire()
        except TimeoutError:
            self._leave(name)
            raise idempotency.under_way() from None
        except asyncio.CancelledError:
            self._leave(name)
            raise

    def release(self, name: str) -> None:
        self._locks[name][0].release()
        self._leave(name)

    def _leave(self, name: str) -> None:
        lock, waiting = self._locks[name]
        if waiting == 1:
            del self._locks[name]
        else:
            self._locks[name] = (lock, waiting - 1)


class Turn:
    """A request's own turn; it ends with the request, which is after its transaction."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._name: str | None = None

    async def take(self, name: str) -> None:
        await self._turns.take(name)
        self._name = name

    def release(self) -> None:
        if self._name is not None:
            self._turns.release(self._name)
            self._name = None


async def get_turn(request: Request) -> AsyncIterator[Turn]:
    turn = Turn(request.app.state.turns)
    try:
        yield turn
    finally:
        turn.release()


TurnDep = Annotated[Turn, Depends(get_turn, scope="request")]


class Once:
    """Does a request's work once, in the request's own transaction."""

    def __init__(
        self, request: Request, turn: TurnDep, session: SessionDep, user_id: UserId, key: IdempotencyKey
    ) -> None:
        self._route = f"{request.method} {request.scope['route'].path}"[:80]
        self._path = request.url.path
        self._turn = turn
        self._session = session
        self._user_id = user_id
        self._key = key

    async def __call__(self, body: BaseModel | bytes | None, kind: type[A], work: Callable[[], Awaitable[A]]) -> A:
        """The answer of `work`, or the one that the same request had before.

        Raises Invalid when the key was used for another request, Conflict while the first one is still worked on.
        """
        sent = self._fingerprint(body)
        await self._turn.take("\n".join((self._user_id, self._route, self._key or sent.hex())))
        key, earlier = await idempotency.open_request(self._session, self._user_id, self._route, self._key, sent)
        if earlier is not None:
            return kind.model_validate(earlier)
        answer = await work()
        await self._keep(key, answer)
        return answer

    async def earlier(self, body: BaseModel | bytes | None, kind: type[A]) -> A | None:
        """The answer that the same request had before; for work that has to be prepared outside of a transaction."""
        sent = self._fingerprint(body)
        answer = await idempotency.find_answer(self._session, self._user_id, self._route, self._key, sent)
        return None if answer is None else kind.model_validate(answer)

    async def keep_instead(self, body: BaseModel | bytes | None, answer: BaseModel) -> None:
        """Replays get this answer from now on: it is known only after the first transaction."""
        await self._keep(self._key or f"request:{self._fingerprint(body).hex()}", answer)

    async def _keep(self, key: str, answer: BaseModel) -> None:
        stored = answer.model_dump(mode="json")
        await idempotency.close_request(self._session, self._user_id, self._route, key, stored)

    def _fingerprint(self, body: BaseModel | bytes | None) -> bytes:
        sent = body.model_dump_json().encode() if isinstance(body, BaseModel) else body or b""
        return hashlib.sha256(self._path.encode() + b"\0" + sent).digest()


OnceDep = Annotated[Once, Depends()]
