"""A book's pictures in words: asked for, followed, read, and never of another picture than the one that is shown."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from storybook.core.errors import ErrorCode, ProviderError
from storybook.core.settings import Settings
from storybook.domain.alt_text import AltText
from storybook.main import create_app
from storybook.resources import Resources
from tests.api.conftest import Follow
from tests.api.test_account import exported, sheet
from tests.api.test_pages import detail, regenerate
from tests.conftest import USER_KEY
from tests.fakes import FakePainter, FakeScreen, FakeSight

PICTURES = 5
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


def path_of(made: dict[str, Any]) -> str:
    return f"/v1/books/{made['result']['book_id']}/descriptions"


async def describe(client: httpx.AsyncClient, made: dict[str, Any], ended: Follow) -> dict[str, Any]:
    """The job that was asked for, at its end."""
    started = await client.post(path_of(made))
    assert (started.status_code, started.json()["status"]) == (200, "processing")
    return await ended(started.json()["job_id"])


async def shown(client: httpx.AsyncClient, url: str) -> str:
    """What the fake says of the picture at this address."""
    return f"A fox looks at the {zlib.crc32((await client.get(url)).content)} sky."


async def words_are_those_of_the_pictures(client: httpx.AsyncClient, book: dict[str, Any]) -> None:
    assert book["cover_alt_text"] == await shown(client, book["cover_image_url"])
    for page in book["pages"]:
        assert page["alt_text"] == await shown(client, page["image_url"])


async def looked_at(sight: FakeSight, pictures: int) -> None:
    async with asyncio.timeout(30):
        while len(sight.described) < pictures:
            await asyncio.sleep(0.01)


async def test_every_picture_gets_its_words_once(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, sight: FakeSight, screen: FakeScreen, rows: Rows
) -> None:
    assert {made["result"]["cover_alt_text"], *(page["alt_text"] for page in made["result"]["pages"])} == {None}
    job = await describe(client, made, ended)
    assert (job["kind"], job["status"], job["progress"], job["note"]) == ("description", "done", 100, None)
    book = await detail(client, made)
    assert job["result"]["pages"] == book["pages"]
    await words_are_those_of_the_pictures(client, book)
    assert [check.texts for check in screen.checked_texts].count((book["cover_alt_text"],)) == 1
    assert (await describe(client, made, ended))["status"] == "done"
    assert len(sight.described) == PICTURES
    assert await rows("SELECT credits, held FROM user_credits") == [(2, 0)]


async def test_it_is_asked_for_once_while_it_is_worked_on(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, sight: FakeSight
) -> None:
    sight.open.clear()
    keys = ({"X-Idempotency-Key": "one"}, {"X-Idempotency-Key": "one"}, {"X-Idempotency-Key": "two"}, {})
    jobs = {(await client.post(path_of(made), headers=key)).json()["job_id"] for key in keys}
    sight.open.set()
    assert len(jobs) == 1
    assert (await ended(jobs.pop()))["status"] == "done"


async def test_somebody_elses_book_is_not_there(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    answer = await client.post(path_of(made), headers={"X-User-Key": "a-key-of-somebody-else"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_words_that_are_flagged_are_not_shown_and_the_reader_is_told(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, screen: FakeScreen
) -> None:
    screen.unfit_in_story = await shown(client, made["result"]["pages"][1]["image_url"])
    job = await describe(client, made, ended)
    assert job["status"] == "done"
    assert "some are still without words" in job["note"]
    book = await detail(client, made)
    assert [bool(page["alt_text"]) for page in book["pages"]] == [True, False, True, True]
    screen.unfit_in_story = None
    await describe(client, made, ended)
    await words_are_those_of_the_pictures(client, await detail(client, made))


async def test_a_new_picture_has_no_words_until_it_is_described(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, sight: FakeSight
) -> None:
    await describe(client, made, ended)
    for page, mode in ((1, "text"), (2, "image"), (3, "both")):
        await ended((await regenerate(client, made, page, mode=mode)).json()["job_id"])
    book = await detail(client, made)
    assert [bool(page["alt_text"]) for page in book["pages"]] == [True, False, False, True]
    await describe(client, made, ended)
    await words_are_those_of_the_pictures(client, await detail(client, made))
    assert len(sight.described) == PICTURES + 2


@pytest.mark.parametrize("changes", [1, 3])
async def test_a_picture_that_is_changed_while_it_is_looked_at_waits_for_the_next_time_and_no_other(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, sight: FakeSight, changes: int
) -> None:
    sight.open.clear()
    started = (await client.post(path_of(made))).json()
    await looked_at(sight, 2)
    for _ in range(changes):
        await ended((await regenerate(client, made, 1, mode="image")).json()["job_id"])
    sight.open.set()
    job = await ended(started["job_id"])
    assert (job["status"], bool(job["note"])) == ("done", True)
    assert [bool(page["alt_text"]) for page in (await detail(client, made))["pages"]] == [False, True, True, True]
    assert (await describe(client, made, ended))["note"] is None
    await words_are_those_of_the_pictures(client, await detail(client, made))
    assert len(sight.described) == PICTURES + 1


async def test_a_picture_whose_scene_was_told_anew_is_described_by_the_scene_that_was_painted(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, painter: FakePainter, sight: FakeSight
) -> None:
    await ended((await regenerate(client, made, 1, mode="text", feedback="a kite")).json()["job_id"])
    await describe(client, made, ended)
    assert [asked.scene for asked in sight.described] == [asked.prompt.scene for asked in painter.drawn]


async def test_what_cannot_be_described_or_judged_leaves_the_book_as_it_was(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, sight: FakeSight, rows: Rows
) -> None:
    sight.errors = [ProviderError("no", code=ErrorCode.LLM_JSON_INVALID)]
    assert (await describe(client, made, ended))["error_code"] == "LLM_JSON_INVALID"
    sight.says = "여우가 {shade} 하늘을 봐요."
    assert (await describe(client, made, ended))["error_code"] == "LLM_JSON_INVALID"
    assert await rows("SELECT alt_text FROM pages UNION SELECT cover_alt_text FROM books") == [(None,)]


async def test_without_a_verdict_nothing_is_shown(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, screen: FakeScreen, rows: Rows
) -> None:
    screen.story_errors = [ProviderError("no verdict", code=ErrorCode.SAFETY_OUTPUT)]
    assert (await describe(client, made, ended))["error_code"] == "LLM_TIMEOUT"
    assert await rows("SELECT alt_text FROM pages UNION SELECT cover_alt_text FROM books") == [(None,)]


async def test_a_picture_whose_file_is_gone_stays_without_words_and_no_other(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, resources: Resources, rows: Rows
) -> None:
    [(key,)] = await rows("SELECT image_key FROM pages WHERE page_number = 2")
    await resources.storage.delete(key)
    assert (await describe(client, made, ended))["note"]
    assert [bool(page["alt_text"]) for page in (await detail(client, made))["pages"]] == [True, False, True, True]
    await ended((await regenerate(client, made, 2, mode="image")).json()["job_id"])
    assert (await describe(client, made, ended))["note"] is None


async def test_a_book_that_is_deleted_meanwhile_ends_the_job(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, sight: FakeSight
) -> None:
    sight.open.clear()
    job_id = (await client.post(path_of(made))).json()["job_id"]
    await looked_at(sight, 2)
    assert (await client.delete(f"/v1/library/{made['result']['book_id']}")).status_code == 200
    sight.open.set()
    assert (await ended(job_id))["error_code"] == "CANCELLED"


async def test_the_export_holds_the_words_and_no_key_of_a_picture(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, rows: Rows
) -> None:
    await describe(client, made, ended)
    book = await detail(client, made)
    zipped = await exported(client)
    [name] = [name for name in zipped.namelist() if name.endswith("book.json")]
    told = sheet(zipped, name)
    assert told["cover_alt_text"] == book["cover_alt_text"]
    assert [page["alt_text"] for page in told["pages"]] == [page["alt_text"] for page in book["pages"]]
    everything = b"".join(zipped.read(name) for name in zipped.namelist() if name.endswith(".json")).decode()
    for (key,) in await rows("SELECT image_key FROM pages UNION SELECT cover_key FROM books"):
        assert key not in everything


async def test_what_could_cost_too_much_is_refused_before_anybody_looks(
    client: httpx.AsyncClient, made: dict[str, Any], resources: Resources, sight: FakeSight, rows: Rows
) -> None:
    paid = {
        "sight_provider": "openai",
        "sight_api_key": "a key",
        "personal_data_vendors": ["openai"],
        "budget_per_day": 0.05,
    }
    poor = Settings(_env_file=None, **resources.settings.model_dump(exclude={*paid}, exclude_unset=True), **paid)
    transport = httpx.ASGITransport(create_app(replace(resources, settings=poor)))
    headers = {"X-User-Key": USER_KEY}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as asking:
        refused = await asking.post(path_of(made))
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_BUDGET_EXCEEDED")
    assert sight.described == []
    assert await rows("SELECT count(*) FROM jobs WHERE kind = 'description'") == [(0,)]


def test_words_for_a_picture_are_bounded() -> None:
    with pytest.raises(ValueError, match="200"):
        AltText(text="x" * 201)
