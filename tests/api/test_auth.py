"""From a key to tokens, and what keeps either from being lost, guessed, stolen or told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from storybook.core.logs import configure_logs
from storybook.core.settings import Settings
from storybook.main import create_app
from storybook.resources import Resources
from tests.api.conftest import SPEC
from tests.conftest import USER_KEY
from tests.fakes import sheet
from tests.signing import bearer, sign_in

NEW_KEY = "a-key-that-nobody-has"
ADDRESS = "203.0.113.7"
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"rate_limit_requests": 10_000})


@pytest.fixture
async def far(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    """The app as it is reached from another network, by nobody in particular."""
    transport = httpx.ASGITransport(create_app(resources), client=(ADDRESS, 50_000), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


async def refresh(client: httpx.AsyncClient, token: str, attempt: str | None = None) -> httpx.Response:
    headers = {"X-Idempotency-Key": attempt} if attempt else {}
    return await client.post("/v1/auth/refresh", json={"refresh_token": token}, headers=headers)


async def opens(client: httpx.AsyncClient, token: str) -> bool:
    return (await client.get("/v1/library", headers=bearer(token))).status_code == 200


def key_of(key: str) -> dict[str, str]:
    return {"X-User-Key": key}


async def test_a_new_device_is_a_new_user_with_the_welcome_gift(far: httpx.AsyncClient, rows: Rows) -> None:
    first, second = await sign_in(far), await sign_in(far)
    assert first["token_type"] == "Bearer" and first["expires_in"] == 900
    assert await opens(far, first["access_token"]) and await opens(far, second["access_token"])
    assert await rows("SELECT credits FROM user_credits") == [(3,), (3,)]


async def test_who_moves_from_the_key_to_tokens_keeps_everything(
    client: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    paths = ("/v1/library", "/v1/characters", "/v1/credits/balance", "/v1/credits/transactions", "/v1/users/me")
    before = [(await client.get(path)).json() for path in paths]
    signed_in = await sign_in(client, USER_KEY)
    after_signing_in = (await refresh(client, signed_in["refresh_token"])).json()
    del client.headers["X-User-Key"]
    client.headers.update(bearer(after_signing_in["access_token"]))
    after = [(await client.get(path)).json() for path in paths]
    assert after[-1].pop("signs_in_by") != before[-1].pop("signs_in_by")
    assert after == before
    assert (await client.get(f"/v1/books/{made['job_id']}")).json()["status"] == "done"


async def test_the_key_opens_nothing_from_the_first_refresh_on_and_not_before(
    far: httpx.AsyncClient, rows: Rows
) -> None:
    lost, arrived = await sign_in(far, NEW_KEY), await sign_in(far, NEW_KEY)
    assert (await far.get("/v1/library", headers=key_of(NEW_KEY))).status_code == 200
    assert (await refresh(far, arrived["refresh_token"])).status_code == 200
    for refused in (
        await far.get("/v1/library", headers=key_of(NEW_KEY)),
        await far.post("/v1/books", json=SPEC, headers=key_of(NEW_KEY)),
        await far.patch("/v1/users/me", json={}, headers=key_of(NEW_KEY)),
    ):
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "KEY_RETIRED")
        assert "POST /v1/auth/device" in refused.json()["detail"]
    assert await opens(far, lost["access_token"])
    assert await rows("SELECT count(*) FROM users") == [(1,)]


async def log_out(client: httpx.AsyncClient, rows: Rows, tokens: dict[str, Any]) -> None:
    assert (await client.post("/v1/auth/logout", headers=bearer(tokens["access_token"]))).status_code == 200


async def be_stolen_from(client: httpx.AsyncClient, rows: Rows, tokens: dict[str, Any]) -> None:
    assert (await refresh(client, tokens["refresh_token"])).status_code == 200
    await rows("UPDATE refresh_tokens SET used_at = used_at - interval '11 s' WHERE used_at < now() RETURNING 1")
    assert (await refresh(client, tokens["refresh_token"])).status_code == 401


async def be_away(client: httpx.AsyncClient, rows: Rows, tokens: dict[str, Any]) -> None:
    await rows("UPDATE refresh_tokens SET expires_at = now() - interval '1 s' RETURNING 1")
    assert (await refresh(client, tokens["refresh_token"])).status_code == 401


@pytest.mark.parametrize("lose", [log_out, be_stolen_from, be_away])
async def test_no_account_is_lost_while_the_app_has_its_key(
    far: httpx.AsyncClient,
    rows: Rows,
    lose: Callable[[httpx.AsyncClient, Rows, dict[str, Any]], Awaitable[None]],
) -> None:
    first = await sign_in(far, NEW_KEY)
    second = (await refresh(far, first["refresh_token"])).json()
    before = (await far.get("/v1/users/me", headers=bearer(second["access_token"]))).json()
    await lose(far, rows, second)
    again = await sign_in(far, NEW_KEY)
    assert (await far.get("/v1/users/me", headers=bearer(again["access_token"]))).json() == before
    assert await rows("SELECT credits FROM user_credits") == [(3,)]


@pytest.mark.parametrize("key", [{}, key_of(NEW_KEY)], ids=["alone", "beside the key"])
async def test_a_device_that_is_signed_in_gets_no_second_family_of_tokens(
    far: httpx.AsyncClient, rows: Rows, key: dict[str, str]
) -> None:
    mine = bearer((await sign_in(far, NEW_KEY))["access_token"])
    refused = await far.post("/v1/auth/device", headers=mine | key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "CONFLICT")
    assert await rows("SELECT (SELECT count(*) FROM users), count(*) FROM devices") == [(1, 1)]


async def test_a_device_says_which_language_and_time_zone_its_user_has(far: httpx.AsyncClient, rows: Rows) -> None:
    await sign_in(far, NEW_KEY, language="ja", time_zone="Asia/Tokyo")
    await sign_in(far, NEW_KEY)
    assert await rows("SELECT language, time_zone FROM users") == [("ja", "Asia/Tokyo")]


@pytest.mark.parametrize("wish", [{"time_zone": "Mars/Olympus"}, {"language": "xx"}, {"credits": 9}])
async def test_a_device_that_says_nonsense_makes_nobody(
    far: httpx.AsyncClient, rows: Rows, wish: dict[str, Any]
) -> None:
    assert (await far.post("/v1/auth/device", json=wish)).status_code == 422
    assert await rows("SELECT count(*) FROM users") == [(0,)]


async def test_a_refresh_gives_new_tokens_and_uses_up_the_old_one(far: httpx.AsyncClient) -> None:
    first = await sign_in(far)
    second = (await refresh(far, first["refresh_token"])).json()
    third = await refresh(far, second["refresh_token"])
    assert third.status_code == 200
    assert len({first["refresh_token"], second["refresh_token"], third.json()["refresh_token"]}) == 3
    assert await opens(far, third.json()["access_token"])


async def test_a_refresh_whose_answer_was_lost_is_answered_again(far: httpx.AsyncClient, rows: Rows) -> None:
    first = (await sign_in(far))["refresh_token"]
    lost = (await refresh(far, first, "an attempt")).json()
    await rows("UPDATE refresh_tokens SET used_at = used_at - interval '1 day' WHERE used_at < now() RETURNING 1")
    again = (await refresh(far, first, "an attempt")).json()
    assert again["refresh_token"] == lost["refresh_token"]
    assert (await refresh(far, again["refresh_token"], "another attempt")).status_code == 200


async def test_a_lost_answer_is_told_to_nobody_else(far: httpx.AsyncClient) -> None:
    first = (await sign_in(far))["refresh_token"]
    successor = (await refresh(far, first, "an attempt")).json()["refresh_token"]
    for attempt in ("a guess", None):
        answer = await refresh(far, first, attempt)
        assert answer.json()["error"]["code"] == "ALREADY_REFRESHED"
    assert (await refresh(far, successor)).status_code == 200
    assert (await refresh(far, first, "an attempt")).status_code == 409


async def test_a_used_token_that_comes_back_later_signs_the_whole_device_out(
    far: httpx.AsyncClient, rows: Rows
) -> None:
    first = await sign_in(far)
    second = (await refresh(far, first["refresh_token"])).json()
    other = await sign_in(far)
    await rows("UPDATE refresh_tokens SET used_at = used_at - interval '11 s' WHERE used_at < now() RETURNING 1")
    reused = await refresh(far, first["refresh_token"])
    assert (reused.status_code, reused.json()["error"]["code"]) == (401, "UNAUTHENTICATED")
    assert (await refresh(far, second["refresh_token"])).status_code == 401
    assert not await opens(far, first["access_token"])
    assert not await opens(far, second["access_token"])
    assert await opens(far, other["access_token"])


async def test_of_50_refreshes_at_once_one_wins_and_its_tokens_go_on_working(far: httpx.AsyncClient) -> None:
    first = await sign_in(far)
    answers = await asyncio.gather(*(refresh(far, first["refresh_token"]) for _ in range(50)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    lost = {(answer.status_code, answer.json()["error"]["code"]) for answer in answers if answer.status_code != 200}
    assert len(won) == 1 and lost == {(409, "ALREADY_REFRESHED")}
    assert await opens(far, won[0]["access_token"])
    assert (await refresh(far, won[0]["refresh_token"])).status_code == 200


async def test_of_50_times_the_same_refresh_all_get_the_same_token(far: httpx.AsyncClient) -> None:
    first = await sign_in(far)
    answers = await asyncio.gather(*(refresh(far, first["refresh_token"], "an attempt") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_a_device_that_was_away_for_60_days_has_to_sign_in_again(far: httpx.AsyncClient, rows: Rows) -> None:
    token = (await sign_in(far))["refresh_token"]
    await rows("UPDATE refresh_tokens SET expires_at = expires_at - interval '59.9 days' RETURNING 1")
    token = (await refresh(far, token)).json()["refresh_token"]
    await rows("UPDATE refresh_tokens SET expires_at = expires_at - interval '60 days' RETURNING 1")
    refused = await refresh(far, token)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("token", ["", "short", "ö" * 43, "x" * 5000, 7, None])
async def test_what_cannot_be_a_refresh_token_is_refused(far: httpx.AsyncClient, token: Any) -> None:
    assert (await far.post("/v1/auth/refresh", json={"refresh_token": token})).status_code == 422


@pytest.mark.parametrize("by", ["refresh_token", "access_token"])
async def test_signing_out_ends_one_device_at_once(far: httpx.AsyncClient, by: str) -> None:
    here, there = await sign_in(far, NEW_KEY), await sign_in(far, NEW_KEY)
    how = {"json": {by: here[by]}} if by == "refresh_token" else {"headers": bearer(here[by])}
    assert (await far.post("/v1/auth/logout", **how)).status_code == 200
    assert not await opens(far, here["access_token"])
    assert (await refresh(far, here["refresh_token"])).status_code == 401
    assert await opens(far, there["access_token"])
    assert (await refresh(far, there["refresh_token"])).status_code == 200


async def test_signing_out_twice_is_no_mistake(far: httpx.AsyncClient) -> None:
    body = {"refresh_token": (await sign_in(far))["refresh_token"]}
    answers = [await far.post("/v1/auth/logout", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize("headers", [{}, key_of(USER_KEY), bearer("nonsense")])
async def test_signing_out_needs_a_token(far: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await far.post("/v1/auth/logout", headers=headers)).status_code == 401


async def test_many_first_requests_at_once_make_one_user_with_one_gift(far: httpx.AsyncClient, rows: Rows) -> None:
    async def write(number: int) -> int:
        if number % 4 == 0:
            return (await far.post("/v1/auth/device", headers=key_of(NEW_KEY))).status_code
        new = sheet("Luna").model_dump(mode="json") | {"name": f"Luna {number}"}
        return (await far.post("/v1/characters", json=new, headers=key_of(NEW_KEY))).status_code

    assert set(await asyncio.gather(*(write(number) for number in range(40)))) <= {200, 429}
    assert await rows("SELECT count(*), bool_and(welcomed) FROM users") == [(1, True)]
    assert await rows("SELECT transaction_type, amount FROM credit_transactions") == [("gift", 3)]
    assert await rows("SELECT given FROM gift_counts") == [(1,)]


async def test_reading_with_a_new_key_makes_nobody(far: httpx.AsyncClient, rows: Rows) -> None:
    for path in ("/v1/library", "/v1/characters", "/v1/books/job_none"):
        assert (await far.get(path, headers=key_of(NEW_KEY))).status_code in {200, 404}
    assert await rows("SELECT count(*) FROM users") == [(0,)]


async def test_a_network_that_had_its_gifts_of_today_gets_the_next_one_later(
    resources: Resources, far: httpx.AsyncClient, rows: Rows
) -> None:
    gifts = resources.settings.gifts_per_address
    signed_in = [await sign_in(far) for _ in range(gifts + 1)]
    assert await rows("SELECT count(*) FROM credit_transactions") == [(gifts,)]
    late = bearer(signed_in[-1]["access_token"])
    refused = await far.post("/v1/books", json=SPEC, headers=late)
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "GIFT_LATER")
    await rows("UPDATE gift_counts SET day = day - 1 RETURNING 1")
    assert (await far.post("/v1/books", json=SPEC, headers=late)).status_code == 200
    assert await rows("SELECT count(*) FROM credit_transactions WHERE transaction_type = 'gift'") == [(gifts + 1,)]


GUESSES: dict[str, Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]] = {
    "keys to read with": lambda client, n: client.get("/v1/library", headers=key_of(f"a-guess-{n:04}")),
    "keys to poll with": lambda client, n: client.get("/v1/books/job_1", headers=key_of(f"a-guess-{n:04}")),
    "keys to write with": lambda client, n: client.patch("/v1/users/me", json={}, headers=key_of(f"a-guess-{n:04}")),
    "keys to sign in with": lambda client, n: client.post("/v1/auth/device", headers=key_of(f"a-guess-{n:04}")),
    "short keys": lambda client, n: client.get("/v1/library", headers=key_of(f"k{n:04}")),
    "access tokens": lambda client, n: client.get("/v1/library", headers=bearer(f"a.b.{n:04}")),
    "refresh tokens": lambda client, n: refresh(client, f"a-guess-of-a-refresh-token-{n:04}"),
    "devices without a key": lambda client, _: client.post("/v1/auth/device"),
}


@pytest.mark.parametrize("guess", GUESSES.values(), ids=GUESSES.keys())
async def test_who_tries_out_is_stopped_after_20(
    far: httpx.AsyncClient, guess: Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]
) -> None:
    family = await sign_in(far, NEW_KEY)
    statuses = [(await guess(far, number)).status_code for number in range(60)]
    assert statuses.count(429) >= 40
    assert statuses[20:] == [429] * 40
    assert await opens(far, family["access_token"])
    assert (await far.get("/v1/library", headers=key_of(NEW_KEY))).status_code == 200
    assert (await refresh(far, family["refresh_token"])).status_code == 200


@pytest.mark.long
async def test_a_thousand_wrong_keys_open_nothing_and_are_limited_after_20(far: httpx.AsyncClient, rows: Rows) -> None:
    statuses = [
        (await far.post("/v1/books", json=SPEC, headers=key_of(f"a-guess-{number:04}"))).status_code
        for number in range(1000)
    ]
    assert statuses.count(429) >= 980
    ((users,),) = await rows("SELECT count(*) FROM users")
    assert users <= 20


async def test_a_new_reader_may_look_around_for_as_long_as_one_likes(far: httpx.AsyncClient) -> None:
    answers = [await far.get("/v1/library", headers=key_of(NEW_KEY)) for _ in range(40)]
    assert {answer.status_code for answer in answers} == {200}


async def test_no_key_and_no_token_is_ever_logged(
    resources: Resources, far: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("debug", as_json=True)
    signed_in = await sign_in(far, NEW_KEY)
    second = (await refresh(far, signed_in["refresh_token"], "an attempt")).json()
    await refresh(far, signed_in["refresh_token"])
    await far.get("/v1/library", headers=key_of(NEW_KEY))
    await far.get("/v1/library", headers=bearer(second["access_token"] + "x"))
    await far.post("/v1/auth/logout", json={"refresh_token": second["refresh_token"]})
    broken = create_app(replace(resources, tokens=None))  # type: ignore[arg-type]
    transport = httpx.ASGITransport(broken, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/v1/library", headers=bearer(second["access_token"]))).status_code == 500
    configure_logs("error", as_json=True)
    logged = capsys.readouterr().err
    assert logged.count('"event": "request"') == 7
    secrets = [NEW_KEY, "an attempt"]
    secrets += [tokens[kind] for tokens in (signed_in, second) for kind in ("access_token", "refresh_token")]
    assert not [secret for secret in secrets if secret in logged]


async def test_no_token_is_stored(resources: Resources, far: httpx.AsyncClient) -> None:
    signed_in = await sign_in(far, NEW_KEY)
    second = (await refresh(far, signed_in["refresh_token"], "an attempt")).json()
    async with resources.database.session() as session:
        tables = ("users", "devices", "refresh_tokens", "idempotency_keys", "rate_limits", "gift_counts")
        stored = [str((await session.execute(text(f"SELECT * FROM {table}"))).all()) for table in tables]  # noqa: S608
    for secret in (NEW_KEY, "an attempt", ADDRESS, signed_in["refresh_token"], second["refresh_token"]):
        assert secret not in "".join(stored)
