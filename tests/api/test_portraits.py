"""Characters from photos over the API: made, refused, failed, asked for twice; and the photo is gone each time."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from storybook.core.errors import ErrorCode, ProviderError
from storybook.providers.base import SightRequest
from storybook.routers import waiting
from tests.fakes import FakeScreen, FakeSight, sheet
from tests.photos import MARKER, encoded, marked_jpeg, noise, scene, zipped

PATH = "/v1/characters/from-photo"
FAILURE = ProviderError("it cannot see", code=ErrorCode.UNKNOWN)
NO_PHOTO = b"<!doctype html><script>alert(1)</script>"


async def send(client: httpx.AsyncClient, photo: bytes, key: str | None = None, **fields: str) -> httpx.Response:
    headers = {"X-Idempotency-Key": key} if key else {}
    return await client.post(PATH, files={"photo": ("me.jpg", photo, "image/jpeg")}, data=fields, headers=headers)


async def no_photo_is_left(rows: Any) -> bool:
    return bool(await rows("SELECT count(*) FROM job_photos") == [(0,)])


async def test_a_photo_becomes_a_character_that_is_kept(client: httpx.AsyncClient, sight: FakeSight, rows: Any) -> None:
    answer = await send(client, marked_jpeg(), name="Mina", style="watercolor", gender="female")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["name"], body["photo_url"], body["id"]) == ("Mina", None, body["character_id"])
    assert body["photo_analysis"] == {"made_by": "fake-sight", "made_from": "the photo and the name"}
    (asked,) = sight.seen
    assert (asked.name, asked.gender, asked.style) == ("Mina", "female", "watercolor")
    kept = (await client.get(f"/v1/characters/{body['id']}")).json()
    assert kept == {key: value for key, value in body.items() if key in kept}
    assert (await client.get(f"/v1/books/{body['job_id']}")).json()["status"] == "done"
    assert await no_photo_is_left(rows)


async def test_nothing_of_the_original_is_handed_on_or_kept(
    client: httpx.AsyncClient, sight: FakeSight, rows: Any
) -> None:
    await send(client, marked_jpeg() + zipped())
    (asked,) = sight.seen
    assert asked.photo.startswith(b"\xff\xd8\xff")
    assert len(asked.photo) < 50_000
    everything = [asked.photo]
    for table in ("jobs", "step_artifacts", "characters", "idempotency_keys", "job_photos"):
        everything += [str(await rows(f"SELECT {table}::text FROM {table}")).encode()]  # noqa: S608 - our own names
    for held in everything:
        assert MARKER not in held
        assert MARKER.hex().encode() not in held


async def test_a_photo_alone_is_enough(client: httpx.AsyncClient, sight: FakeSight) -> None:
    body = (await send(client, encoded(scene(), "PNG"))).json()
    assert body["photo_analysis"]["made_from"] == "the photo"
    assert (sight.seen[0].name, sight.seen[0].gender, sight.seen[0].style) == (None, None, "cartoon")


async def test_it_costs_no_credit(client: httpx.AsyncClient, rows: Any) -> None:
    await send(client, encoded(scene()))
    assert await rows("SELECT credits, held FROM user_credits") == [(3, 0)]


async def test_the_photo_is_there_while_it_is_looked_at_and_gone_after(
    client: httpx.AsyncClient, sight: FakeSight, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting_photos: list[object] = []

    async def describe(request: SightRequest) -> Any:
        waiting_photos.extend(await rows("SELECT count(*) FROM job_photos"))
        return sheet("Luna")

    monkeypatch.setattr(sight, "describe", describe)
    assert (await send(client, encoded(scene()))).status_code == 200
    assert waiting_photos == [(1,)]
    assert await no_photo_is_left(rows)


async def test_a_failed_job_is_told_in_its_own_sentence_and_the_photo_is_gone(
    client: httpx.AsyncClient, sight: FakeSight, rows: Any
) -> None:
    sight.errors = [FAILURE] * 5
    answer = await send(client, encoded(scene()))
    body = answer.json()
    assert (answer.status_code, body["error"]["details"]["error_code"]) == (422, "UNKNOWN")
    job = (await client.get(f"/v1/books/{body['error']['details']['job_id']}")).json()
    assert body["error"]["message"] == body["detail"] == job["error_message"]
    assert await no_photo_is_left(rows)
    assert await rows("SELECT count(*) FROM characters") == [(0,)]


async def test_a_name_that_is_not_fit_for_children_is_refused(
    client: httpx.AsyncClient, screen: FakeScreen, rows: Any
) -> None:
    screen.flag_request = True
    answer = await send(client, encoded(scene()), name="Luna")
    assert (answer.status_code, answer.json()["error"]["details"]["error_code"]) == (422, "SAFETY_INPUT")
    assert await no_photo_is_left(rows)


async def test_a_job_that_takes_too_long_is_said_to_go_on(
    client: httpx.AsyncClient, sight: FakeSight, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = asyncio.Event()

    async def describe(request: SightRequest) -> Any:
        await seen.wait()
        return sheet("Luna")

    monkeypatch.setattr(sight, "describe", describe)
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.3)
    answer = await send(client, encoded(scene()), key="the-same-key")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
    seen.set()
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 20)
    again = await send(client, encoded(scene()), key="the-same-key")
    assert again.status_code == 200
    assert again.json()["job_id"] == answer.json()["error"]["details"]["job_id"]
    assert await no_photo_is_left(rows)


async def test_the_same_request_makes_one_character(client: httpx.AsyncClient, rows: Any) -> None:
    sent = [send(client, encoded(scene()), key="the-same-key", name="Mina") for _ in range(4)]
    answers = [answer.json() for answer in await asyncio.gather(*sent)]
    assert all(answer == answers[0] for answer in answers)
    assert await rows("SELECT count(*) FROM characters") == [(1,)]
    assert await rows("SELECT count(*) FROM jobs") == [(1,)]


@pytest.mark.parametrize("change", [{"name": "Mino"}, {"style": "pixel"}, {"photo": encoded(noise(200, 200))}])
async def test_a_key_stands_for_one_photo_and_one_wish(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    first: dict[str, Any] = {"photo": encoded(scene()), "name": "Mina", "key": "the-same-key"}
    assert (await send(client, **first)).status_code == 200
    other = await send(client, **(first | change))
    assert (other.status_code, other.json()["error"]["code"]) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("photo", [b"", NO_PHOTO, encoded(scene(), "GIF"), encoded(scene())[:900], zipped()])
async def test_what_is_no_photo_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient, rows: Any, photo: bytes
) -> None:
    answer = await send(client, photo)
    assert answer.status_code == 400
    assert set(answer.json()) == {"detail", "error", "request_id"}
    assert answer.json()["error"]["message"].startswith("This ")
    assert await rows("SELECT count(*) FROM jobs") == [(0,)]
    assert await no_photo_is_left(rows)


async def test_more_than_ten_megabytes_are_refused(client: httpx.AsyncClient, rows: Any) -> None:
    for size in (10 * 1024 * 1024 + 1, 13 * 1024 * 1024):
        answer = await send(client, encoded(scene()).ljust(size, b"x"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    at_the_limit = await send(client, encoded(scene()).ljust(10 * 1024 * 1024, b"x"))
    assert at_the_limit.status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "x" * 41},
        {"name": "  "},
        {"name": "Lu\0na"},
        {"style": "crayon"},
        {"gender": "fox"},
    ],
)
async def test_bad_fields_are_refused(client: httpx.AsyncClient, rows: Any, fields: dict[str, str]) -> None:
    answer = await send(client, encoded(scene()), **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
    assert await rows("SELECT count(*) FROM jobs") == [(0,)]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": {"name": "Luna"}}, 422),
        ({"data": {"photo": "not a file"}}, 422),
        ({"files": {"picture": ("a.jpg", encoded(scene()))}}, 422),
        ({"json": {"photo": "x"}}, 422),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"content": b"no parts", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400),
        ({"files": [("photo", ("a.jpg", encoded(scene()))), ("photo", ("b.jpg", encoded(scene())))]}, 400),
        ({"files": {"photo": ("a.jpg", encoded(scene()))}, "data": {"name": "x" * 3000}}, 400),
        ({"files": {"photo": ("a.jpg", encoded(scene()))}, "data": {f"f{n}": "x" for n in range(50)}}, 400),
    ],
)
async def test_what_is_no_form_with_one_photo_is_refused(
    client: httpx.AsyncClient, sent: dict[str, Any], status: int
) -> None:
    answer = await client.post(PATH, **sent)
    assert answer.status_code == status
    assert set(answer.json()) == {"detail", "error", "request_id"}


@pytest.mark.parametrize("part", ["name", "filename"])
async def test_a_slow_character_set_does_not_hold_the_service(client: httpx.AsyncClient, part: str) -> None:
    slow = b"a" * 250_000 + b"-" + b"b" * 250_000
    head = b'--b\r\nContent-Disposition: form-data; name="name"'
    body = head + (b"\r\n\r\n" + slow if part == "name" else b'; filename="' + slow + b'"\r\n\r\nx') + b"\r\n--b--\r\n"
    started = time.monotonic()
    headers = {"Content-Type": "multipart/form-data; boundary=b; charset=punycode"}
    answer = await client.post(PATH, content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert time.monotonic() - started < 1


async def test_a_stranger_cannot_read_the_character(client: httpx.AsyncClient) -> None:
    body = (await send(client, encoded(scene()))).json()
    stranger = {"X-User-Key": "a-key-of-a-stranger"}
    for path in (f"/v1/characters/{body['id']}", f"/v1/books/{body['job_id']}"):
        assert (await client.get(path, headers=stranger)).status_code == 404


async def test_a_photo_needs_a_user(client: httpx.AsyncClient) -> None:
    del client.headers["X-User-Key"]
    assert (await send(client, encoded(scene()))).status_code == 422
