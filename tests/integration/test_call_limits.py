"""Limits: exact in every window wherever it begins, the same in memory, in the table and in Redis."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from scripts.bench_limits import measure
from storybook.core.database import Database
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.settings import Settings
from storybook.domain.limits import Allowance, CallClass, Limit, Limits, Verdict
from storybook.services.limits import Limiter, MemoryLimiter, OwnLimiter, RefusingLimiter, TableLimiter, forget_expired
from storybook.services.limits_redis import AWAY_SECONDS, RedisLimiter, connect
from tests.conftest import database_for
from tests.fixtures_redis import RedisServer, redis_server

USER = Allowance("user:a", Limit(3, 1))
NETWORK = Allowance("network:n", Limit(5, 1))
OTHER = Allowance("user:b", Limit(3, 1))
AT_ONCE = 25
TICK = 1 / 1024
EXACT_SECONDS = st.integers(0, 3 * 1024).map(lambda ticks: ticks * TICK)
"""Times that add up without rounding."""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture(params=["memory", "table", "redis"])
async def limiter(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Limiter]:
    match request.param:
        case "memory":
            opened: Limiter = MemoryLimiter()
        case "table":
            opened = TableLimiter(database)
        case _:
            client = connect(request.getfixturevalue("redis").url, patience=30)
            opened = RedisLimiter(client, otherwise=MemoryLimiter())
    yield opened
    await opened.close()


async def calls(limiter: Limiter, count: int, *allowances: Allowance) -> list[Verdict]:
    return [await limiter.admit(CallClass.WRITE, allowances) for _ in range(count)]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


waits = st.integers(0, 12) | st.integers(0, 12 * 64).map(lambda parts: parts / 64)  # nothing is lost in adding these


@pytest.mark.parametrize("kind", ["plain", "with a memory of who was refused"])
@given(st.lists(st.tuples(waits, st.sampled_from(["ab", "a", "b"])), max_size=80))
async def test_a_call_is_admitted_if_and_only_if_each_window_that_ends_with_it_has_room(
    kind: str, asked: list[tuple[float, str]]
) -> None:
    limits = {"a": Limit(3, 10), "b": Limit(5, 25)}
    clock, admitted = Clock(), defaultdict[str, list[float]](list)
    plain = MemoryLimiter(clock)
    limiter: Limiter = plain if kind == "plain" else RefusingLimiter(plain, clock)
    for pause, subjects in asked:
        clock.now += pause
        room = all(
            sum(at > clock.now - limits[name].seconds for at in admitted[name]) < limits[name].calls
            for name in subjects
        )
        verdict = await limiter.admit(CallClass.READ, [Allowance(name, limits[name]) for name in subjects])
        assert verdict.admitted == room
        if room:
            for name in subjects:
                admitted[name].append(clock.now)


@given(st.lists(EXACT_SECONDS, min_size=1, max_size=40))
async def test_a_refused_call_is_free_after_its_wait_and_not_before(pauses: list[float]) -> None:
    clock = Clock()
    limiter = MemoryLimiter(clock)
    one = [Allowance("a", Limit(3, 10))]
    for pause in pauses:
        clock.now += pause
        verdict = await limiter.admit(CallClass.READ, one)
        if verdict.admitted:
            continue
        too_soon = verdict.tightest.wait - TICK / 2
        clock.now += too_soon
        assert not (await limiter.admit(CallClass.READ, one)).admitted
        clock.now += verdict.retry_after - too_soon
        assert (await limiter.admit(CallClass.READ, one)).admitted


async def test_memory_forgets_who_has_not_called_for_a_while() -> None:
    clock = Clock()
    limiter = MemoryLimiter(clock)
    for number in range(100):
        await limiter.admit(CallClass.READ, [Allowance(f"user:{number}", Limit(3, 10))])
    clock.now = 11
    await calls(limiter, 1, USER)
    assert len(limiter._logs) == 1


async def test_no_more_than_the_limit_is_admitted_at_once(limiter: Limiter) -> None:
    verdicts = await asyncio.gather(*(limiter.admit(CallClass.WRITE, [USER, NETWORK]) for _ in range(AT_ONCE)))
    assert sum(verdict.admitted for verdict in verdicts) == USER.limit.calls


async def test_a_call_counts_for_all_of_its_subjects_or_for_none(limiter: Limiter) -> None:
    assert [verdict.admitted for verdict in await calls(limiter, 5, NETWORK, USER)] == [True] * 3 + [False] * 2
    of_others = await calls(limiter, 3, NETWORK, OTHER)
    assert [verdict.admitted for verdict in of_others] == [True, True, False]
    assert of_others[0].tightest.remaining == 1
    assert of_others[2].tightest.limit == NETWORK.limit
    assert [verdict.admitted for verdict in await calls(limiter, 2, OTHER)] == [True, False]


async def test_classes_do_not_share_a_limit(limiter: Limiter) -> None:
    await calls(limiter, 4, USER)
    assert (await limiter.admit(CallClass.PAID, [USER])).admitted


async def test_who_goes_on_asking_waits_no_longer(limiter: Limiter) -> None:
    first = time.monotonic()
    await calls(limiter, 3, USER)
    while not (verdict := (await calls(limiter, 1, USER))[0]).admitted:
        assert 0 < verdict.tightest.wait <= 1
        assert verdict.retry_after == 1
        await asyncio.sleep(0.02)
    assert 1 <= time.monotonic() - first < 5


async def test_subjects_that_meet_from_both_sides_do_not_wait_for_each_other(limiter: Limiter) -> None:
    wide = [Allowance(name, Limit(1000, 1)) for name in ("user:x", "network:y")]
    async with asyncio.timeout(20):
        verdicts = await asyncio.gather(
            *(limiter.admit(CallClass.WRITE, wide[:: 1 if number % 2 else -1]) for number in range(AT_ONCE * 2))
        )
    assert all(verdict.admitted for verdict in verdicts)


async def test_a_poll_asks_no_database_and_a_write_is_counted_for_all_processes(database: Database) -> None:
    statements: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    one, another = OwnLimiter(database), OwnLimiter(database)
    for call_class in (CallClass.POLL, CallClass.READ):
        assert (await one.admit(call_class, [USER])).admitted
    assert not statements
    admitted = [(await each.admit(CallClass.AUTH, [USER])).admitted for each in (one, another) * 2]
    assert admitted == [True, True, True, False]


async def test_who_is_refused_again_and_again_asks_no_database(database: Database) -> None:
    limiter = RefusingLimiter(TableLimiter(database))
    await calls(limiter, 4, USER)
    statements: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert not any(verdict.admitted for verdict in await calls(limiter, 100, USER, NETWORK))
    assert not statements


async def test_rows_of_windows_that_have_passed_are_removed(database: Database, rows: object) -> None:
    limiter = TableLimiter(database)
    await calls(limiter, 1, USER)
    await calls(limiter, 1, Allowance("user:later", Limit(3, 60)))
    await asyncio.sleep(1.05)
    async with database.session() as session:
        await forget_expired(session)
    assert await rows("SELECT subject FROM rate_limits") == [("user:later",)]  # type: ignore[operator]


async def test_without_redis_it_counts_elsewhere_and_comes_back_by_itself(redis: RedisServer) -> None:
    limiter = RedisLimiter(connect(redis.url), otherwise=MemoryLimiter())
    await calls(limiter, 3, USER)
    redis.kill()
    assert [verdict.admitted for verdict in await calls(limiter, 4, USER)] == [True, True, True, False]
    redis.start()
    await asyncio.sleep(AWAY_SECONDS)
    assert [verdict.admitted for verdict in await calls(limiter, 4, USER)] == [True, True, True, False]
    await limiter.close()


async def test_a_redis_that_hangs_holds_up_one_moment_and_not_every_call(redis: RedisServer) -> None:
    limiter = RedisLimiter(connect(redis.url), otherwise=MemoryLimiter())
    await calls(limiter, 1, USER)
    redis.still()
    began = time.monotonic()
    await asyncio.gather(*(limiter.admit(CallClass.READ, [NETWORK]) for _ in range(AT_ONCE)))
    await calls(limiter, 10, NETWORK)
    assert time.monotonic() - began < AWAY_SECONDS
    redis.go_on()
    await limiter.close()


async def test_redis_counts_in_one_round_trip(redis: RedisServer) -> None:
    client = connect(redis.url, patience=30)
    limiter = RedisLimiter(client, otherwise=MemoryLimiter())
    await calls(limiter, 1, USER, NETWORK)
    before = (await client.info("stats"))["total_reads_processed"]
    await calls(limiter, 10, USER, NETWORK)
    asks_itself = 1
    assert (await client.info("stats"))["total_reads_processed"] - before == 10 + asks_itself
    await limiter.close()


@pytest.fixture(params=["table", "redis"])
def place(request: pytest.FixtureRequest, postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    """Where two processes count."""
    if request.param == "redis":
        yield request.getfixturevalue("redis").url
    else:
        with database_for(postgres, template) as url:
            yield url


async def test_two_processes_with_fifty_clients_get_all_of_the_limit_and_no_call_more(place: str) -> None:
    limit = Limit(40, 2)
    found = await measure(place, limit, seconds=6)
    assert found.most_in_a_window <= limit.calls
    assert found.wrongly_refused == 0
    assert found.used >= 0.9, "scripts/bench_limits.py wants 99 %, of a machine that does nothing else"


def test_a_network_of_many_families_may_do_more_than_one_of_them() -> None:
    limits = Limits(Settings(_env_file=None))
    for call_class in set(CallClass) - {CallClass.AUTH}:
        network, user = limits.of_call(call_class, "a", "n")
        assert (user.subject, network.subject) == ("user:a", "network:n")
        assert network.limit.calls >= 10 * user.limit.calls
    assert limits.of_call(CallClass.WRITE, None, None) == []
    assert [one.limit for one in limits.of_call(CallClass.AUTH, "a", "n")] == [Limit(20, 60)]
    assert limits.of_call(CallClass.WRITE, "a", None)[0].limit == Limit(10, 60)
