"""Devices and their tokens in the database: who wins, who waits, and what is forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database
from storybook.core.errors import AlreadyRefreshed, ApiError, KeyRetired, Unauthenticated, UnknownToken
from storybook.services import account, accounts, devices
from storybook.services.accounts import DeviceHolder, KeyHolder
from storybook.services.devices import Tokens

Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]
KEY_HASH = accounts.hash_user_key("a-key-of-a-user", pepper="pepper")
PEPPER = "pepper"


async def open_device(database: Database, key_hash: bytes | None = KEY_HASH) -> Tokens:
    async with database.session() as session:
        return await devices.open_device(session, await accounts.sign_in(session, key_hash))


async def refresh(database: Database, token: str, attempt: str | None = None) -> Tokens | None:
    async with database.session() as session:
        return await devices.refresh(session, token, attempt, pepper=PEPPER)


async def test_a_successor_cannot_be_told_without_the_servers_secret(database: Database) -> None:
    first = await open_device(database)
    second = await refresh(database, first.refresh_token, "an attempt")
    assert second is not None
    guesses = {devices._successor(first.refresh_token, "an attempt", pepper) for pepper in ("", "peppe", "pepper ")}
    assert second.refresh_token not in guesses


async def test_a_device_has_one_fresh_token_whatever_happens(database: Database, rows: Rows) -> None:
    first = await open_device(database)
    attempts = [f"attempt {number % 3}" for number in range(12)]
    answers = await asyncio.gather(
        *(refresh(database, first.refresh_token, attempt) for attempt in attempts), return_exceptions=True
    )
    told = {answer.refresh_token for answer in answers if isinstance(answer, Tokens)}
    assert len(told) == 1
    assert all(isinstance(answer, Tokens | AlreadyRefreshed) for answer in answers)
    assert await rows("SELECT count(*) FILTER (WHERE used_at IS NULL), count(*) FROM refresh_tokens") == [(1, 2)]


async def test_a_refresh_while_the_account_is_deleted_is_refused_and_breaks_nothing(database: Database) -> None:
    first = await open_device(database)
    results = await asyncio.gather(
        account.remove(database, first.bearer.user_id),
        *(refresh(database, first.refresh_token, "an attempt") for _ in range(8)),
        return_exceptions=True,
    )
    deletion, *refreshed = results
    assert not isinstance(deletion, BaseException)
    assert all(isinstance(result, Tokens | ApiError) for result in refreshed)
    with pytest.raises(UnknownToken):
        await refresh(database, first.refresh_token, "an attempt")


async def test_a_retired_key_and_a_device_that_is_signed_out_own_nothing(database: Database) -> None:
    first = await open_device(database)
    device = DeviceHolder(*first.bearer)
    async with database.session() as session:
        assert await accounts.identify(session, device) == await accounts.identify(session, KeyHolder(KEY_HASH))
        assert await owned_by(session, device) == await owned_by(session, KeyHolder(KEY_HASH)) == first.bearer.user_id
    await refresh(database, first.refresh_token)
    async with database.session() as session:
        await devices.sign_out(session, first.bearer)
    async with database.session() as session:
        assert await owned_by(session, device) is await owned_by(session, KeyHolder(KEY_HASH)) is None
        with pytest.raises(KeyRetired):
            await accounts.identify(session, KeyHolder(KEY_HASH))
        with pytest.raises(Unauthenticated):
            await accounts.identify(session, device)
        assert await accounts.sign_in(session, KEY_HASH) == first.bearer.user_id


async def owned_by(session: AsyncSession, caller: KeyHolder | DeviceHolder) -> str | None:
    owner = accounts.owner(caller)
    assert not isinstance(owner, str)
    found: str | None = await session.scalar(select(owner))
    return found


async def test_what_is_too_old_for_anything_is_forgotten(database: Database, rows: Rows) -> None:
    gone, away, here = [await open_device(database, None) for _ in range(3)]
    await refresh(database, away.refresh_token)
    of_gone = f"device_id = '{gone.bearer.device_id}'"
    past = "UPDATE refresh_tokens SET expires_at = now() - interval '1 s'"
    await rows(f"{past} WHERE used_at IS NOT NULL OR {of_gone} RETURNING 1")
    async with database.session() as session:
        await devices.forget_expired(session)
    left = await rows("SELECT d.id, count(*) FROM devices d JOIN refresh_tokens t ON t.device_id = d.id GROUP BY 1")
    assert set(left) == {(away.bearer.device_id, 1), (here.bearer.device_id, 1)}
    assert await rows("SELECT count(*) FROM devices") == [(2,)]


@given(st.binary(min_size=1), st.text(min_size=1), st.text(min_size=1))
@settings(max_examples=50, suppress_health_check=list(HealthCheck))
def test_a_successor_has_256_bits_and_depends_on_all_that_makes_it(token: bytes, attempt: str, pepper: str) -> None:
    made = devices._successor(token.hex(), attempt, pepper)
    assert len(made) == 43 and made.replace("-", "").replace("_", "").isalnum()
    others = (
        (token.hex() + "0", attempt, pepper),
        (token.hex(), attempt + "0", pepper),
        (token.hex(), attempt, "0" + pepper),
    )
    assert made not in {devices._successor(*other) for other in others}


async def test_a_gift_is_counted_for_its_network_and_given_once(database: Database, rows: Rows) -> None:
    async def enter(gifts: int) -> str:
        async with database.session() as session:
            return await accounts.sign_in(session, KEY_HASH, address="a network", gifts_per_address=gifts)

    await enter(0)
    assert len(set(await asyncio.gather(*(enter(5) for _ in range(16))))) == 1
    assert await rows("SELECT given FROM gift_counts") == [(1,)]
    assert await rows("SELECT credits FROM user_credits") == [(3,)]


async def test_who_has_had_no_gift_has_an_account_all_the_same(session: AsyncSession) -> None:
    user_id = await accounts.sign_in(session, KEY_HASH, address="a network", gifts_per_address=0)
    assert (await session.execute(text("SELECT credits FROM user_credits"))).scalar() == 0
    assert await accounts.sign_in(session, KEY_HASH, address="a network", gifts_per_address=1) == user_id
    assert (await session.execute(text("SELECT credits FROM user_credits"))).scalar() == 3
