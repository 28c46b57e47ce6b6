"""How often one may ask, and how much one may have made: refused in time, with the time to come back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from storybook.cli.server import configure
from storybook.core.settings import Settings
from storybook.domain.limits import CallClass
from storybook.main import create_app
from storybook.resources import Resources
from storybook.routers import books
from storybook.routers.limits import CLASSES, UNLIMITED, class_of
from storybook.services.limits_redis import open_limiter
from tests.api.conftest import SPEC
from tests.conftest import USER_KEY
from tests.fixtures_redis import RedisServer, redis_server

FAR_AWAY, FARTHER_AWAY = "203.0.113.9", "198.51.100.7"
HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The limits that a family has."""
    return Settings(_env_file=None, storybook_data_dir=tmp_path, public_url="http://testserver")


@pytest.fixture
async def changed(resources: Resources) -> AsyncIterator[Callable[..., Resources]]:
    """The same resources with other settings."""
    async with AsyncExitStack() as stack:

        def change(**settings: Any) -> Resources:
            new = resources.settings.model_copy(update=settings)
            limiter = open_limiter(new, resources.database)
            stack.push_async_callback(limiter.close)
            return replace(resources, settings=new, limiter=limiter)

        yield change


def client_of(resources: Resources, address: str = "127.0.0.1", key: str | None = USER_KEY) -> httpx.AsyncClient:
    config = configure(create_app(resources), resources.settings)
    config.load()
    transport = httpx.ASGITransport(config.loaded_app, client=(address, 50_000), raise_app_exceptions=False)
    headers = {"X-User-Key": key} if key else {}
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)


async def write(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """A write that costs nothing and finds nothing."""
    return await client.delete("/v1/characters/nobody", headers=headers)


async def statuses(client: httpx.AsyncClient, count: int) -> list[int]:
    return [(await write(client)).status_code for _ in range(count)]


async def test_the_eleventh_write_in_a_minute_is_told_when_to_come_back(idle: httpx.AsyncClient) -> None:
    assert await statuses(idle, 10) == [404] * 10
    refused = await write(idle)
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert error["code"] == "RATE_LIMIT_EXCEEDED"
    assert refused.json()["detail"] == error["message"]
    assert 55 <= int(refused.headers["Retry-After"]) <= 60
    assert error["details"] == {"limit": 10, "seconds": 60, "retry_after": int(refused.headers["Retry-After"])}
    assert [refused.headers[name] for name in HEADERS[:2]] == ["10", "0"]
    assert (await idle.get("/v1/library")).status_code == 200, "reads have a limit of their own"


async def test_every_limited_answer_says_how_many_calls_are_left(idle: httpx.AsyncClient) -> None:
    for left, answer in enumerate(
        [
            await idle.get("/v1/library"),
            await idle.get("/v1/library", params={"limit": 0}),
            await idle.get("/v1/books/nothing/detail"),
            await idle.get("/v1/books/nothing/pdf"),
        ],
        start=1,
    ):
        assert [answer.headers[name] for name in HEADERS[:2]] == ["240", str(240 - left)], answer.text
        assert 1 <= int(answer.headers["X-RateLimit-Reset"]) <= 60
    assert "X-RateLimit-Limit" not in (await idle.get("/health")).headers


async def test_a_call_is_free_when_it_was_promised_however_often_one_asked_before(
    changed: Callable[..., Resources],
) -> None:
    async with client_of(changed(rate_limit_requests=3, rate_limit_window=2)) as client:
        assert await statuses(client, 4) == [404, 404, 404, 429]
        promised = asyncio.get_running_loop().time() + int((await write(client)).headers["Retry-After"])
        asked = []
        while asyncio.get_running_loop().time() < promised:
            asked.append((await write(client)).status_code)
            await asyncio.sleep(0.05)
        asked.append((await write(client)).status_code)
        assert 404 in asked


async def test_polls_every_two_seconds_are_never_refused(idle: httpx.AsyncClient) -> None:
    job_id = (await idle.post("/v1/books", json=SPEC)).json()["job_id"]
    jobs_and_devices, polls_in_a_minute = 8, 30
    polls = [await idle.get(f"/v1/books/{job_id}") for _ in range(jobs_and_devices * polls_in_a_minute)]
    assert {poll.status_code for poll in polls} == {200}


async def test_a_user_is_not_refused_for_another_one(resources: Resources) -> None:
    async with client_of(resources, FAR_AWAY) as one, client_of(resources, FAR_AWAY, "another-user-key") as other:
        assert await statuses(one, 11) == [404] * 10 + [429]
        assert await statuses(other, 1) == [404]


async def test_a_thousand_wrong_keys_are_told_so_twenty_times(resources: Resources) -> None:
    async with client_of(resources, FARTHER_AWAY) as known:
        assert await statuses(known, 1) == [404]
    async with client_of(resources, FAR_AWAY, key=None) as stranger, client_of(resources, FAR_AWAY) as known:
        answers = []
        for number in range(1000):
            wrong = {"X-User-Key": f"{number}"} if number % 2 else {"Authorization": f"Bearer {number}"}
            answers.append(await stranger.get("/v1/library", headers=wrong))
        assert {answer.status_code for answer in answers[:20]} == {400, 401}
        assert {answer.status_code for answer in answers[20:]} == {429}
        assert (await known.get("/v1/library")).status_code == 200
    async with client_of(resources, FARTHER_AWAY, key="short") as elsewhere:
        assert (await elsewhere.get("/v1/library")).status_code == 400


async def test_on_this_machine_in_development_no_network_is_counted(resources: Resources) -> None:
    async with client_of(resources, key="short") as client:
        assert {(await client.get("/v1/library")).status_code for _ in range(30)} == {400}


@pytest.mark.parametrize(("trusted", "limited"), [((), True), ((FARTHER_AWAY,), True), ((FAR_AWAY,), False)])
async def test_only_a_trusted_proxy_says_whose_network_a_call_comes_from(
    changed: Callable[..., Resources],
    trusted: tuple[str, ...],
    limited: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async with client_of(changed(trusted_proxies=trusted), FAR_AWAY, key="short") as client:
        answers = [
            await client.get("/v1/library", headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(30)
        ]
    assert (429 in {answer.status_code for answer in answers}) == limited


@pytest.mark.parametrize("said", ["unknown", "somebody, _hidden", "a b c", "192.0.2.256", ";", "[::1"])
async def test_what_a_proxy_says_and_nobody_can_read_counts_for_the_proxy(
    changed: Callable[..., Resources], said: str
) -> None:
    async with client_of(changed(trusted_proxies=(FAR_AWAY,)), FAR_AWAY, key="short") as client:
        answers = [await client.get("/v1/library", headers={"X-Forwarded-For": said}) for _ in range(30)]
    assert 429 in {answer.status_code for answer in answers}


async def test_other_sites_may_read_the_limits(changed: Callable[..., Resources]) -> None:
    async with client_of(changed(cors_origins=("https://app.example",))) as client:
        answer = await client.get("/v1/library", headers={"Origin": "https://app.example"})
    assert set(HEADERS) <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


async def test_writes_stay_limited_when_redis_goes_away(changed: Callable[..., Resources], redis: RedisServer) -> None:
    one, another = changed(redis_url=redis.url), changed(redis_url=redis.url)
    async with client_of(one) as client, client_of(another) as of_another_process:
        assert await statuses(client, 6) == [404] * 6
        assert await statuses(of_another_process, 5) == [404] * 4 + [429]
        redis.kill()
        assert (await client.get("/v1/library")).status_code == 200
        assert await statuses(client, 11) == [404] * 10 + [429]


def test_each_operation_that_is_posted_has_a_class_by_name(resources: Resources) -> None:
    posts = {route.name for route in api_routes(resources) if route.methods == {"POST"}}
    assert posts <= set(CLASSES) | UNLIMITED
    assert set(CLASSES) | UNLIMITED <= {route.name for route in api_routes(resources)}


def test_what_costs_money_is_paid_for_and_what_is_asked_every_two_seconds_is_a_poll() -> None:
    named = {route.name: class_of(route.name, min(route.methods)) for route in books.router.routes}  # type: ignore[attr-defined]
    assert {name for name, call_class in named.items() if call_class is CallClass.PAID} == {
        "create_book",
        "create_next_book",
        "retry_job",
        "regenerate_page",
        "create_audio",
        "create_descriptions",
    }
    assert {name for name, call_class in named.items() if call_class is CallClass.POLL} == {"get_job"}


def api_routes(resources: Resources) -> list[APIRoute]:
    routes: list[APIRoute] = create_app(resources).state.api_routes
    return routes


async def test_what_is_one_too_many_is_refused_with_its_own_code(changed: Callable[..., Resources], rows: Rows) -> None:
    full = {"books_per_day": "DAILY_BOOKS_REACHED", "pending_books_per_user": "PENDING_BOOKS_REACHED"}
    for setting, code in full.items():
        async with client_of(changed(**{setting: 1}), key=f"a-user-of-{setting}") as client:
            assert (await client.post("/v1/books", json=SPEC)).status_code == 200
            refused = await client.post("/v1/books", json=SPEC | {"topic": "a second fox"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, code)
        assert int(refused.headers["Retry-After"]) >= 1
    async with client_of(changed(pending_books=len(full)), key="one-user-too-many") as client:
        refused = await client.post("/v1/books", json=SPEC)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_FULL")
    assert int(refused.headers["Retry-After"]) >= 1
    assert await rows("SELECT count(*) FROM jobs") == [(len(full),)]
