"""Painters of vendors that take a job, hand out its id and are asked again until the picture is there.

The id is written down before the first look. Looking is free and may be repeated: after a failure, and by the next
process, which goes on with what was accepted instead of paying for it again. So a job is never cancelled either.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import httpx

from storybook.core.endings import to_its_end
from storybook.core.errors import Charged
from storybook.domain.calls import Kind, Outcome, code_of
from storybook.domain.pictures import Picture
from storybook.domain.story import PORTRAIT
from storybook.providers import about
from storybook.providers.base import PictureRequest
from storybook.providers.fetch import Fetcher, NotFetched, Trouble, sources_of
from storybook.providers.http import MALFORMED, CallFailed, exchange, passes, refusal, send, unusable
from storybook.providers.language import Terms
from storybook.providers.line import Call
from storybook.providers.lost_orders import Order, Page, PastJobs, Read, Span, is_id
from storybook.providers.pace import Pace, Wait, wait_between_looks
from storybook.providers.painting import Drawing, Easel, References, drawing_of, finished, spoiled

MAX_LOOKING_SECONDS = 600.0
LOOK_SECONDS = 5.0
"""A look that takes longer is made anew."""
PATIENCE = 6.0
"""Seconds: whoever looks or fetches in vain for so long gives the turn back, and asks by the id later."""
ORDER_SECONDS = 3.0
"""How long whoever is stopped waits for the answer to an order that is on its way."""

Json = Any


class Look(Protocol):
    async def __call__(self, path: str, *, is_final: Callable[[httpx.Response], bool] = ...) -> Json:
        """What a path of the vendor's answers. Failures that may pass are waited out, unless one `is_final`. Raises
        `Unfit` for a status other than 2xx.
        """
        ...


class Unfit(Exception):
    """The vendor answers a look with an error, and goes on doing so."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"answered {response.status_code}")
        self.status = response.status_code
        self.response = response


class Queue(Protocol):
    """How a vendor is asked. `free_of_charge` says that a job without a result costs nothing; `lists_at_once` that its
    list names jobs from their order on, not from their end.
    """

    takes_reference: bool
    free_of_charge: bool
    lists_at_once: bool
    headers: dict[str, str]

    def order(self, drawing: Drawing) -> Order: ...

    def id_in(self, answer: Json) -> Json:
        """The id of the job that this answer accepts."""
        ...

    async def listed(self, path: str, span: Span, after: str | None, read: Read, /) -> Page:
        """A page of the jobs that were asked for at a path in the time; the first one without what leads to it.

        Raises one of `lost_orders.UNREADABLE` for a list that is malformed.
        """
        ...

    async def find(self, job: str, look: Look) -> str | None:
        """Where the picture is; None while it is being drawn. Raises NotDrawn when there will be none."""
        ...


class NotDrawn(Exception):
    """The vendor gave the job up. `started` says whether it worked on it, `refused` that it would do so again."""

    def __init__(self, *, started: bool = True, refused: bool = False) -> None:
        super().__init__("not drawn")
        self.started = started
        self.refused = refused


class QueuedPainter:
    """One vendor's queue as a painter."""

    def __init__(
        self, easel: Easel, queue: Queue, terms: Terms, *, wait: Wait = wait_between_looks, patience: float = PATIENCE
    ) -> None:
        self._vendor = easel.line.vendor
        self.name = self._vendor.name
        self.takes_reference = queue.takes_reference
        self._easel = easel
        self._queue = queue
        self._references = References(easel.cpu) if queue.takes_reference else None
        self._terms = terms
        self._past = PastJobs(easel, queue.headers, queue.listed, lists_at_once=queue.lists_at_once)
        self._wait = wait
        self._patience = patience
        self._pace = Pace(wait)
        self._fetcher = Fetcher(sources_of(self._vendor))

    async def draw(self, request: PictureRequest) -> Picture:
        picture = await self._drawn(request)
        if self._references and request.prompt.page_number == PORTRAIT:
            self._references.expect(picture)
        return picture

    async def _drawn(self, request: PictureRequest) -> Picture:
        line, bill = self._easel.line, self._terms.price.pictures()
        if before := await self._before(request):
            number, job = before
            async with line.resumed(number, bill.micro_dollars) as call:
                return await self._collect(call, job, request, Pace(self._wait))
        order = await self._order_for(request)
        async with line.call(self._terms.model, bill.micro_dollars) as call:
            job = await self._accepted(order, call)
            return await self._collect(call, job, request, self._pace)

    async def unfinished(self, request: PictureRequest) -> bool:
        """Whether the vendor has accepted the present picture before."""
        return await self._before(request) is not None

    async def _before(self, request: PictureRequest) -> tuple[int, str] | None:
        """Number and id of an earlier order of this picture, which nobody has."""
        line = self._easel.line
        if before := await line.accepted_before():
            return before
        return await self._past.found_again(lambda: self._order_for(request))

    async def _order_for(self, request: PictureRequest) -> Order:
        return self._queue.order(await drawing_of(request, self._references, hides_names=self._easel.hides_names))

    async def _accepted(self, order: Order, call: Call) -> str:
        """The id of the job, once it is written down. Who is stopped meanwhile waits a moment for that: a job that was
        accepted and whose id nobody knows is paid for in vain.
        """
        ordering = asyncio.ensure_future(self._ordered(order, call))
        try:
            return await asyncio.shield(ordering)
        except asyncio.CancelledError:
            with suppress(TimeoutError):
                async with asyncio.timeout(0 if about.time_is_up() else ORDER_SECONDS):
                    await asyncio.gather(ordering, return_exceptions=True)
            raise

    async def _ordered(self, order: Order, call: Call) -> str:
        job = await self._order(order)
        await to_its_end(call.accepted(job))
        return job

    async def _order(self, order: Order) -> str:
        request = self._request("POST", order.path, json=order.body)
        try:
            answer = (await send(self._easel.client, request, self._vendor, Kind.IMAGE)).json()
            job = self._queue.id_in(answer)
        except MALFORMED:
            job = None
        if not is_id(job):
            raise self._unknown("the answer to the order names no job")
        return str(job)

    async def _collect(self, call: Call, job: str, request: PictureRequest, pace: Pace) -> Picture:
        address = await self._found(job, pace)
        call.costs(self._terms.price.pictures())
        return await finished(await self._fetched(address), request, self._vendor)

    async def _found(self, job: str, pace: Pace) -> str:
        began, missed = time.monotonic(), None
        await asyncio.sleep(pace.until_look(0.0))
        while (elapsed := time.monotonic() - began) < MAX_LOOKING_SECONDS:
            try:
                address = await self._queue.find(job, self._look)
            except NotDrawn as end:
                raise self._given_up(end) from None
            except Unfit as error:
                if error.status in {404, 410}:
                    raise spoiled("the job is not known any more", self._vendor) from None
                raise self._shut_out(error.response) from None
            except MALFORMED:
                raise spoiled("the result is malformed", self._vendor) from None
            if address is not None:
                pace.learn(elapsed, missed)
                return address
            missed = elapsed
            await asyncio.sleep(pace.until_look(elapsed))
        raise self._unknown("the picture took too long")

    async def _look(self, path: str, *, is_final: Callable[[httpx.Response], bool] = lambda _: False) -> Json:
        began = time.monotonic()
        while True:
            failure = self._unknown("nobody says how far the picture is")
            try:
                response = await self._asked(path)
                if response.is_success:
                    return response.json()
                if not passes(response.status_code) or is_final(response):
                    raise Unfit(response)
                failure = self._shut_out(response)
            except (CallFailed, TimeoutError, ValueError, RecursionError) as error:
                if isinstance(error, CallFailed) and error.charged is Charged.YES:
                    raise  # what is too large is so at the next look, too
            elapsed = time.monotonic() - began
            pause = max(self._wait(elapsed), failure.retry_after or 0.0)
            if elapsed + pause > self._patience:
                raise failure
            await asyncio.sleep(pause)

    async def _asked(self, path: str) -> httpx.Response:
        async with asyncio.timeout(LOOK_SECONDS):
            return await exchange(self._easel.client, self._request("GET", path), self._vendor, Kind.IMAGE)

    async def _fetched(self, address: str) -> bytes:
        began = time.monotonic()
        while True:
            try:
                return await self._fetcher.fetch(address)
            except NotFetched as error:
                if error.trouble is not Trouble.AWAY or time.monotonic() - began >= self._patience:
                    raise self._not_fetched(error) from None
            await asyncio.sleep(self._wait(0.0))

    def _not_fetched(self, error: NotFetched) -> CallFailed:
        """A picture that is still there is fetched by the next try; one that may not be fetched never is."""
        match error.trouble:
            case Trouble.GONE:
                return spoiled(str(error), self._vendor)
            case Trouble.AWAY:
                return self._unknown(str(error))
            case _:
                return unusable(str(error), self._vendor, Kind.IMAGE)

    def _request(self, method: str, path: str, **content: Json) -> httpx.Request:
        address = f"{self._vendor.base_url}/{path}"
        return self._easel.client.build_request(method, address, headers=self._queue.headers, **content)

    def _given_up(self, end: NotDrawn) -> CallFailed:
        """Whether a job without a result is charged is the vendor's rule; see its queue."""
        free = self._queue.free_of_charge or not end.started
        return CallFailed(
            f"{self.name} did not draw it",
            outcome=Outcome.REFUSED if end.refused else Outcome.FAILED if free else Outcome.UNUSABLE,
            code=code_of(Kind.IMAGE),
            charged=Charged.NO if free else Charged.YES,
            retryable=not end.refused,
        )

    def _shut_out(self, answer: httpx.Response) -> CallFailed:
        """The job goes on without us: it counts as charged until somebody can look again."""
        failure = refusal(answer.status_code, answer.headers, self._vendor, Kind.IMAGE)
        return CallFailed(
            str(failure),
            outcome=Outcome.UNKNOWN,
            code=failure.code,
            charged=Charged.MAYBE,
            retryable=passes(answer.status_code),
            retry_after=failure.retry_after,
            status=answer.status_code,
        )

    def _unknown(self, reason: str) -> CallFailed:
        return CallFailed(
            f"{self.name}: {reason}",
            outcome=Outcome.UNKNOWN,
            code=code_of(Kind.IMAGE),
            charged=Charged.MAYBE,
            retryable=True,
        )
