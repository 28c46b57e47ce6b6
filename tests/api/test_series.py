"""The next book of a series: what it knows, what it inherits, and who is in it."""

import secrets
from typing import Any

import httpx
import pytest

from storybook.domain.story import Role, StoryDraft
from tests.api.conftest import SPEC, Follow
from tests.fakes import FakeAuthor, FakePainter, FakeScreen, sheet


async def keep(client: httpx.AsyncClient, name: str) -> str:
    once = {"X-Idempotency-Key": secrets.token_hex(8)}
    kept = await client.post("/v1/characters", json=sheet(name).model_dump(mode="json"), headers=once)
    return str(kept.json()["id"])


async def go_on(client: httpx.AsyncClient, ended: Follow, book: dict[str, Any], topic: str, **more: Any) -> Any:
    wish = {"previous_book_id": book["book_id"], "topic": topic} | more
    answer = await client.post("/v1/books/series", json=wish)
    assert answer.status_code == 200, answer.text
    return (await ended(answer.json()["job_id"]))["result"]


async def test_the_next_book_goes_on_with_the_same_hero_and_knows_what_happened(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, author: FakeAuthor, painter: FakePainter
) -> None:
    first = made["result"]
    assert first["character_id"]
    looks = painter.drawn[0].sheets
    answer = await client.post("/v1/books/series", json={"previous_book_id": first["book_id"], "topic": "at the sea"})
    assert answer.status_code == 200
    second = (await ended(answer.json()["job_id"]))["result"]
    assert (second["style"], second["target_age"], second["language"]) == ("watercolor", "5-7", "en")
    assert second["character_id"] == first["character_id"]
    assert (second["series_id"], second["previous_book_id"]) == (first["book_id"], first["book_id"])
    assert author.stories[-1].spec.series_context
    assert first["title"] in author.stories[-1].spec.series_context
    assert painter.drawn[-1].sheets[0] == looks[0]
    shelf = (await client.get(f"/v1/library?series={first['book_id']}")).json()
    assert shelf["total"] == 2


async def test_the_app_may_name_the_hero_and_a_topic_alone(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow
) -> None:
    wish = {"character_id": made["result"]["character_id"], "new_topic_hint": "on the moon", "style": "pixel"}
    job = await ended((await client.post("/v1/books/series", json=wish)).json()["job_id"])
    assert job["result"]["style"] == "pixel"
    assert job["result"]["previous_book_id"] == made["result"]["book_id"]


async def test_the_third_book_knows_the_first(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, author: FakeAuthor
) -> None:
    second = await go_on(client, ended, made["result"], "at the sea")
    await client.delete(f"/v1/library/{made['result']['book_id']}")
    await go_on(client, ended, second, "on the moon")
    told = author.stories[-1]
    assert [book.topic for book in told.earlier] == [SPEC["topic"], "at the sea"]
    assert told.spec.series_context is not None
    assert all(book.title in told.spec.series_context for book in told.earlier)
    assert len(told.spec.series_context) <= 500


async def test_what_is_left_out_is_as_it_was_before(
    client: httpx.AsyncClient, ended: Follow, author: FakeAuthor
) -> None:
    luna, bob = await keep(client, "Luna"), await keep(client, "Bob")
    wished = {"forbidden_elements": ["spider"], "theme": "우정", "page_count": 5, "style": "pixel", "target_age": "7-9"}
    asked = SPEC | wished | {"character_id": luna, "character_ids": [bob]}
    author.change = lambda draft: draft.model_copy(
        update={"cast": (*draft.cast, draft.cast[0].model_copy(update={"name": "Bob", "role": Role.FRIEND}))}
    )
    first = (await ended((await client.post("/v1/books", json=asked)).json()["job_id"]))["result"]
    await go_on(client, ended, first, "at the sea")
    before, after = (story.spec for story in author.stories)
    assert after == before.model_copy(update={"topic": "at the sea", "series_context": after.series_context})
    assert [known.name for known in author.stories[-1].known] == ["Luna", "Bob"]
    await go_on(client, ended, first, "at home", forbidden_elements=[], page_count=4, language="ko")
    changed = author.stories[-1].spec
    assert (changed.forbidden_elements, changed.page_count, changed.language) == (None, 4, "ko")


async def test_a_character_without_a_book_gets_its_first_one(
    client: httpx.AsyncClient, ended: Follow, rows: Any
) -> None:
    luna = await keep(client, "Luna")
    wish = {"character_id": luna, "topic": "at the sea", "language": "en"}
    refused = await client.post("/v1/books/series", json=wish)
    assert (refused.status_code, "target_age" in refused.json()["detail"]) == (422, True)
    assert await rows("SELECT count(*) FROM jobs") == [(0,)]
    answer = await client.post("/v1/books/series", json=wish | {"target_age": "3-5", "style": "cartoon"})
    book = (await ended(answer.json()["job_id"]))["result"]
    assert (book["character_id"], book["series_id"], book["previous_book_id"]) == (luna, None, None)
    second = await go_on(client, ended, book, "on the moon")
    assert (second["series_id"], second["target_age"]) == (book["book_id"], "3-5")


async def test_what_happened_before_is_judged_without_the_words_that_are_unwanted_now(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, screen: FakeScreen
) -> None:
    await go_on(client, ended, made["result"], "at the sea", forbidden_elements=["light"])
    asked = [check for check in screen.checked_texts if any(SPEC["topic"] in text for text in check.texts)]
    assert len(asked) == 2
    assert asked[-1].forbidden == ()


@pytest.mark.parametrize(
    ("first", "second"), [("Luna", "Luna"), ("Luna", " luna "), ("Zo\u00e9", "Zoe\u0301"), ("Groß", "GROSS")]
)
async def test_two_characters_of_one_name_are_not_put_into_one_book(
    client: httpx.AsyncClient, rows: Any, first: str, second: str
) -> None:
    ids = [await keep(client, first), await keep(client, second)]
    asked = ({"character_ids": ids}, {"character_id": ids[0], "character_ids": ids[1:]})
    described = {"character": {"name": second}, "character_ids": ids[:1]}
    for chosen in (*asked, described):
        answer = await client.post("/v1/books", json=SPEC | chosen)
        assert (answer.status_code, "another name" in answer.json()["detail"]) == (422, True)
    assert await rows("SELECT count(*) FROM jobs") == [(0,)]


async def test_a_book_has_one_hero(client: httpx.AsyncClient, ended: Follow, author: FakeAuthor) -> None:
    luna = await keep(client, "Luna")
    described = {"character": {"name": "Bob"}}
    refused = await client.post("/v1/books", json=SPEC | described | {"character_id": luna})
    assert (refused.status_code, "The request names two heroes" in refused.text) == (422, True)

    def with_bob(draft: StoryDraft) -> StoryDraft:
        friend = draft.cast[0].model_copy(update={"role": Role.FRIEND})
        return draft.model_copy(update={"cast": (draft.cast[0].model_copy(update={"name": "Bob"}), friend)})

    author.change = with_bob
    answer = await client.post("/v1/books", json=SPEC | described | {"character_ids": [luna]})
    book = (await ended(answer.json()["job_id"]))["result"]
    hero = (await client.get(f"/v1/characters/{book['character_id']}")).json()
    assert hero["name"] == "Bob"


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"topic": "at the sea"}, 422),
        ({"previous_book_id": "book_unknown", "topic": "at the sea"}, 404),
        ({"character_id": "char_unknown", "topic": "at the sea"}, 404),
        ({"previous_book_id": "book_unknown"}, 422),
        ({"previous_book_id": "b" * 61, "topic": "at the sea"}, 422),
    ],
)
async def test_a_series_that_cannot_be_is_refused(
    client: httpx.AsyncClient, rows: Any, wish: dict[str, Any], status: int
) -> None:
    assert (await client.post("/v1/books/series", json=wish)).status_code == status
    assert await rows("SELECT count(*) FROM jobs") == [(0,)]


@pytest.mark.parametrize(
    "newer",
    [
        "UPDATE jobs SET request = request || '{\"moods\": []}' RETURNING 1",
        "UPDATE story_drafts SET draft = draft || '{\"moods\": []}' RETURNING 1",
    ],
    ids=["its order", "its story"],
)
async def test_a_book_that_only_newer_processes_can_read_is_continued_later(
    client: httpx.AsyncClient, made: dict[str, Any], rows: Any, newer: str
) -> None:
    assert await rows(newer)
    wish = {"previous_book_id": made["result"]["book_id"], "topic": "at the sea"}
    answer = await client.post("/v1/books/series", json=wish)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert len(await rows("SELECT 1 FROM jobs")) == 1
