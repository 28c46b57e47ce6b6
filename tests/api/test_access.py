"""Every operation against every wrong caller. An operation that is in none of the lists below fails."""

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from storybook.core.ids import utc_now
from storybook.core.settings import AuthMode, Settings
from storybook.core.tokens import AccessTokens, Bearer
from storybook.main import api_document, create_app
from storybook.resources import Resources
from storybook.services import accounts, devices
from tests.api.conftest import SPEC
from tests.conftest import USER_KEY
from tests.signing import Headers, bearer, forged, sign_in

PUBLIC = {
    "get_health",
    "get_liveness",
    "get_readiness",
    "get_deletion",
    "list_daily_themes",
    "hear_store",
}
FOR_NOBODY_TOO = {"sign_in_device", "get_todays_story"}
"""These answer whoever says nothing, and refuse whoever says what is not true."""

BY_TOKEN_ALONE = {"sign_out_device", "refresh_tokens"}
ABOUT_TOKENS = BY_TOKEN_ALONE | {"sign_in_device"}
"""These refuse with a 401 of their own, and a device that is signed in has no use for them."""

OF_ONESELF = {
    "sign_in_device",
    "refresh_tokens",
    "get_todays_story",
    "create_character",
    "list_characters",
    "create_character_from_photo",
    "list_books",
    "sign_out_device",
    "get_credit_status",
    "get_balance",
    "list_transactions",
    "check_credits",
    "get_account",
    "change_account",
    "export_account",
    "delete_account",
    "get_streak",
    "list_reading_days",
    "get_reading_calendar",
    "add_credits",
    "start_subscription",
    "cancel_subscription",
}
"""These take no id of anything, and answer about the caller alone."""

MAY_HAVE_NOTHING = {"cancel_subscription", "delete_account", "export_account", "get_account"}
OTHER_KEY = "the-key-of-another"
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@dataclass(frozen=True)
class Owned:
    """What belongs to the user of these tests."""

    job_id: str
    book_id: str
    character_id: str

    @property
    def in_paths(self) -> dict[str, str]:
        return {
            "job_id": self.job_id,
            "book_id": self.book_id,
            "character_id": self.character_id,
            "page_number": "1",
        }

    @property
    def in_bodies(self) -> dict[str, dict[str, Any]]:
        return {
            "create_book": SPEC | {"character_id": self.character_id},
            "create_next_book": {"previous_book_id": self.book_id, "topic": "the sea"},
            "note_reading": {"book_id": self.book_id},
            "create_todays_book": {"character_id": self.character_id},
        }


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    described: dict[str, Any]

    async def call(
        self, client: httpx.AsyncClient, headers: Headers, owned: Owned, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Asks for what is owned, with the body of the document's example unless another is given."""
        content = self.described.get("requestBody", {}).get("content", {}).get("application/json")
        sent = {"json": body or content.get("example", {})} if content else {}
        query = {"year": "2026", "month": "11"} if self.name == "get_reading_calendar" else {}
        path = self.path.format(**owned.in_paths)
        return await client.request(self.method, path, headers=headers, params=query, **sent)


OPERATIONS = {
    operation["operationId"]: Operation(operation["operationId"], method.upper(), path, operation)
    for path, methods in api_document()["paths"].items()
    for method, operation in methods.items()
}
GUARDED = [operation for name, operation in OPERATIONS.items() if name not in PUBLIC]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"rate_limit_requests": 10_000, "pending_books_per_user": 1000, "books_per_day": 1000}
    )


@pytest.fixture
async def owned(client: httpx.AsyncClient, made: dict[str, Any]) -> Owned:
    kept = (await client.get("/v1/characters")).json()["characters"]
    return Owned(made["job_id"], made["result"]["book_id"], kept[0]["id"])


@pytest.fixture
async def anybody(client: httpx.AsyncClient, owned: Owned) -> httpx.AsyncClient:
    """The same app, for whoever the headers of a request say."""
    del client.headers["X-User-Key"]
    return client


@pytest.fixture
async def bearer_of_the_owner(resources: Resources, owned: Owned) -> Bearer:
    async with resources.database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key(USER_KEY, pepper=resources.pepper))
        return (await devices.open_device(session, user_id)).bearer


Refusal = tuple[int, str]
MISSING, MALFORMED = (422, "VALIDATION_ERROR"), (400, "VALIDATION_ERROR")
UNKNOWN, EXPIRED = (401, "UNAUTHENTICATED"), (401, "TOKEN_EXPIRED")
RETIRED, TOO_LITTLE = (401, "KEY_RETIRED"), (401, "TOKEN_REQUIRED")

Sent = Callable[[AccessTokens, Bearer], Headers]
WRONG: dict[str, tuple[Refusal, Sent]] = {
    "nothing": (MISSING, lambda _, __: {}),
    "another scheme": (MISSING, lambda _, __: {"Authorization": f"Basic {USER_KEY}"}),
    "a short key": (MALFORMED, lambda _, __: {"X-User-Key": "short"}),
    "a long key": (MALFORMED, lambda _, __: {"X-User-Key": "k" * 81}),
    "an empty token": (UNKNOWN, lambda _, __: {"Authorization": "Bearer "}),
    "no token of ours": (UNKNOWN, lambda _, __: bearer("nonsense")),
    "a bad token beside a good key": (UNKNOWN, lambda _, __: bearer("nonsense") | {"X-User-Key": USER_KEY}),
    "an expired token": (EXPIRED, lambda tokens, of: bearer(aged(tokens, of))),
    "another audience": (UNKNOWN, lambda tokens, of: bearer(forged(tokens, **claims(of), aud="another"))),
    "another issuer": (UNKNOWN, lambda tokens, of: bearer(forged(tokens, **claims(of), iss="another"))),
    "an unsigned token": (UNKNOWN, lambda tokens, of: bearer(forged(tokens, **claims(of), algorithm="none"))),
    "another secret": (UNKNOWN, lambda _, of: bearer(AccessTokens("another").issue(of))),
    "an unknown key id": (UNKNOWN, lambda tokens, of: bearer(forged(tokens, **claims(of), header={"kid": "x"}))),
    "no device": (UNKNOWN, lambda tokens, of: bearer(tokens.issue(of._replace(device_id="device_none")))),
    "another's device": (UNKNOWN, lambda tokens, of: bearer(tokens.issue(of._replace(user_id="user_none")))),
}


ANSWERED = {"nothing": FOR_NOBODY_TOO, "another scheme": {"get_todays_story"}}


def claims(of: Bearer) -> dict[str, str]:
    return {"sub": of.user_id, "sid": of.device_id}


def aged(tokens: AccessTokens, of: Bearer) -> str:
    hour_ago = utc_now() - timedelta(hours=1)
    return forged(tokens, **claims(of), iat=hour_ago, exp=hour_ago + timedelta(minutes=15))


async def assert_all_refuse(
    client: httpx.AsyncClient, headers: Headers, owned: Owned, refusal: Refusal, *, but: Container[str] = ()
) -> None:
    """Every operation refuses whoever comes with these headers; those named in `but` answer."""
    wrong = []
    for operation in GUARDED:
        answer = await operation.call(client, headers, owned)
        refused = answer.status_code == 200 if operation.name in but else is_refusal(answer, operation, refusal)
        if not refused:
            wrong.append((operation.name, answer.status_code, answer.text))
    assert not wrong


def is_refusal(answer: httpx.Response, operation: Operation, refusal: Refusal) -> bool:
    if answer.status_code == 200:
        return False
    body = answer.json()
    as_said = (answer.status_code, body["error"]["code"]) == refusal
    of_its_own = operation.name in ABOUT_TOKENS and answer.status_code == 401
    told = answer.status_code != 401 or answer.headers["WWW-Authenticate"] == "Bearer"
    return (as_said or of_its_own) and told and bool(body["detail"] and body["request_id"])


def test_every_operation_is_in_one_list() -> None:
    takes_ids = {name for name, operation in OPERATIONS.items() if "{" in operation.path}
    takes_ids |= set(Owned("", "", "").in_bodies)
    assert PUBLIC | OF_ONESELF | takes_ids == set(OPERATIONS)
    assert not OF_ONESELF & takes_ids
    assert not PUBLIC & OF_ONESELF


def test_the_document_says_which_operations_are_public() -> None:
    for name, operation in OPERATIONS.items():
        needs = operation.described.get("security", [{}])
        assert ({} in needs) == (name in PUBLIC | FOR_NOBODY_TOO | BY_TOKEN_ALONE), name


@pytest.mark.parametrize("wrong", WRONG)
async def test_everything_is_refused_to_whoever_comes_with(
    wrong: str,
    anybody: httpx.AsyncClient,
    owned: Owned,
    resources: Resources,
    rows: Rows,
    bearer_of_the_owner: Bearer,
) -> None:
    refusal, sent = WRONG[wrong]
    answered = ANSWERED.get(wrong, set())
    await assert_all_refuse(anybody, sent(resources.tokens, bearer_of_the_owner), owned, refusal, but=answered)
    new = int("sign_in_device" in answered)
    assert await rows("SELECT count(*) FROM users") == [(1 + new,)]
    assert await rows("SELECT count(*) FROM credit_transactions WHERE transaction_type = 'gift'") == [(1 + new,)]


@pytest.mark.parametrize("wrong", ["an access token", "of a device that is signed out", "of a user who is deleted"])
async def test_no_tokens_are_given_for_a_refresh_token_that_is(
    wrong: str, anybody: httpx.AsyncClient, owned: Owned
) -> None:
    signed_in = await sign_in(anybody, USER_KEY)
    sent, mine = signed_in["refresh_token"], bearer(signed_in["access_token"])
    match wrong:
        case "an access token":
            sent = signed_in["access_token"]
        case "of a device that is signed out":
            assert (await anybody.post("/v1/auth/logout", headers=mine)).status_code == 200
        case _:
            assert (await anybody.delete("/v1/users/me", headers=mine)).status_code == 200
    refused = await anybody.post("/v1/auth/refresh", json={"refresh_token": sent})
    of_another_form = wrong == "an access token"
    assert (refused.status_code, refused.json()["error"]["code"]) == (MISSING if of_another_form else UNKNOWN)


async def test_everything_is_refused_to_a_device_that_is_signed_out(
    anybody: httpx.AsyncClient, owned: Owned, resources: Resources, bearer_of_the_owner: Bearer
) -> None:
    async with resources.database.session() as session:
        await devices.sign_out(session, bearer_of_the_owner)
    await assert_all_refuse(anybody, bearer(resources.tokens.issue(bearer_of_the_owner)), owned, UNKNOWN)


async def test_everything_is_refused_to_a_user_who_is_deleted(
    anybody: httpx.AsyncClient, owned: Owned, resources: Resources, bearer_of_the_owner: Bearer
) -> None:
    token = resources.tokens.issue(bearer_of_the_owner)
    assert (await anybody.delete("/v1/users/me", headers=bearer(token))).status_code == 200
    await assert_all_refuse(anybody, bearer(token), owned, UNKNOWN)


async def test_a_key_that_was_given_up_signs_devices_in_and_opens_nothing_else(
    anybody: httpx.AsyncClient, owned: Owned
) -> None:
    signed_in = await sign_in(anybody, USER_KEY)
    body = {"refresh_token": signed_in["refresh_token"]}
    assert (await anybody.post("/v1/auth/refresh", json=body)).status_code == 200
    await assert_all_refuse(anybody, {"X-User-Key": USER_KEY}, owned, RETIRED, but={"sign_in_device"})


async def test_with_tokens_only_a_key_opens_nothing_but_the_way_to_tokens(resources: Resources, owned: Owned) -> None:
    only = resources.settings.model_copy(update={"auth_mode": AuthMode.TOKEN})
    transport = httpx.ASGITransport(create_app(replace(resources, settings=only)))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await assert_all_refuse(client, {"X-User-Key": USER_KEY}, owned, TOO_LITTLE, but={"sign_in_device"})
        await assert_all_refuse(client, {}, owned, UNKNOWN, but=FOR_NOBODY_TOO)
        signed_in = await sign_in(client, USER_KEY)
        library = await client.get("/v1/library", headers=bearer(signed_in["access_token"]))
    assert [book["id"] for book in library.json()["books"]] == [owned.book_id]


@pytest.mark.parametrize("by", ["key", "token"])
async def test_what_is_another_users_is_not_there(by: str, anybody: httpx.AsyncClient, owned: Owned) -> None:
    headers = {"X-User-Key": OTHER_KEY} if by == "key" else bearer((await sign_in(anybody))["access_token"])
    wrong = []
    for operation in in_a_gentle_order():
        answer = await operation.call(anybody, headers, owned, owned.in_bodies.get(operation.name))
        hidden = not any(known in answer.text for known in (owned.job_id, owned.book_id, owned.character_id))
        fine = answer.status_code in {200, 422} or operation.name in MAY_HAVE_NOTHING
        if not hidden or not (fine if operation.name in OF_ONESELF else answer.status_code == 404):
            wrong.append((operation.name, answer.status_code))
    assert not wrong
    library = (await anybody.get("/v1/library", headers={"X-User-Key": USER_KEY})).json()
    assert [book["id"] for book in library["books"]] == [owned.book_id]


@pytest.mark.parametrize("by", ["key", "token"])
async def test_the_owner_is_let_in_everywhere(
    by: str, anybody: httpx.AsyncClient, owned: Owned, resources: Resources, bearer_of_the_owner: Bearer
) -> None:
    tokens = bearer(resources.tokens.issue(bearer_of_the_owner))
    for operation in in_a_gentle_order():
        headers = {"X-User-Key": USER_KEY} if by == "key" else tokens
        answer = await operation.call(anybody, headers, owned, owned.in_bodies.get(operation.name))
        found = answer.status_code != 404 or operation.name in MAY_HAVE_NOTHING
        assert found and answer.status_code not in {401, 403, 500}, (operation.name, answer.text)


def in_a_gentle_order() -> list[Operation]:
    """What ends something comes last, and the account after everything."""
    reachable = [operation for operation in GUARDED if operation.name not in ABOUT_TOKENS]
    return sorted(reachable, key=lambda each: (each.name == "delete_account", each.method == "DELETE"))
