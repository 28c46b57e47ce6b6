"""What Prometheus is told: the true figures, under few names, and nothing about anybody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from storybook.core import metrics
from storybook.core.database import Database
from storybook.core.errors import Charged, ErrorCode
from storybook.core.settings import Settings
from storybook.domain.calls import Bill, Kind, Outcome
from storybook.domain.jobs import JobKind, Step
from storybook.main import create_app
from storybook.providers.breaker import FAILURES_TO_OPEN, Rests
from storybook.providers.http import CallFailed
from storybook.providers.line import Line
from storybook.providers.vendors import FAL
from storybook.resources import Resources
from storybook.routers import ops
from storybook.services.gauges import Kept
from tests.api.conftest import Follow
from tests.conftest import USER_KEY
from tests.fakes import FakeScreen
from tests.figures import Seen
from tests.fixtures_calls import Notebook

MOST_SERIES = 2000
OPS_TOKEN = "a token of an operator, long enough"
USERS, BOOKS = 1000, 2000
ROUTES_OF_A_READER = ("/v1/library", "/v1/credits/status", "/v1/streak/info", "/v1/users/me", "/v1/characters")
BOOK_STEPS = [step for step in Step if step not in {Step.NARRATE, Step.DESCRIBE_PICTURES}]

MANY = text(
    """
    WITH "user" AS (
        INSERT INTO users (id) SELECT 'user_' || n FROM generate_series(1, :users) AS n RETURNING id
    ), account AS (INSERT INTO user_credits (user_id) SELECT id FROM "user"), job AS (
        INSERT INTO jobs (id, user_id, kind, status, progress, request, request_hash, seed, asset_token, finished_at)
        SELECT 'job_' || n, 'user_' || (n % :users + 1), 'book', 'done', 100, '{}', '', 1, 'token_' || n, now()
        FROM generate_series(1, :books) AS n RETURNING id
    )
    SELECT count(*) FROM job
    """
)
HOUSE = (
    "INSERT INTO users (id) VALUES ('user_1'), ('user_2')",
    "INSERT INTO user_credits (user_id, credits, held) VALUES ('user_1', 5, 1), ('user_2', 0, 0)",
    """
    INSERT INTO jobs (id, user_id, kind, status, request, request_hash, seed, asset_token, created_at, updated_at,
        wait_until, lease_until)
    SELECT id, 'user_1', kind, status, '{}', '', 1, id, now() - age, now() - age, now() + wait, now() + lease
    FROM (VALUES
        ('waits', 'book', 'queued', interval '100 seconds', NULL, NULL),
        ('waits less', 'audio', 'queued', interval '7 seconds', NULL, NULL),
        ('rests', 'book', 'queued', interval '900 seconds', interval '60 seconds', NULL),
        ('is back', 'book', 'queued', interval '900 seconds', interval '-30 seconds', NULL),
        ('runs', 'book', 'running', interval '50 seconds', NULL, interval '20 seconds'),
        ('is left', 'page', 'running', interval '300 seconds', NULL, interval '-200 seconds')
    ) AS given (id, kind, status, age, wait, lease)
    """,
    """
    INSERT INTO credit_transactions (user_id, job_id, transaction_type, source, target, amount, balance_after)
    VALUES ('user_1', NULL, 'gift', 'given', 'available', 3, 3), ('user_1', 'waits', 'hold', 'available', 'held', 1, 2),
        ('user_2', NULL, 'gift', 'given', 'available', 3, 3), ('user_2', 'gone', 'hold', 'available', 'held', 1, 2),
        ('user_1', 'gone too', 'release', 'held', 'available', 1, 3)
    """,
    """
    INSERT INTO job_budgets (job_id, user_id, day, reserved, used, closed) VALUES
        ('waits', 'user_1', timezone('UTC', now())::date, 2000000, 500000, false),
        ('ended', 'user_2', timezone('UTC', now())::date, 3000000, 1000000, true),
        ('of yesterday', 'user_2', timezone('UTC', now())::date - 1, 3000000, 3000000, true)
    """,
    """
    INSERT INTO provider_calls (vendor, kind, model, worst, outcome, ended_at, repay_not_before, created_at) VALUES
        ('fal', 'image', 'm', 1, 'unknown', now(), NULL, now()),
        ('fal', 'image', 'm', 1, 'begun', NULL, now() - interval '1 second', now()),
        ('fal', 'image', 'm', 1, 'begun', NULL, now() + interval '60 seconds', now()),
        ('fal', 'image', 'm', 1, 'unknown', now(), NULL, now() - interval '2 days')
    """,
)


@asynccontextmanager
async def asking(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    """The app while nobody works on its jobs, asked by nobody in particular."""
    transport = httpx.ASGITransport(create_app(resources), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


def with_settings(resources: Resources, **changed: Any) -> Resources:
    return replace(resources, settings=Settings.model_validate(resources.settings.model_dump() | changed))


async def test_a_book_is_counted_by_route_step_and_end(
    client: httpx.AsyncClient, spec: dict[str, Any], ended: Follow
) -> None:
    before = await Seen.by(client)
    job = await ended((await client.post("/v1/books", json=spec)).json()["job_id"])
    assert job["status"] == "done"
    await client.get("/v1/books/no-such-job")
    ends = before.sum("storybook_jobs_ended_total")
    seen = await Seen.until(client, lambda seen: seen.sum("storybook_jobs_ended_total") > ends)

    def more(name: str, **labels: str) -> float:
        return seen.sum(name, **labels) - before.sum(name, **labels)

    assert more("storybook_http_requests_total", route="/v1/books", method="POST", status="2xx") == 1
    assert more("storybook_http_requests_total", route="/v1/books/{job_id}", status="2xx") > 0
    assert more("storybook_http_requests_total", route="/v1/books/{job_id}", status="4xx") == 1
    assert more("storybook_http_request_seconds_count", route="/v1/books", method="POST") == 1
    for step in BOOK_STEPS:
        assert more("storybook_step_tries_total", step=step, outcome="ok") > 0, step
        assert more("storybook_step_seconds_count", step=step) > 0, step
    assert more("storybook_jobs_ended_total", kind="book", outcome="done") == 1
    assert more("storybook_job_seconds_bucket", kind="book", le="300.0") == 1
    for told in (job["job_id"], job["result"]["book_id"], job["result"]["title"], USER_KEY):
        assert told not in seen.text


async def test_a_book_that_is_refused_is_counted_with_its_code(
    client: httpx.AsyncClient, spec: dict[str, Any], ended: Follow, screen: FakeScreen
) -> None:
    before, screen.flag_request = await Seen.by(client), True
    job = await ended((await client.post("/v1/books", json=spec)).json()["job_id"])
    assert job["status"] == "failed"
    code, ends = job["error_code"], before.sum("storybook_jobs_ended_total")
    seen = await Seen.until(client, lambda seen: seen.sum("storybook_jobs_ended_total") > ends)
    for name, labels in (
        ("storybook_jobs_ended_total", {"kind": "book", "outcome": code}),
        ("storybook_step_tries_total", {"step": Step.MODERATE_INPUT, "outcome": code}),
    ):
        assert seen.sum(name, **labels) == before.sum(name, **labels) + 1


async def test_every_end_that_a_job_can_have_is_told_before_there_is_one(client: httpx.AsyncClient) -> None:
    seen = await Seen.by(client)
    told = {(one.labels["kind"], one.labels["outcome"]) for one in seen.of("storybook_jobs_ended_total")}
    assert told == {(kind.value, outcome) for kind in JobKind for outcome in (metrics.DONE, *ErrorCode)}
    assert {one.labels["kind"] for one in seen.of("storybook_job_seconds_bucket", le="300.0")} == set(JobKind)


async def test_the_failures_of_every_route_are_told_before_there_is_one(resources: Resources) -> None:
    async with asking(with_settings(resources, ops_token=OPS_TOKEN)) as client:
        seen = await Seen.by(client)
        routes = [*client._transport.app.state.api_routes, *ops.router.routes]
    told = {
        (one.labels["method"], one.labels["route"]) for one in seen.of("storybook_http_requests_total", status="5xx")
    }
    assert told >= {(method, route.path) for route in routes for method in route.methods}
    assert ("POST", "/v1/books") in told


async def test_whoever_tries_every_method_everywhere_makes_few_series(resources: Resources) -> None:
    await resources.storage.check()
    async with asking(with_settings(resources, ops_token=OPS_TOKEN)) as client:
        paths = [route.path for route in (*client._transport.app.state.api_routes, *ops.router.routes)]

        async def try_all() -> int:
            for path in (*paths, "/assets/a/1.png", "/nothing"):
                for method in (*sorted(metrics.METHODS), "BREW"):
                    await client.request(method, path.replace("{", "").replace("}", ""))
            return len((await Seen.by(client)).samples)

        first = await try_all()
        assert first < MOST_SERIES
        assert await try_all() == first
        assert not list(
            Seen(metrics.exposed({}).decode()).of(
                "storybook_http_requests_total", method=metrics.OTHER_METHOD, route="/v1/library"
            )
        )


async def test_what_the_database_knows_is_told_as_it_is(resources: Resources) -> None:
    async with resources.database.session() as session:
        for statement in HOUSE:
            await session.execute(text(statement))
    async with asking(resources) as client:
        seen = await Seen.by(client)
    states = {(one.labels["kind"], one.labels["state"]): one.value for one in seen.of("storybook_jobs") if one.value}
    assert states == {
        ("book", "waiting"): 2, ("audio", "waiting"): 1, ("book", "parked"): 1, ("book", "running"): 1,
        ("page", "stale"): 1,
    }  # fmt: skip
    for lane, depth, age, oldest in (("books", 2, 100, 900), ("short", 2, 200, 300)):
        assert seen.sum("storybook_queue_depth", lane=lane) == depth
        assert seen.sum("storybook_queue_age_seconds", lane=lane) == pytest.approx(age, abs=5)
        assert seen.sum("storybook_oldest_job_seconds", lane=lane) == pytest.approx(oldest, abs=5)
    assert seen.sum("storybook_cost_today_dollars", part="spent") == 1.5
    assert seen.sum("storybook_cost_today_dollars", part="reserved") == 1.5
    assert seen.sum("storybook_cost_today_of_one_user_dollars") == 2
    assert {one.labels["of"]: one.value for one in seen.of("storybook_cost_cap_dollars")} == {
        "book": 3, "user_day": 10, "day": 100,
    }  # fmt: skip
    assert seen.sum("storybook_unknown_calls") == 2
    assert seen.sum("storybook_held_credits_without_job") == 1 + 1
    assert seen.sum("storybook_ledger_difference_credits") == (2 + 1) + (2 + 1)
    for part in ("database", "storage", "queue", "runner"):
        assert seen.sum(f"storybook_{part}_up") == float(part != "runner")


async def test_without_its_database_a_process_tells_what_it_has_seen_itself(resources: Resources) -> None:
    nowhere = Database.connect("postgresql+asyncpg://nobody@127.0.0.1:9/nothing", pool_size=5)
    async with asking(replace(resources, database=nowhere)) as client:
        await client.get("/health")
        seen = await Seen.by(client)
    await nowhere.close()
    assert [one.value for one in seen.of("storybook_database_up")] == [0.0]
    assert seen.sum("storybook_http_requests_total", route="/health") > 0
    assert not list(seen.of("storybook_jobs"))
    assert not list(seen.of("storybook_ledger_difference_credits"))


async def test_in_production_it_is_there_for_whoever_has_the_token(resources: Resources) -> None:
    wrong: list[dict[str, str]] = [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic secret"}]
    async with asking(with_settings(resources, environment="production")) as client:
        assert [(await client.get("/metrics", headers=headers)).status_code for headers in wrong] == [404] * 3
    async with asking(with_settings(resources, environment="production", metrics_token="secret")) as client:
        for headers in wrong:
            refused = await client.get("/metrics", headers=headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "UNAUTHENTICATED")
        assert (await client.get("/metrics", headers={"Authorization": "Bearer secret"})).status_code == 200


async def test_a_thousand_users_and_two_thousand_books_are_few_series(resources: Resources) -> None:
    async with resources.database.session() as session:
        assert await session.scalar(MANY, {"users": USERS, "books": BOOKS}) == BOOKS
    await resources.storage.check()
    async with asking(resources) as client:
        of_other_tests = (await Seen.by(client)).values("route")
        for user in range(USERS):
            headers = {"X-User-Key": f"the-key-of-user-{user}"}
            paths = (f"/v1/books/job_{user}", f"/v1/books/{user}/detail", f"/{user}", f"/assets/books/{user}/1.png")
            path = paths[user % len(paths)] if user % 5 else ROUTES_OF_A_READER[user // 5 % len(ROUTES_OF_A_READER)]
            await client.request("GET" if user % 3 else f"M{user}", path, headers=headers)
        for operation, methods in client._transport.app.openapi()["paths"].items():
            for method in methods:
                await client.request(method, operation.replace("{", "").replace("}", ""))
        seen = await Seen.by(client)
    assert seen.sum("storybook_http_requests_total", route="unknown") > USERS / 8
    assert len(seen.samples) < MOST_SERIES
    assert seen.values("method") <= {*metrics.METHODS, metrics.OTHER_METHOD}
    known = {route.path for route in client._transport.app.state.api_routes}
    assert seen.values("route") - of_other_tests <= {*known, "unknown", "/assets"}


async def test_a_call_and_the_breaker_of_its_vendor_are_counted() -> None:
    line = Line(FAL, Kind.IMAGE, Notebook(), Rests(first=0.0, longest=0.0))

    async def call(outcome: Outcome) -> None:
        async with line.call("a model", 40_000) as paid:
            if outcome is not Outcome.OK:
                raise CallFailed("away", outcome=outcome, code=ErrorCode.IMAGE_FAILED, charged=Charged.NO)
            paid.costs(Bill({"pictures": 1}, 40_000))

    def seen() -> dict[str, float]:
        now = Seen(metrics.exposed({}).decode())
        return {
            "ok": now.sum("storybook_vendor_calls_total", vendor="fal", kind="image", outcome="ok"),
            "failed": now.sum("storybook_vendor_calls_total", vendor="fal", kind="image", outcome="failed"),
            "timed": now.sum("storybook_vendor_call_seconds_count", vendor="fal", kind="image"),
            "dollars": now.sum("storybook_vendor_cost_dollars_total", vendor="fal", kind="image"),
            "open": now.sum("storybook_breaker_open", vendor="fal", kind="image"),
        }

    before = seen()
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(CallFailed):
            await call(Outcome.FAILED)
    failed = seen()
    assert failed["failed"] - before["failed"] == failed["timed"] - before["timed"] == FAILURES_TO_OPEN
    assert (failed["open"], failed["dollars"]) == (1, before["dollars"])
    await call(Outcome.OK)
    after = seen()
    assert (after["ok"] - before["ok"], after["open"]) == (1, 0)
    assert after["dollars"] - before["dollars"] == pytest.approx(0.04)


async def test_whoever_asks_while_it_is_looked_up_waits_for_the_same_look() -> None:
    looks = 0

    async def look() -> metrics.Figures:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.01)
        if looks == 2:
            raise OSError
        return {metrics.UNKNOWN_CALLS: {(): float(looks)}}

    kept = Kept(look, fresh_seconds=0.2)
    assert await asyncio.gather(*(kept.get() for _ in range(5))) == [{metrics.UNKNOWN_CALLS: {(): 1.0}}] * 5
    await asyncio.sleep(0.2)
    assert await kept.get() == {}
    assert await kept.get() == {metrics.UNKNOWN_CALLS: {(): 3.0}}


async def test_a_stream_of_events_is_counted_while_it_is_open(
    client: httpx.AsyncClient, spec: dict[str, Any], screen: FakeScreen
) -> None:
    async def until_open(number: int) -> None:
        await Seen.until(client, lambda seen: seen.sum("storybook_event_streams") == number)

    screen.request_gate.clear()
    job_id = (await client.post("/v1/books", json=spec)).json()["job_id"]
    following = asyncio.create_task(client.get(f"/v1/books/{job_id}/events"))
    await until_open(1)
    screen.request_gate.set()
    await following
    await until_open(0)
