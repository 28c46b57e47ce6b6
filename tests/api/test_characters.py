"""Characters over the API."""

import asyncio
from typing import Any

import httpx
import pytest

from storybook.core.errors import ErrorCode, ProviderError
from storybook.resources import Resources
from tests.api.conftest import SPEC, Follow
from tests.fakes import FakePainter, FakeScreen, sheet

LUNA = sheet("Luna").model_dump(mode="json")


async def keep(client: httpx.AsyncClient, name: str = "Luna") -> dict[str, Any]:
    answer = await client.post("/v1/characters", json=LUNA | {"name": name})
    assert answer.status_code == 200
    kept: dict[str, Any] = answer.json()
    return kept


async def test_a_character_is_kept_read_changed_and_deleted(client: httpx.AsyncClient) -> None:
    kept = await keep(client)
    assert kept["id"] == kept["character_id"]
    path = f"/v1/characters/{kept['id']}"
    assert (await client.get(path)).json() == kept
    changed = (await client.patch(path, json={"name": "Mia"})).json()
    assert changed == kept | {"name": "Mia"}
    assert (await client.delete(path)).status_code == 200
    assert (await client.get(path)).status_code == 404


async def test_a_judge_is_told_of_the_kept_names_that_the_words_hold_and_of_no_other(
    client: httpx.AsyncClient, screen: FakeScreen
) -> None:
    for name in ("Theodora Smith", "Mia"):
        await keep(client, name)
    kept = await keep(client, "Luna")
    await client.patch(f"/v1/characters/{kept['id']}", json={"master_description": "LUNA is like theodora, but small"})
    assert set(screen.checked_texts[-1].names) == {"Luna", "theodora"}


async def test_style_notes_may_be_left_out(client: httpx.AsyncClient) -> None:
    without = {key: value for key, value in LUNA.items() if key != "visual_style_notes"}
    assert (await client.post("/v1/characters", json=without)).json()["visual_style_notes"]


async def test_the_newest_characters_come_first(client: httpx.AsyncClient) -> None:
    ids = [(await keep(client, f"Luna {number}"))["id"] for number in range(3)]
    cast = (await client.get("/v1/characters")).json()
    assert ([character["id"] for character in cast["characters"]], cast["total"]) == (ids[::-1], 3)
    part = (await client.get("/v1/characters?limit=1&offset=2")).json()
    assert ([character["id"] for character in part["characters"]], part["total"]) == (ids[:1], 3)
    assert (await client.get("/v1/characters?offset=9")).json() == {"characters": [], "total": 3}


async def test_chosen_characters_look_the_same_and_are_named_the_same_in_every_book(
    client: httpx.AsyncClient, ended: Follow, painter: FakePainter
) -> None:
    luna = await keep(client)
    for topic in ("at the sea", "on the moon"):
        await ended(
            (await client.post("/v1/books", json=SPEC | {"topic": topic, "character_id": luna["id"]})).json()["job_id"]
        )
    assert {request.sheets for request in painter.drawn} == {(sheet("Luna"),)}


async def test_a_deleted_character_leaves_its_books(client: httpx.AsyncClient, ended: Follow) -> None:
    luna = await keep(client)
    job = await ended((await client.post("/v1/books", json=SPEC | {"character_id": luna["id"]})).json()["job_id"])
    await client.delete(f"/v1/characters/{luna['id']}")
    book = (await client.get(f"/v1/books/{job['result']['book_id']}/detail")).json()
    assert book["character_id"] is None


@pytest.mark.parametrize("ids", [["char_unknown"], ["a"] * 5, [""], "char"])
async def test_characters_that_cannot_be_are_refused(client: httpx.AsyncClient, rows: Any, ids: Any) -> None:
    answer = await client.post("/v1/books", json=SPEC | {"character_ids": ids})
    assert answer.status_code in (404, 422)
    assert await rows("SELECT count(*) FROM jobs") == [(0,)]


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 41},
        {"master_description": "short"},
        {"master_description": "x" * 401},
        {"personality_traits": []},
        {"personality_traits": ["kind"] * 11},
        {"clothing": {"top": "a"}},
        {"appearance": None},
        {"visual_style_notes": "x" * 201},
        {"unknown": 1},
        {"name": "a\0b"},
    ],
)
async def test_a_character_beyond_its_limits_is_refused(
    client: httpx.AsyncClient, rows: Any, change: dict[str, Any]
) -> None:
    assert (await client.post("/v1/characters", json=LUNA | change)).status_code == 422
    assert await rows("SELECT count(*) FROM characters") == [(0,)]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_nobody_elses_character_is_seen_or_touched(client: httpx.AsyncClient, method: str) -> None:
    kept = await keep(client)
    body = {"json": {"name": "Mine"}} if method == "PATCH" else {}
    stranger = {"X-User-Key": "a-key-of-a-stranger"}
    theirs = await client.request(method, f"/v1/characters/{kept['id']}", headers=stranger, **body)
    unknown = await client.request(method, "/v1/characters/char_unknown", headers=stranger, **body)
    assert theirs.status_code == unknown.status_code == 404
    assert theirs.json()["error"] == unknown.json()["error"]
    assert (await client.get(f"/v1/characters/{kept['id']}")).json() == kept


UNFIT = {
    "name": "Slayer",
    "master_description": "Slayer of everyone who comes near",
    "appearance": LUNA["appearance"] | {"face": "Slayer's face"},
    "clothing": LUNA["clothing"] | {"accessories": "Slayer's knife"},
    "personality_traits": ["kind", "Slayer"],
    "visual_style_notes": "Slayer's blood on everything",
}


@pytest.mark.parametrize("field", UNFIT)
async def test_words_that_are_not_for_children_are_refused_by_their_field_and_never_kept(
    client: httpx.AsyncClient, rows: Any, screen: FakeScreen, field: str
) -> None:
    kept = await keep(client)
    screen.unfit = "Slayer"
    path = f"/v1/characters/{kept['id']}"
    unfit = {field: UNFIT[field]}
    for answer in (
        await client.post("/v1/characters", json=LUNA | {"name": "Mia"} | unfit),
        await client.patch(path, json=unfit),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
        assert answer.json()["detail"].startswith(f"{field} does not fit into a children's book.")
        assert answer.json()["error"]["details"] == {"fields": [field], "error_code": "SAFETY_INPUT"}
        assert "Slayer" not in answer.text
    assert (await client.get(path)).json() == kept
    assert await rows("SELECT count(*) FROM characters") == [(1,)]


@pytest.mark.parametrize("error", [ProviderError("away", code=ErrorCode.LLM_TIMEOUT), TimeoutError()])
async def test_nothing_is_kept_while_nobody_can_judge_it(
    client: httpx.AsyncClient, rows: Any, screen: FakeScreen, error: Exception
) -> None:
    kept = await keep(client)
    screen.errors = [error, error]
    path = f"/v1/characters/{kept['id']}"
    for answer in (
        await client.post("/v1/characters", json=LUNA | {"name": "Mia"}),
        await client.patch(path, json={"name": "Mia"}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(answer.headers["retry-after"]) > 0
    assert (await client.get(path)).json() == kept
    assert await rows("SELECT count(*) FROM characters") == [(1,)]
    assert (await client.post("/v1/characters", json=LUNA | {"name": "Mia"})).status_code == 200


async def test_whoever_judges_is_asked_while_no_connection_is_held_and_not_for_what_is_kept(
    client: httpx.AsyncClient, resources: Resources, screen: FakeScreen
) -> None:
    screen.request_gate.clear()
    keeping = asyncio.create_task(keep(client))
    async with asyncio.timeout(30):
        while not screen.checked_texts:
            await asyncio.sleep(0.01)
    pool: Any = resources.database.engine.pool
    async with asyncio.timeout(30):
        while pool.checkedout():
            await asyncio.sleep(0.01)
    screen.request_gate.set()
    await keeping
    asked = len(screen.checked_texts)
    await keep(client)
    assert len(screen.checked_texts) == asked
    unknown = await client.patch("/v1/characters/char_unknown", json={"name": "Mia"})
    assert (unknown.status_code, len(screen.checked_texts)) == (404, asked)


async def test_the_same_character_sent_twice_is_kept_once(client: httpx.AsyncClient, rows: Any) -> None:
    answers = await asyncio.gather(*(client.post("/v1/characters", json=LUNA) for _ in range(5)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await rows("SELECT count(*) FROM characters") == [(1,)]
