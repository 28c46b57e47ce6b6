"""Orders whose answer was lost: they are looked for in the vendor's own list before anything is paid for again.

The same wish is the same prompt and the same seed, in the time in which a lost call can have been accepted.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import structlog

from storybook.core.errors import VendorAway
from storybook.domain.calls import Kind, LostCalls, code_of
from storybook.providers.http import CallFailed, exchange, passes, retry_after
from storybook.providers.painting import Easel

CLOCKS_APART = dt.timedelta(minutes=2)
"""How far the vendor's clock may be from the database's."""
ACCEPTED_WITHIN = dt.timedelta(minutes=10)
MOST_PAGES = 50
"""Of a hundred jobs each: all that even a busy service orders in that time."""

log = structlog.get_logger()
Json = Any


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

    jobs: list[tuple[str, Json]]
    next: str | None


Read = Callable[[str], Awaitable[Json]]
"""What a path of the vendor's list answers."""
Listed = Callable[[str, Span, str | None, Read], Awaitable[Page]]
"""A page of what was asked at the path of an order in the time; the first one without what leads to it."""


class PastJobs:
    """The vendor's list of what it was asked for."""

    def __init__(self, easel: Easel, headers: dict[str, str]) -> None:
        self._easel = easel
        self._vendor = easel.line.vendor
        self._headers = headers

    async def like(self, order: Order, lost: LostCalls, listed: Listed) -> list[str]:
        """The ids of all jobs that were asked for the same. None, with a word in the log, where the list cannot be
        read; raises VendorAway where that may be otherwise later.
        """
        try:
            return await self._like(order, _span_of(lost), listed)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("orders_not_listed", provider=self._vendor.name, exc_info=error)
            return []

    async def _like(self, order: Order, span: Span, listed: Listed) -> list[str]:
        found, after = [], None
        for _ in range(MOST_PAGES):
            page = await listed(order.path, span, after, self._read)
            found += [job for job, wish in page.jobs if _is_same(wish, order.wish)]
            after = page.next
            if not after:
                return found
        raise ValueError("the list has no end")

    async def _read(self, path: str) -> Json:
        address = f"{self._vendor.history_url or self._vendor.base_url}/{path}"
        request = self._easel.client.build_request("GET", address, headers=self._headers)
        try:
            response = await exchange(self._easel.client, request, self._vendor, Kind.IMAGE)
        except CallFailed as error:
            raise self._away() from error
        if response.is_success:
            return response.json()
        if passes(response.status_code):
            raise self._away(retry_after(response.headers))
        raise ValueError(f"the list answered {response.status_code}")

    def _away(self, told: float | None = None) -> VendorAway:
        rest = max(told or 0.0, self._easel.line.rests.first)
        reason = f"{self._vendor.name} does not list its jobs"
        return VendorAway(reason, code=code_of(Kind.IMAGE), retryable=True, retry_after=rest)


def _span_of(lost: LostCalls) -> Span:
    start, end = lost.first - CLOCKS_APART, lost.last + ACCEPTED_WITHIN
    return Span(*(moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (start, end)))


def _is_same(told: Json, wish: Mapping[str, Json]) -> bool:
    """Vendors forget what they were asked for after a while; then there is nothing to compare."""
    return bool(told) and all(told.get(name) == wish[name] for name in ("prompt", "seed"))
