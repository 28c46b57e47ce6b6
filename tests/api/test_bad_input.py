"""Bad input is refused early, in one form, with nothing written and nothing lost."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from storybook.main import create_app
from storybook.resources import Resources
from tests.api.conftest import SPEC

MEGABYTE = "x" * 1_000_000
HERO = {"name": "Luna"}

BAD = {
    "topic missing": {"topic": None},
    "topic empty": {"topic": ""},
    "topic blank": {"topic": "  \n "},
    "topic too long": {"topic": "x" * 201},
    "topic huge": {"topic": MEGABYTE},
    "topic with NUL": {"topic": "a fox\0"},
    "topic with a lone surrogate": {"topic": "a fox \ud800"},
    "topic with an escape character": {"topic": "a fox \x1b[31m"},
    "topic a number": {"topic": 5},
    "topic a list": {"topic": ["a fox"]},
    "language unknown": {"language": "fr"},
    "language empty": {"language": ""},
    "age missing": {"target_age": None},
    "age unknown": {"target_age": "9-12"},
    "style missing": {"style": None},
    "style unknown": {"style": "crayon"},
    "pages below": {"page_count": 3},
    "pages above": {"page_count": 13},
    "pages a fraction": {"page_count": 4.5},
    "pages a text": {"page_count": "8"},
    "pages a truth": {"page_count": True},
    "pages huge": {"page_count": 10**30},
    "theme unknown": {"theme": "war"},
    "hero without a name": {"character": {}},
    "hero's name empty": {"character": {"name": ""}},
    "hero's name too long": {"character": {"name": "x" * 41}},
    "hero's name with NUL": {"character": {"name": "Lu\0na"}},
    "hero's gender unknown": {"character": HERO | {"gender": "fox"}},
    "hero's looks too long": {"character": HERO | {"appearance": "x" * 201}},
    "hero too many traits": {"character": HERO | {"personality": ["kind"] * 9}},
    "hero with an unknown key": {"character": HERO | {"age": 5}},
    "hero a text": {"character": "Luna"},
    "character id empty": {"character_id": ""},
    "character id too long": {"character_id": "c" * 61},
    "too many unwanted things": {"forbidden_elements": ["x"] * 21},
    "unwanted thing too long": {"forbidden_elements": [MEGABYTE]},
    "unwanted thing empty": {"forbidden_elements": [""]},
    "unwanted things a text": {"forbidden_elements": "dogs"},
    "picture too large": {"reference_image_base64": "x" * 5_000_001},
    "picture no base64": {"reference_image_base64": "not \u0000 base64"},
    "topic of nothing but joiners": {"topic": "\u200d\u3164"},
    "topic that grows when composed": {"topic": "\u0344" * 150},
    "context too long": {"series_context": "x" * 501},
    "context with a lone surrogate": {"series_context": "\udfff"},
    "unknown key": {"is_admin": True},
}

GOOD = {
    "topic at its limit": {"topic": "x" * 200},
    "one character": {"topic": "별"},
    "a new emoji": {"topic": "a \U0001fabf and braces {x} ${0} %s"},
    "unwanted words that grow in lower case": {"forbidden_elements": ["ß" * 40]},
    "fewest pages": {"page_count": 4},
    "most pages": {"page_count": 12},
    "pages left out": {"page_count": None},
    "every part at its limit": {
        "character": {"name": "x" * 40, "gender": "neutral", "appearance": "y" * 200, "personality": ["z" * 40] * 8},
        "forbidden_elements": ["snake" * 8] * 20,
        "series_context": "s" * 500,
        "reference_image_base64": "A" * 1000,
        "theme": "생활습관",
    },
}


def with_changes(changes: dict[str, Any]) -> bytes:
    spec = SPEC | changes
    return json.dumps({key: value for key, value in spec.items() if value is not None}).encode()


async def post(client: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    return await client.post("/v1/books", content=body, headers={"Content-Type": "application/json", **headers})


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    body = answer.json()
    assert answer.status_code == status
    assert set(body) == {"detail", "error", "request_id"}
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.content) < 5_000


async def nothing_written(rows: Any) -> bool:
    (jobs,), (entries,) = (
        (await rows("SELECT count(*) FROM jobs"))[0],
        (await rows("SELECT count(*) FROM credit_transactions WHERE transaction_type <> 'gift'"))[0],
    )
    return bool(jobs == entries == 0)


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_request_is_refused_and_costs_nothing(client: httpx.AsyncClient, rows: Any, case: str) -> None:
    answer = await post(client, with_changes(BAD[case]))
    assert_refused(answer, 422, "VALIDATION_ERROR")
    assert await nothing_written(rows)


@pytest.mark.parametrize("case", GOOD)
async def test_a_request_at_its_limits_is_accepted(client: httpx.AsyncClient, case: str) -> None:
    assert (await post(client, with_changes(GOOD[case]))).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'"a fox"', 422),
        (b"\xff\xfe", 422),
        (b"[" * 100_000, 400),
        (b'{"topic":' * 50_000, 400),
    ],
)
async def test_what_is_no_request_is_refused(client: httpx.AsyncClient, rows: Any, body: bytes, status: int) -> None:
    answer = await post(client, body)
    assert_refused(answer, status, "VALIDATION_ERROR")
    assert await nothing_written(rows)


@pytest.mark.parametrize("body", [b"{", b"xxx", b'{"topic": "a fox", }'])
async def test_what_is_no_json_is_told_in_a_sentence_without_a_place(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await post(client, body)
    assert answer.json()["error"]["message"] == "The request is not readable as JSON."


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "image/png"])
@pytest.mark.parametrize(("path", "wanted"), [("/v1/books", "json"), ("/v1/characters/from-photo", "multipart")])
async def test_what_comes_as_another_kind_is_refused(
    client: httpx.AsyncClient, path: str, kind: str, wanted: str
) -> None:
    answer = await client.post(path, content=with_changes({}), headers={"Content-Type": kind})
    assert_refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert wanted in answer.json()["error"]["message"]


INSIDES = ("value error", "uploadfile", "tuple", "validation", "<class", "pattern", "pydantic", "valid list", "input")


@pytest.mark.parametrize("case", BAD)
async def test_a_refusal_says_what_is_wrong_and_nothing_of_the_inside(client: httpx.AsyncClient, case: str) -> None:
    answer = (await post(client, with_changes(BAD[case]))).json()
    said = " ".join([answer["error"]["message"], *(problem["msg"] for problem in answer["detail"])]).lower()
    assert not [word for word in INSIDES if word in said]


async def test_a_photo_that_is_a_text_is_refused_in_plain_words(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/characters/from-photo", files={"photo": (None, "text")})
    assert_refused(answer, 422, "VALIDATION_ERROR")
    assert answer.json()["error"]["message"] == "photo must be a file."


SITE = {"Origin": "https://app.example"}


@pytest.fixture
async def site(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    """The app as a page of another site reaches it."""
    settings = resources.settings.model_copy(update={"cors_origins": ("https://app.example",)})
    app = create_app(replace(resources, settings=settings))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=SITE) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/v1/nowhere", "/v1/library"])
async def test_another_site_can_read_refusals_too(site: httpx.AsyncClient, path: str) -> None:
    answer = await site.get(path)
    assert answer.status_code >= 400
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert {"X-Request-ID", "Retry-After"} <= set(answer.headers["access-control-expose-headers"].split(", "))


@pytest.mark.parametrize("wish", ["X-User-Key", "X-Idempotency-Key", "Last-Event-ID", "X-Request-ID", "Authorization"])
async def test_another_site_may_send_what_the_api_reads(site: httpx.AsyncClient, wish: str) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": wish}
    answer = await site.options("/v1/books/job_1/events", headers=asked)
    assert answer.status_code == 200
    assert wish.lower() in answer.headers["access-control-allow-headers"].lower()
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_site_that_is_not_listed_is_not_let_in(site: httpx.AsyncClient) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    answer = await site.options("/v1/library", headers=asked)
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_body_over_the_limit_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"x" * 1_000_000

    announced = await post(client, b"x" * 13_000_000)
    streamed = await client.post("/v1/books", content=endless(), headers={"Content-Type": "application/json"})
    for answer in (announced, streamed):
        assert_refused(answer, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("owner", [None, "a-key-of-a-stranger"])
async def test_a_character_that_is_not_ones_own_is_refused(
    client: httpx.AsyncClient, rows: Any, records: Any, owner: str | None
) -> None:
    if owner:
        await records.character("char_foreign", owner)
    answer = await post(client, with_changes({"character_id": "char_foreign"}))
    assert_refused(answer, 404, "NOT_FOUND")
    assert await nothing_written(rows)


@pytest.mark.parametrize(("key", "status"), [("", 400), ("short", 400), ("k" * 81, 400), (None, 422)])
async def test_a_user_key_must_be_there_and_of_the_right_length(
    client: httpx.AsyncClient, key: str | None, status: int
) -> None:
    del client.headers["X-User-Key"]
    answer = await post(client, with_changes({}), **({} if key is None else {"X-User-Key": key}))
    assert_refused(answer, status, "VALIDATION_ERROR")


@pytest.mark.parametrize("key", ["k" * 81, "with\ttab\x7f"])
async def test_an_idempotency_key_must_be_printable_and_short(client: httpx.AsyncClient, key: str) -> None:
    assert_refused(await post(client, with_changes({}), **{"X-Idempotency-Key": key}), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nowhere", 404, "NOT_FOUND"),
        ("GET", "/assets/books/nothing.png", 404, "NOT_FOUND"),
        ("GET", "/assets/../user_key_pepper", 404, "NOT_FOUND"),
        ("GET", "/assets/%2e%2e/user_key_pepper", 404, "NOT_FOUND"),
        ("PUT", "/v1/books", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/v1/books/" + "j" * 201, 422, "VALIDATION_ERROR"),
        ("GET", "/v1/books/%00", 422, "VALIDATION_ERROR"),
        ("GET", "/v1/books/%ff/pdf", 422, "VALIDATION_ERROR"),
    ],
)
async def test_every_refusal_has_the_same_form(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    assert_refused(await client.request(method, path), status, code)
