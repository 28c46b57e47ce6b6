"""Orders whose answer was lost: they are looked for in the vendor's own list before anything is paid for again.

The same wish is the same prompt and the same seed, in the time in which a lost call can have been accepted.
"""

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import httpx
import structlog

from storybook.core.endings import to_its_end
from storybook.core.errors import Charged, VendorAway
from storybook.domain.calls import NOTHING, Kind, LostCalls, Outcome, code_of
from storybook.providers import about
from storybook.providers.http import MALFORMED, MAX_MEDIA_BYTES, CallFailed, exchange, passes, retry_after
from storybook.providers.painting import Easel

CLOCKS_APART = dt.timedelta(minutes=2)
"""How far the vendor's clock may be from the database's."""
ACCEPTED_WITHIN = dt.timedelta(minutes=10)
"""After the last of them was begun."""
LIST_SECONDS = 20.0
"""For all of its pages, or half of the time of a try where that is less."""
MOST_PAGES = 50
"""Of a hundred jobs each: all that even a busy service orders in that time."""

LAG = 5.0
"""Seconds in which an order that has arrived is in a list that names all."""
TIMEOUTS = 3
"""In so many times that of a try a picture has ended, and is in a list that names what has ended."""
MOST_SECONDS = 600.0
KNOWN_BEFORE = dt.timedelta(hours=1)
UNREADABLE = (*MALFORMED, httpx.InvalidURL)

log = structlog.get_logger()
Json = Any
_ID = re.compile(r"[A-Za-z0-9_-]{1,120}")


class Order(NamedTuple):
    """The one POST; `wish` is that part of its body which the vendor's list repeats."""

    path: str
    body: dict[str, Json]
    wish: Mapping[str, Json]


class Span(NamedTuple):
    """The time in which lost calls can have been accepted, in ISO 8601 by UTC."""

    start: str
    end: str


class Page(NamedTuple):
    """Ids of jobs and what each was asked for; `next` leads to the page after it."""

    jobs: list[tuple[Json, Json]]
    next: str | None


Read = Callable[[str], Awaitable[Json]]
"""What a path of the vendor's list answers."""
Listed = Callable[[str, Span, str | None, Read], Awaitable[Page]]
"""A page of what was asked at the path of an order in the time; the first one without what leads to it."""


class PastJobs:
    """The vendor's list of what it was asked for. In it an order is named `LAG` seconds after it was sent where
    `lists_at_once`, or else after `TIMEOUTS` times the time of a try, and `MOST_SECONDS` at most.
    """

    def __init__(self, easel: Easel, headers: dict[str, str], listed: Listed, *, lists_at_once: bool) -> None:
        self._easel = easel
        self._line = easel.line
        self._vendor = easel.line.vendor
        self._headers = headers
        self._listed = listed
        self._lists_at_once = lists_at_once

    async def found_again(self, order_for: Callable[[], Awaitable[Order]]) -> tuple[int, str] | None:
        """Number and vendor's id of an earlier call for the same whose answer was lost: the job that was asked for the
        like and belongs to no call is its. None where there is none, and, with a word in the log, where the list
        cannot be read; what would be in the list by now, and is not, is written down as never sent.

        Nobody else may be asked while it can still be found: raises VendorAway that may have been charged then.
        """
        lost = await self._line.lost_before()
        if lost is None:
            return None
        self._line.require_open(Charged.MAYBE)
        order = await order_for()
        try:
            async with asyncio.timeout(min(LIST_SECONDS, (about.seconds() or 2 * LIST_SECONDS) / 2)):
                found = await self._job_of_no_call(order, lost)
        except TimeoutError as error:
            raise self._away() from error
        except UNREADABLE as error:
            log.warning("orders_not_listed", provider=self._vendor.name, exc_info=error)
            return None
        if found is not None:
            await to_its_end(self._line.meter.note_id(lost.numbers[-1], found))
            return lost.numbers[-1], found
        if (left := self._listed_within() - lost.settled_for) > 0:
            raise self._away("may still list a lost order", min(left, self._line.rests.first))
        for number in lost.numbers:
            await to_its_end(self._line.meter.end(number, Outcome.NOT_SENT, NOTHING, 0))
        return None

    def _listed_within(self) -> float:
        return LAG if self._lists_at_once else min(TIMEOUTS * (about.seconds() or 0.0), MOST_SECONDS)

    async def _job_of_no_call(self, order: Order, lost: LostCalls) -> str | None:
        span, after = _span_of(lost), None
        for _ in range(MOST_PAGES):
            page = await self._listed(order.path, span, after, self._read)
            like = [job for job, wish in page.jobs if is_id(job) and _is_same(wish, order.wish)]
            known = await self._line.meter.heard_of(self._vendor.name, like, lost.first - KNOWN_BEFORE)
            if unknown := [job for job in like if job not in known]:
                return str(unknown[0])
            after = page.next
            if not after:
                return None
        raise ValueError("the list has no end")

    async def _read(self, path: str) -> Json:
        address = f"{self._vendor.history_url or self._vendor.base_url}/{path}"
        request = self._easel.client.build_request("GET", address, headers=self._headers)
        try:
            response = await exchange(self._easel.client, request, self._vendor, Kind.IMAGE, most=MAX_MEDIA_BYTES)
            if response.is_success:
                return response.json()
        except (CallFailed, ValueError) as error:
            if isinstance(error, CallFailed) and error.charged is Charged.YES:
                raise ValueError(str(error)) from None  # what is too large is so later, too
            raise self._away() from error
        if passes(response.status_code):
            raise self._away(rest=retry_after(response.headers))
        raise ValueError(f"the list answered {response.status_code}")

    def _away(self, what: str = "does not list its jobs", rest: float | None = None) -> VendorAway:
        return VendorAway(
            f"{self._vendor.name} {what}",
            code=code_of(Kind.IMAGE),
            charged=Charged.MAYBE,
            retryable=True,
            retry_after=rest or self._line.rests.first,
        )


def is_id(told: Json) -> bool:
    """Whether this may be put into an address."""
    return isinstance(told, str) and _ID.fullmatch(told) is not None


def _span_of(lost: LostCalls) -> Span:
    start, end = lost.first - CLOCKS_APART, lost.last + ACCEPTED_WITHIN
    return Span(*(moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (start, end)))


def _is_same(told: Json, wish: Mapping[str, Json]) -> bool:
    """Vendors forget what they were asked for after a while; then there is nothing to compare."""
    return isinstance(told, dict) and all(told.get(name) == wish[name] for name in ("prompt", "seed"))
