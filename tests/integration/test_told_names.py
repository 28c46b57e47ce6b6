"""The names that a user has told us, as they are looked up to be hidden from vendors."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.models import Character
from storybook.services import accounts, characters
from storybook.services.characters import MOST_TOLD
from tests.fakes import sheet


async def user(session: AsyncSession, key: str) -> str:
    return await accounts.sign_in(session, accounts.hash_user_key(key * 10, pepper="pepper"))


async def keep(session: AsyncSession, user_id: str, *names: str) -> None:
    """The first of the names is the oldest."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        sheet(name).model_dump(mode="json")
        | {"id": f"{user_id}-{age}", "user_id": user_id, "created_at": began + timedelta(minutes=age)}
        for age, name in enumerate(names)
    ]
    await session.execute(insert(Character), rows)


async def test_they_are_those_of_the_user_each_once_and_the_newest_first(session: AsyncSession) -> None:
    mine, other = await user(session, "a"), await user(session, "b")
    await keep(session, mine, "Luna", "Theo", "Luna", "Mia")
    await keep(session, other, "Nobody")
    assert await characters.told_names(session, mine) == ["Mia", "Luna", "Theo"]


async def test_of_very_many_the_newest_are_looked_for(session: AsyncSession) -> None:
    mine = await user(session, "a")
    await keep(session, mine, *(f"Kid{number}" for number in range(MOST_TOLD + 50)))
    told = await characters.told_names(session, mine)
    assert (len(told), told[0], told[-1]) == (MOST_TOLD, f"Kid{MOST_TOLD + 49}", "Kid50")
