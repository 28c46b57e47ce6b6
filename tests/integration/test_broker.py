"""Messages to workers: as many as jobs wait, never more, and never a reason to fail."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storybook.core.broker import Broker
from storybook.core.database import Database
from storybook.core.errors import BrokerAway
from storybook.pipeline.dispatcher import Dispatcher
from tests.fixtures_redis import RedisServer, redis_server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


async def test_only_messages_that_are_missing_are_sent(redis: RedisServer) -> None:
    broker = Broker(redis.url)
    assert await broker.top_up({"books": ["a", "b"], "short": ["c"]}) == 3
    assert await broker.top_up({"books": ["a", "b"], "short": ["c"]}) == 0
    assert await broker.top_up({"books": ["a", "b", "d"]}) == 1
    assert await broker.top_up({"books": ["d"]}) == 0
    redis.kill()
    redis.start()
    assert await broker.top_up({"books": ["a", "b", "d"]}) == 3


async def test_a_broker_that_is_gone_or_silent_is_given_up_soon(redis: RedisServer, database: Database) -> None:
    broker = Broker(redis.url)
    redis.still()
    began = time.monotonic()
    with pytest.raises(BrokerAway):
        await broker.top_up({"books": ["a"]})
    assert time.monotonic() - began < 6
    redis.go_on()
    redis.kill()
    with pytest.raises(BrokerAway):
        await broker.top_up({})
    await Dispatcher(database, broker).top_up()


async def test_an_address_that_is_none_is_a_broker_that_is_away() -> None:
    for url in ("redis://127.0.0.1:notaport/0", "redis://127.0.0.1:6379/abc"):
        with pytest.raises(BrokerAway):
            await Broker(url).top_up({"books": ["a"]})
