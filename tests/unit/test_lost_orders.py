"""An order whose answer was lost is looked for in the vendor's list; only what is not there is paid for again."""

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from storybook.core.cpu import CpuPool
from storybook.core.errors import Charged, VendorAway
from storybook.domain.calls import NOTHING, Kind, Outcome, PaidCall, Purpose
from storybook.domain.jobs import Step
from storybook.providers import fal, replicate
from storybook.providers.about import About, calling_about
from storybook.providers.base import PictureRequest
from storybook.providers.breaker import Rests
from storybook.providers.choices import Choice
from storybook.providers.http import MAX_PARTS
from storybook.providers.line import Line
from storybook.providers.lost_orders import ACCEPTED_WITHIN, CLOCKS_APART, LAG, MOST_PAGES, TIMEOUTS
from storybook.providers.painting import Easel
from storybook.providers.vendors import VENDORS
from tests.fixtures_calls import NAME, PROMPT, Notebook, Row

PURPOSE = Purpose("job", "user", Step.GENERATE_IMAGES, 3, 2)
LISTS = {"replicate": "/predictions", "fal": "/models/requests/by-endpoint"}
Jobs = list[tuple[Any, Any]]
SAME = {"prompt": PROMPT.positive.replace(NAME, "the hero"), "seed": PROMPT.seed}
OTHERS: Jobs = [
    ("o1", SAME | {"prompt": "a whale"}),
    ("o2", SAME | {"seed": 8}),
    ("o3", {}),
    ("o4", None),
    ("o5", "a prompt"),
    ("o6", [1]),
]
LONG_AGO = dt.timedelta(hours=1)
TRY_SECONDS = 20.0
Answer = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


class PastOf:
    """What a vendor was asked for, in pages."""

    def __init__(self, vendor: str, *pages: Jobs) -> None:
        self.vendor = vendor
        self.pages = pages
        self.asked: list[httpx.Request] = []
        self.asked_at = dt.datetime.now(dt.UTC).isoformat()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        number = len(self.asked)
        self.asked.append(request)
        following = str(number + 1) if number + 1 < len(self.pages) else None
        if self.vendor == "fal":
            items = [{"request_id": job, "json_input": wish} for job, wish in self.pages[number]]
            return httpx.Response(200, json={"items": items, "has_more": bool(following), "next_cursor": following})
        results = [{"id": job, "input": wish, "created_at": self.asked_at} for job, wish in self.pages[number]]
        address = f"https://elsewhere.example/predictions?cursor={following}" if following else None
        return httpx.Response(200, json={"results": results, "next": address})

    def queries(self, name: str) -> list[list[str]]:
        return [parse_qs(request.url.query.decode()).get(name, []) for request in self.asked]


@pytest.fixture(scope="module")
def cpu() -> Iterator[CpuPool]:
    pool = CpuPool(1)
    yield pool
    pool.close()


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """The lines of the log from a warning upwards."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    with capture_logs() as lines:
        yield lines
    structlog.configure(**before)


@pytest.fixture(params=["replicate", "fal"])
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def found(cpu: CpuPool, vendor: str) -> Callable[..., Any]:
    async def found(
        answer: Answer, meter: Notebook, *, seconds: float = TRY_SECONDS, first: bool = False, broken: bool = False
    ) -> bool:
        """Whether the painter knows of a job for its picture, after a look at the vendor's list."""

        async def respond(request: httpx.Request) -> httpx.Response:
            assert (request.method, request.url.path) == ("GET", LISTS[vendor])
            assert request.headers["authorization"].endswith("a-key")
            told = answer(request)
            return told if isinstance(told, httpx.Response) else await told

        async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
            row = VENDORS[vendor]._replace(base_url=f"https://{vendor}.example", history_url="")
            choice = Choice("IMAGE_PROVIDER", vendor, api_key="a-key")
            line = Line(row, Kind.IMAGE, meter)
            if broken:
                line.breaker.turned_away(line.breaker.admit(), 30.0)
            easel = Easel(line, client, cpu, choice, hides_names=True)
            painter = {"replicate": replicate.make, "fal": fal.make}[vendor](easel)
            with calling_about(About(PURPOSE, asyncio.timeout(None), seconds, first=first)):
                known: bool = await painter.unfinished(request_for())
                return known

    return found


def request_for() -> PictureRequest:
    return PictureRequest(prompt=PROMPT, style="watercolor", sheets=(), width=96, height=128, names=(NAME,))


def call_at(vendor: str, ago: dt.timedelta = dt.timedelta(), vendor_id: str | None = None) -> Row:
    """A call of ours that was begun and whose answer nobody has."""
    call = PaidCall(PURPOSE, vendor, Kind.IMAGE, "a model", 300)
    return Row(call, vendor_id, begun=dt.datetime.now(dt.UTC) - ago)


async def test_a_lost_order_is_found_by_what_was_asked_for(found: Any, vendor: str) -> None:
    meter = Notebook([call_at(vendor)])
    assert await found(PastOf(vendor, [*OTHERS, ("mine", SAME | {"more": 1})]), meter)
    assert meter.rows[0].vendor_id == "mine"


async def test_what_is_not_in_the_list_after_a_while_was_not_ordered(found: Any, vendor: str) -> None:
    meter = Notebook([call_at(vendor, 2 * LONG_AGO), call_at(vendor, LONG_AGO)])
    assert not await found(PastOf(vendor, OTHERS), meter)
    assert [(row.vendor_id, row.outcome, row.bill) for row in meter.rows] == [(None, Outcome.NOT_SENT, NOTHING)] * 2


@pytest.mark.parametrize(
    ("vendor", "seconds"), [("replicate", LAG), ("fal", TIMEOUTS * TRY_SECONDS)], indirect=["vendor"]
)
async def test_until_then_the_job_waits_and_nobody_else_is_asked(found: Any, vendor: str, seconds: float) -> None:
    for ago in (seconds - 4, 0.0, -20.0):
        began = time.monotonic()
        with pytest.raises(VendorAway) as waits:
            await found(PastOf(vendor, OTHERS), Notebook([call_at(vendor, dt.timedelta(seconds=ago))]))
        at_most, passed = seconds - ago, time.monotonic() - began
        assert waits.value.charged is Charged.MAYBE
        assert min(at_most - passed, Rests().first) <= waits.value.retry_after <= min(at_most, Rests().first)
    assert not await found(PastOf(vendor, OTHERS), Notebook([call_at(vendor, dt.timedelta(seconds=seconds + 1))]))


async def test_while_the_vendor_is_left_alone_nobody_else_is_asked_either(found: Any, vendor: str) -> None:
    with pytest.raises(VendorAway) as away:
        await found(PastOf(vendor, []), Notebook([call_at(vendor)]), broken=True)
    assert away.value.charged is Charged.MAYBE


async def test_the_job_of_another_call_is_left_to_it(found: Any, vendor: str) -> None:
    other = call_at(vendor, vendor_id="heard of")
    other.call = other.call._replace(purpose=PURPOSE._replace(job_id="another"))
    assert not await found(PastOf(vendor, [("heard of", SAME)]), Notebook([other, call_at(vendor, LONG_AGO)]))
    meter = Notebook([other, call_at(vendor)])
    assert await found(PastOf(vendor, [("heard of", SAME), ("mine", SAME)]), meter)
    assert [row.vendor_id for row in meter.rows] == ["heard of", "mine"]


async def test_an_id_that_is_none_is_not_believed(found: Any, vendor: str) -> None:
    meter = Notebook([call_at(vendor, LONG_AGO)])
    assert not await found(
        PastOf(vendor, [(7, SAME), (None, SAME), ("../../v1/account", SAME), ("", SAME), ("x" * 200, SAME)]), meter
    )


async def test_a_long_list_is_read_to_its_end_and_always_at_the_vendor(found: Any, vendor: str) -> None:
    past = PastOf(vendor, OTHERS, OTHERS, [("mine", SAME)], OTHERS)
    assert await found(past, Notebook([call_at(vendor)]))
    assert past.queries("cursor") == [[], ["1"], ["2"]]


async def test_a_page_may_be_full_of_pictures_that_were_to_be_kept_to(found: Any, vendor: str) -> None:
    keeping = SAME | {"seed": 8, "image": f"data:image/jpeg;base64,{'A' * 250_000}"}
    assert await found(PastOf(vendor, [("o", keeping)] * 99 + [("mine", SAME)]), Notebook([call_at(vendor)]))


@pytest.mark.parametrize("vendor", ["replicate"], indirect=True)
async def test_nobody_reads_on_to_what_was_asked_for_before(found: Any, vendor: str) -> None:
    past = PastOf(vendor, OTHERS, [("mine", SAME)])
    past.asked_at = "2020-01-01T00:00:00.000000Z"
    assert not await found(past, Notebook([call_at(vendor, LONG_AGO)]))
    assert len(past.asked) == 1


async def test_the_list_is_asked_for_the_time_in_which_the_order_can_have_arrived(found: Any, vendor: str) -> None:
    past = PastOf(vendor, [])
    first, last = call_at(vendor, dt.timedelta(hours=2)), call_at(vendor, LONG_AGO)
    since, until = first.begun - CLOCKS_APART, last.begun + ACCEPTED_WITHIN
    await found(past, Notebook([first, last]))
    bounds = {"replicate": {"created_after": since, "created_before": until}, "fal": {"start": since}}[vendor]
    for name, wanted in bounds.items():
        [[told]] = past.queries(name)
        assert abs(dt.datetime.fromisoformat(told) - wanted) < dt.timedelta(seconds=1)


async def test_nobody_looks_for_what_was_never_ordered_or_is_known(found: Any, vendor: str) -> None:
    past = PastOf(vendor, [("mine", SAME)])
    assert not await found(past, Notebook())
    assert not await found(past, Notebook([call_at(vendor)]), first=True)
    assert await found(past, Notebook([call_at(vendor, vendor_id="known")]))
    assert past.asked == []


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_while_the_list_is_away_the_job_waits_instead_of_paying(found: Any, vendor: str, status: int) -> None:
    meter = Notebook([call_at(vendor)])
    with pytest.raises(VendorAway) as away:
        await found(lambda _: httpx.Response(status, headers={"retry-after": "70"}), meter)
    assert (away.value.retry_after, away.value.charged) == (70, Charged.MAYBE)


async def test_half_a_page_may_be_whole_later(found: Any, vendor: str) -> None:
    with pytest.raises(VendorAway):
        await found(lambda _: httpx.Response(200, content=b'{"items": ['), Notebook([call_at(vendor)]))


async def test_while_nobody_answers_the_job_waits_as_well(found: Any, vendor: str) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody is there", request=request)

    with pytest.raises(VendorAway):
        await found(nobody, Notebook([call_at(vendor)]))


async def test_a_list_that_hangs_is_left_before_the_try_is_over(found: Any, vendor: str) -> None:
    async def hangs(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError

    with pytest.raises(VendorAway) as away:
        await found(hangs, Notebook([call_at(vendor)]), seconds=0.4)
    assert away.value.charged is Charged.MAYBE


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(403, json={}),
        httpx.Response(404, json={}),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b"[" * 100_000 + b"]" * 100_000),
        httpx.Response(200, json={"items": None, "results": None}),
        httpx.Response(200, content=b"[" + b"[]," * MAX_PARTS + b"[]]"),
    ],
    ids=["forbidden", "none", "a list", "deep", "null", "long"],
)
async def test_a_list_that_cannot_be_read_is_told_and_stops_no_book(
    found: Any, vendor: str, answer: httpx.Response, told: list[Any]
) -> None:
    assert not await found(lambda _: answer, Notebook([call_at(vendor)]))
    assert [(line["event"], line["provider"]) for line in told] == [("orders_not_listed", vendor)]


async def test_a_list_without_an_end_is_left(found: Any, vendor: str, told: list[Any]) -> None:
    past = PastOf(vendor, *[OTHERS] * (MOST_PAGES + 1))
    assert not await found(past, Notebook([call_at(vendor)]))
    assert len(past.asked) == MOST_PAGES
    assert [line["event"] for line in told] == ["orders_not_listed"]
