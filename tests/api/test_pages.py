"""Making a page again, and giving a book a voice."""

import asyncio
from typing import Any

import httpx
import pytest

from storybook.core.errors import ErrorCode, ProviderError
from storybook.pipeline.narrate import ROUNDS
from storybook.resources import Resources
from tests.api.conftest import SPEC, Follow
from tests.fakes import NOT_UNDERSTOOD, FakeAuthor, FakeNarrator, FakePainter, FakeScreen

DUE = "SELECT * FROM discarded_files WHERE due_at <= now()"


async def regenerate(client: httpx.AsyncClient, made: dict[str, Any], page: int, **body: Any) -> httpx.Response:
    return await client.post(f"/v1/books/{made['job_id']}/pages/{page}/regenerate", json=body)


async def detail(client: httpx.AsyncClient, made: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.get(f"/v1/books/{made['result']['book_id']}/detail")).json()
    return answer


@pytest.mark.parametrize(
    ("spelling", "mode", "new_text", "new_picture"),
    [
        ("mode", "text", True, False),
        ("mode", "image", False, True),
        ("mode", "both", True, True),
        ("regenerate_target", "both", True, True),
    ],
)
async def test_a_page_is_made_again(
    client: httpx.AsyncClient,
    made: dict[str, Any],
    ended: Follow,
    painter: FakePainter,
    spelling: str,
    mode: str,
    new_text: bool,  # noqa: FBT001
    new_picture: bool,  # noqa: FBT001
) -> None:
    before = made["result"]
    first_pdf = await client.get(f"/v1/books/{before['book_id']}/pdf")
    looks = painter.drawn[0].sheets
    answer = await regenerate(client, made, 2, **{spelling: mode, "feedback": "Sunny"})
    assert answer.status_code == 200
    job = await ended(answer.json()["job_id"])
    assert (job["kind"], job["status"], job["progress"]) == ("page", "done", 100)
    after = await detail(client, made)
    old, new = before["pages"][1], after["pages"][1]
    assert (old["text"] != new["text"]) is new_text
    assert (old["image_url"] != new["image_url"]) is new_picture
    assert after["pages"][0] == before["pages"][0]
    assert job["result"]["book_id"] == before["book_id"]
    if new_picture:
        assert painter.drawn[-1].sheets == looks
        assert "Sunny" in painter.drawn[-1].prompt.positive
        assert (await client.get(new["image_url"])).status_code == 200
    second_pdf = await client.get(f"/v1/books/{before['book_id']}/pdf")
    assert first_pdf.content != second_pdf.content


async def test_a_picture_that_is_made_again_shows_what_the_page_was_told_to_show_before(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, painter: FakePainter
) -> None:
    for mode, feedback in (("text", "Stars"), ("image", "Balloons"), ("image", None)):
        await ended((await regenerate(client, made, 2, mode=mode, feedback=feedback)).json()["job_id"])
    assert painter.drawn[-1].prompt.scene.props == ("Stars", "Balloons")
    await ended((await regenerate(client, made, 1, mode="image")).json()["job_id"])
    assert painter.drawn[-1].prompt.scene.props == ()


async def test_whoever_wishes_for_what_is_not_understood_is_told(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow
) -> None:
    assert made["note"] is None
    job = await ended((await regenerate(client, made, 2, mode="image", feedback=NOT_UNDERSTOOD)).json()["job_id"])
    assert job["status"] == "done"
    assert "did not understand" in job["note"]
    assert job["result"]["pages"][1]["image_url"] != made["result"]["pages"][1]["image_url"]


async def test_a_wish_that_is_unsafe_changes_nothing(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, screen: FakeScreen
) -> None:
    screen.flag_request = True
    job = await ended((await regenerate(client, made, 1, mode="both", feedback="a wish")).json()["job_id"])
    assert (job["status"], job["error_code"]) == ("failed", "SAFETY_INPUT")
    assert "credit" not in job["error_message"].lower()
    assert await detail(client, made) == made["result"]


async def test_a_picture_that_is_flagged_changes_nothing(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, screen: FakeScreen
) -> None:
    screen.flag_pictures = {1}
    job = await ended((await regenerate(client, made, 1, mode="both")).json()["job_id"])
    assert (job["status"], job["error_code"]) == ("failed", "SAFETY_OUTPUT")
    assert await detail(client, made) == made["result"]


@pytest.mark.parametrize(
    ("page", "body", "status"),
    [
        (1, {}, 422),
        (1, {"mode": "all"}, 422),
        (1, {"mode": "text", "feedback": "x" * 201}, 422),
        (1, {"mode": "text", "feedback": "a\0b"}, 422),
        (1, {"mode": "text", "more": 1}, 422),
        (0, {"mode": "text"}, 422),
        (13, {"mode": "text"}, 422),
        (5, {"mode": "text"}, 404),
    ],
)
async def test_a_page_or_a_wish_that_cannot_be_is_refused(
    client: httpx.AsyncClient, made: dict[str, Any], rows: Any, page: int, body: dict[str, Any], status: int
) -> None:
    assert (await regenerate(client, made, page, **body)).status_code == status
    assert await rows("SELECT count(*) FROM jobs") == [(1,)]


async def test_a_page_is_read_aloud_once(
    client: httpx.AsyncClient, made: dict[str, Any], narrator: FakeNarrator
) -> None:
    path = f"/v1/books/{made['result']['book_id']}/pages/1/audio"
    answers = await asyncio.gather(*(client.get(path) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    (url,) = {answer.json()["audio_url"] for answer in answers}
    assert len(narrator.spoken) == 1
    sound = await client.get(url, headers={"X-User-Key": ""})
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/mpeg")
    assert (await client.get(path)).json()["audio_url"] == url


async def test_a_book_that_is_being_read_aloud_is_not_read_once_more_and_keeps_the_voices_that_were_told(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, narrator: FakeNarrator, rows: Any
) -> None:
    path = f"/v1/books/{made['result']['book_id']}"
    narrator.gate.clear()
    taps = [await client.post(f"{path}/audio", headers={"X-Idempotency-Key": f"a-tap-{n}-of-many"}) for n in range(3)]
    (job_id,) = {tap.json()["job_id"] for tap in taps}
    hearing = asyncio.create_task(client.get(f"{path}/pages/1/audio"))
    async with asyncio.timeout(30):
        while len(narrator.spoken) < 2:
            await asyncio.sleep(0.01)
    narrator.gate.set()
    heard = (await hearing).json()["audio_url"]
    await ended(job_id)
    whole = (await detail(client, made))["audio_url"]
    await ended((await client.post(f"{path}/audio")).json()["job_id"])
    async with asyncio.timeout(30):
        while await rows(DUE):
            await asyncio.sleep(0.05)
    assert len(narrator.spoken) == 4 + 1
    told = await detail(client, made)
    assert (told["pages"][0]["audio_url"], told["audio_url"]) == (heard, whole)
    for url in (whole, *(page["audio_url"] for page in told["pages"])):
        assert (await client.get(url)).status_code == 200


async def test_a_voice_whose_file_is_missing_is_made_anew(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, resources: Resources, rows: Any
) -> None:
    path = f"/v1/books/{made['result']['book_id']}/audio"
    await ended((await client.post(path)).json()["job_id"])
    [(page,), (whole,)] = await rows(
        "SELECT audio_key FROM pages WHERE page_number = 1 UNION ALL SELECT audio_key FROM books"
    )
    await resources.storage.delete(page)
    await resources.storage.delete(whole)
    assert (await ended((await client.post(path)).json()["job_id"]))["status"] == "done"
    book = await detail(client, made)
    for url in (book["audio_url"], *(page["audio_url"] for page in book["pages"])):
        assert (await client.get(url)).status_code == 200


async def test_a_voice_that_is_discarded_while_its_book_is_read_aloud_does_not_come_back(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, narrator: FakeNarrator, rows: Any
) -> None:
    path = f"/v1/books/{made['result']['book_id']}"
    await client.get(f"{path}/pages/1/audio")
    narrator.gate.clear()
    started = (await client.post(f"{path}/audio")).json()
    async with asyncio.timeout(30):
        while len(narrator.spoken) < 2:
            await asyncio.sleep(0.01)
    await rows(
        "INSERT INTO discarded_files (key, due_at)"
        " SELECT audio_key, now() + interval '1 hour' FROM pages WHERE page_number = 1 RETURNING key"
    )
    await rows("UPDATE pages SET audio_key = NULL, audio_words = '[]' WHERE page_number = 1 RETURNING id")
    narrator.gate.set()
    assert (await ended(started["job_id"]))["status"] == "done"
    assert await rows("SELECT count(*) FROM pages WHERE audio_key IS NOT NULL") == [(4,)]
    assert await rows("SELECT audio_key FROM pages JOIN discarded_files ON key = audio_key") == []


async def test_the_app_hears_the_first_page_by_its_index(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    path = f"/v1/books/{made['result']['book_id']}/pages"
    by_number, by_index = [(await client.get(f"{path}/{page}/audio")).json() for page in (1, 0)]
    assert by_number["audio_url"] == by_index["audio_url"]
    assert [(await client.get(f"{path}/{page}/audio")).status_code for page in (-1, 5, 13)] == [422, 404, 422]


async def test_a_book_gets_a_voice_for_every_page_and_as_a_whole(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, narrator: FakeNarrator
) -> None:
    await client.get(f"/v1/books/{made['result']['book_id']}/pages/2/audio")
    started = (await client.post(f"/v1/books/{made['result']['book_id']}/audio")).json()
    assert started["status"] == "processing"
    job = await ended(started["job_id"])
    assert (job["kind"], job["status"]) == ("audio", "done")
    book = await detail(client, made)
    assert all(page["audio_url"] for page in book["pages"])
    whole = await client.get(book["audio_url"])
    assert whole.content.count(b"ID3") == 4
    assert len(narrator.spoken) == 4


async def test_new_words_silence_the_old_voice(client: httpx.AsyncClient, made: dict[str, Any], ended: Follow) -> None:
    book_id = made["result"]["book_id"]
    old = (await client.get(f"/v1/books/{book_id}/pages/1/audio")).json()["audio_url"]
    await ended((await regenerate(client, made, 1, mode="text")).json()["job_id"])
    assert (await detail(client, made))["pages"][0]["audio_url"] is None
    new = (await client.get(f"/v1/books/{book_id}/pages/1/audio")).json()["audio_url"]
    assert new != old


async def test_a_voice_says_when_each_word_sounds(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, rows: Any
) -> None:
    book_id, text = made["result"]["book_id"], made["result"]["pages"][0]["text"]
    path = f"/v1/books/{book_id}/pages/1/audio"
    [word] = (await client.get(path)).json()["words"]
    assert (text[word["start"] : word["end"]], word["begin_ms"], word["end_ms"]) == (text.split()[0], 100, 400)
    await ended((await client.post(f"/v1/books/{book_id}/audio")).json()["job_id"])
    assert (await client.get(path)).json()["words"] == [word]
    counts = "SELECT jsonb_array_length(audio_words) FROM pages ORDER BY page_number"
    assert [count for (count,) in await rows(counts)] == [1, 1, 1, 1]
    await ended((await regenerate(client, made, 1, mode="text")).json()["job_id"])
    assert [count for (count,) in await rows(counts)] == [0, 1, 1, 1]


@pytest.mark.parametrize("heard_before", [True, False])
async def test_a_page_that_is_made_again_while_its_book_is_read_aloud_is_read_again_and_no_other(
    client: httpx.AsyncClient,
    made: dict[str, Any],
    ended: Follow,
    narrator: FakeNarrator,
    resources: Resources,
    heard_before: bool,  # noqa: FBT001
) -> None:
    path = f"/v1/books/{made['result']['book_id']}"
    if heard_before:
        await client.get(f"{path}/pages/1/audio")
    narrator.gate.clear()
    started = (await client.post(f"{path}/audio")).json()
    async with asyncio.timeout(30):
        while len(narrator.spoken) < 1 + heard_before:
            await asyncio.sleep(0.01)
    await ended((await regenerate(client, made, 1, mode="text", feedback="Anew")).json()["job_id"])
    narrator.gate.set()
    assert (await ended(started["job_id"]))["status"] == "done"
    book = await detail(client, made)
    assert len(narrator.spoken) == 5
    assert narrator.spoken[-1].text == book["pages"][0]["text"]
    sounds = [(await client.get(page["audio_url"])).content for page in book["pages"]]
    assert sounds == [b"ID3" + page["text"].encode() for page in book["pages"]]
    assert (await client.get(book["audio_url"])).content == b"".join(sounds)
    assets = resources.settings.storybook_data_dir / "assets"
    async with asyncio.timeout(30):
        while len(list(assets.rglob("*.mp3"))) > len(sounds) + 1:
            await asyncio.sleep(0.05)


async def test_a_page_whose_words_change_again_and_again_is_not_read_for_ever(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, narrator: FakeNarrator, rows: Any
) -> None:
    path = f"/v1/books/{made['result']['book_id']}"
    for page in (2, 3, 4):
        await client.get(f"{path}/pages/{page}/audio")
    narrator.gate.clear()
    started = (await client.post(f"{path}/audio")).json()
    for time in range(1, ROUNDS + 1):
        async with asyncio.timeout(30):
            while len(narrator.spoken) < 3 + time:
                await asyncio.sleep(0.01)
        await rows("UPDATE pages SET text = text || '!' WHERE page_number = 1 RETURNING text")
        narrator.gate.set()
        narrator.gate.clear()
    assert (await ended(started["job_id"]))["status"] == "failed"
    assert len(narrator.spoken) == 3 + ROUNDS


async def test_a_voice_that_fails_says_when_to_come_back(
    client: httpx.AsyncClient, made: dict[str, Any], narrator: FakeNarrator
) -> None:
    narrator.errors = [ProviderError("no voice", code=ErrorCode.UNKNOWN)]
    path = f"/v1/books/{made['result']['book_id']}/pages/1/audio"
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["retry-after"]
    assert (await client.get(path)).status_code == 200


async def test_a_failed_book_can_be_tried_again_with_the_credit_that_came_back(
    client: httpx.AsyncClient, author: FakeAuthor, ended: Follow, rows: Any
) -> None:
    author.errors = [ProviderError("no", code=ErrorCode.LLM_JSON_INVALID)]
    failed = await ended((await client.post("/v1/books", json=SPEC)).json()["job_id"])
    assert failed["status"] == "failed"
    again = await client.post(f"/v1/books/{failed['job_id']}/retry")
    job = await ended(again.json()["job_id"])
    assert job["status"] == "done"
    assert await rows("SELECT credits, held FROM user_credits") == [(2, 0)]
    assert (await client.post(f"/v1/books/{job['job_id']}/retry")).status_code == 409


async def test_a_book_under_way_can_be_stopped_and_leaves_nothing(
    client: httpx.AsyncClient, painter: FakePainter, ended: Follow, rows: Any, resources: Any
) -> None:
    painter.gate.clear()
    job_id = (await client.post("/v1/books", json=SPEC)).json()["job_id"]
    async with asyncio.timeout(30):
        while painter.drawing < 3:
            await asyncio.sleep(0.01)
    stopped = (await client.post(f"/v1/books/{job_id}/cancel")).json()
    assert (stopped["status"], stopped["error_code"]) == ("failed", "CANCELLED")
    assert await rows("SELECT credits, held FROM user_credits") == [(3, 0)]
    painter.gate.set()
    folder = resources.settings.storybook_data_dir / "assets" / "books"
    async with asyncio.timeout(30):
        while painter.drawing or any(folder.rglob("*.png")) or await rows(DUE):
            await asyncio.sleep(0.05)
    assert (await ended(job_id))["status"] == "failed"
    assert (await client.post(f"/v1/books/{job_id}/cancel")).status_code == 409
