"""What is asked often asks the database little: as many statements for a long list as for a short one."""

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import httpx
import pytest

from scripts.statements import noting_statements
from storybook.core.database import Database
from tests.api.conftest import SPEC, Follow
from tests.fakes import sheet


class Counted:
    """The statements that a request sends, whatever the runner of jobs sends meanwhile."""

    def __init__(self) -> None:
        self._seen: ContextVar[list[str] | None] = ContextVar("seen", default=None)

    def note(self, statement: str) -> None:
        seen = self._seen.get()
        if seen is not None:
            seen.append(statement)

    async def of(self, client: httpx.AsyncClient, path: str) -> int:
        seen: list[str] = []
        token = self._seen.set(seen)
        assert (await client.get(path)).status_code == 200
        await asyncio.sleep(0)
        self._seen.reset(token)
        return len(seen)


@pytest.fixture
def statements(database: Database) -> Iterator[Counted]:
    counted = Counted()
    with noting_statements(database, counted.note):
        yield counted


async def test_a_poll_is_one_statement(idle: httpx.AsyncClient, statements: Counted) -> None:
    job_id = (await idle.post("/v1/books", json=SPEC)).json()["job_id"]
    assert await statements.of(idle, f"/v1/books/{job_id}") == 1


async def test_a_finished_book_is_polled_by_one_statement_and_read_by_two(
    idle: httpx.AsyncClient, made: dict[str, Any], statements: Counted
) -> None:
    assert await statements.of(idle, f"/v1/books/{made['job_id']}") == 1
    assert await statements.of(idle, f"/v1/books/{made['result']['book_id']}/detail") <= 2


async def test_a_library_of_any_length_is_two_statements_at_most(
    client: httpx.AsyncClient, ended: Follow, statements: Counted
) -> None:
    counts = []
    for number in range(3):
        spec = SPEC | {"topic": f"a fox {number}"}
        await ended((await client.post("/v1/books", json=spec)).json()["job_id"])
        counts.append(await statements.of(client, "/v1/library"))
    assert max(counts) <= 2
    assert len(set(counts)) == 1


async def test_a_list_of_characters_of_any_length_is_two_statements_at_most(
    idle: httpx.AsyncClient, statements: Counted
) -> None:
    counts = []
    for number in range(3):
        name = f"Luna the {number}"
        await idle.post("/v1/characters", json=sheet("Luna").model_dump(mode="json") | {"name": name})
        counts.append(await statements.of(idle, "/v1/characters"))
    assert max(counts) <= 2
    assert len(set(counts)) == 1
