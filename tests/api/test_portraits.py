"""Characters from photos over the API: made, refused, failed, asked for twice; and the photo is gone each time."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from storybook.core.errors import ErrorCode, ProviderError
from storybook.domain.characters import CharacterSheet
from storybook.main import create_app, settle
from storybook.providers.base import SightRequest
from storybook.resources import Resources
from storybook.routers.waiting import wait_for_end
from tests.fakes import FakeScreen, FakeSight
from tests.photos import MARKER, REFUSED, encoded, marked_jpeg, noise, scene, zipped
from tests.stalls import longest_stall

PATH = "/v1/characters/from-photo"
FAILURE = ProviderError("it cannot see", code=ErrorCode.UNKNOWN)
NO_PHOTO = b"<!doctype html><script>alert(1)</script>"


class SlowSight(FakeSight):
    """Looks when `gate` is open; `asked` is set once it is asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def describe(self, request: SightRequest) -> CharacterSheet:
        self.asked.set()
        await self.gate.wait()
        return await super().describe(request)


@pytest.fixture
async def sight() -> SlowSight:
    return SlowSight()


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
    assert (asked.name, asked.gender, asked.style, asked.language) == ("Mina", "female", "watercolor", "ko")
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


async def test_the_character_is_described_in_the_language_that_was_asked_for(
    client: httpx.AsyncClient, sight: FakeSight
) -> None:
    for language in ("ko", "en", "ja"):
        assert (await send(client, encoded(scene()), language=language)).status_code == 200
        assert sight.seen[-1].language == language


async def test_it_costs_no_credit(client: httpx.AsyncClient, rows: Any) -> None:
    await send(client, encoded(scene()))
    assert await rows("SELECT credits, held FROM user_credits") == [(3, 0)]


async def test_the_photo_is_there_while_it_is_looked_at_and_gone_after(
    client: httpx.AsyncClient, sight: SlowSight, rows: Any
) -> None:
    sight.gate.clear()
    sent = asyncio.create_task(send(client, encoded(scene())))
    await asyncio.wait_for(sight.asked.wait(), 10)
    assert await rows("SELECT count(*) FROM job_photos") == [(1,)]
    sight.gate.set()
    assert (await sent).status_code == 200
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


async def test_who_waits_is_told_that_it_goes_on_and_finds_the_character_by_asking_again(
    client: httpx.AsyncClient, sight: SlowSight, resources: Resources, rows: Any
) -> None:
    sight.gate.clear()
    sent = asyncio.create_task(send(client, encoded(scene()), key="the-same-key"))
    await asyncio.wait_for(sight.asked.wait(), 10)
    resources.notifications.release()
    answer = await sent
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
    job_id = answer.json()["error"]["details"]["job_id"]
    sight.gate.set()
    async with asyncio.timeout(30):
        while (await client.get(f"/v1/books/{job_id}")).json()["status"] != "done":
            await asyncio.sleep(0.02)
    again = await send(client, encoded(scene()), key="the-same-key")
    assert (again.status_code, again.json()["job_id"]) == (200, job_id)
    assert await no_photo_is_left(rows)


async def test_nobody_waits_longer_than_the_app_does(
    client: httpx.AsyncClient, sight: SlowSight, resources: Resources, rows: Any
) -> None:
    sight.gate.clear()
    sent = asyncio.create_task(send(client, encoded(scene())))
    await asyncio.wait_for(sight.asked.wait(), 10)
    ((job_id, user_id),) = await rows("SELECT id, user_id FROM jobs")
    now = await wait_for_end(resources, user_id, job_id, patience=0.2)
    assert now.job.status == "running"
    sight.gate.set()
    assert (await wait_for_end(resources, user_id, job_id)).job.status == "done"
    assert (await sent).status_code == 200


async def test_the_same_request_makes_one_character(client: httpx.AsyncClient, rows: Any) -> None:
    sent = [send(client, encoded(scene()), key="the-same-key", name="Mina") for _ in range(4)]
    answers = [answer.json() for answer in await asyncio.gather(*sent)]
    assert all(answer == answers[0] for answer in answers)
    assert await rows("SELECT count(*) FROM characters") == [(1,)]
    assert await rows("SELECT count(*) FROM jobs") == [(1,)]


@pytest.mark.parametrize(
    "change", [{"name": "Mino"}, {"style": "pixel"}, {"language": "ja"}, {"photo": encoded(noise(200, 200))}]
)
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
        {"language": "fr"},
    ],
)
async def test_bad_fields_are_refused(client: httpx.AsyncClient, rows: Any, fields: dict[str, str]) -> None:
    answer = await send(client, encoded(scene()), **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
    assert await rows("SELECT count(*) FROM jobs") == [(0,)]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": {"name": "Luna"}}, 415),
        ({"data": {"photo": "not a file"}}, 415),
        ({"files": {"picture": ("a.jpg", encoded(scene()))}}, 422),
        ({"json": {"photo": "x"}}, 415),
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
    assert time.monotonic() - started < 10, "decoding these names by that character set takes about 25 seconds"


async def test_a_stranger_cannot_read_the_character(client: httpx.AsyncClient) -> None:
    body = (await send(client, encoded(scene()))).json()
    stranger = {"X-User-Key": "a-key-of-a-stranger"}
    for path in (f"/v1/characters/{body['id']}", f"/v1/books/{body['job_id']}"):
        assert (await client.get(path, headers=stranger)).status_code == 404


async def test_a_photo_needs_a_user(client: httpx.AsyncClient) -> None:
    del client.headers["X-User-Key"]
    assert (await send(client, encoded(scene()))).status_code == 422


async def test_the_loop_never_stands_still_while_photos_come_and_go(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    await settle(create_app(resources))
    photos = [encoded(noise(3000, 3000)), encoded(scene()).ljust(10 * 1024 * 1024, b"x"), REFUSED["PNG bomb"]()]
    statuses: list[int] = []

    async def send_all() -> None:
        answers = await asyncio.gather(*(send(client, photo) for photo in photos))
        statuses.extend(answer.status_code for answer in answers)

    await send_all()
    assert await longest_stall(send_all) < 0.05
    assert statuses == [200, 200, 400] * 4
