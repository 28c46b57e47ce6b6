"""What a family asked for is not kept for ever where nothing came of it."""

from collections.abc import Callable
from typing import Any

import pytest

from storybook.core.database import Database
from storybook.core.errors import Conflict, ErrorCode
from storybook.domain.book_spec import BookSpec
from storybook.domain.jobs import Step
from storybook.services import accounts, artifacts, credits, jobs, orders, retention, retries
from tests.conftest import ROOMY

SPEC = BookSpec(topic="Luna and the moon", target_age="5-7", style="cartoon", language="en")
KEY_HASH = accounts.hash_user_key("a-key-of-a-user", pepper="pepper")
Rows = Callable[[str], Any]


async def fail_one(database: Database) -> tuple[str, str]:
    """The ids of a user and of a job of theirs that failed after its first step."""
    async with database.session() as session:
        user_id = await accounts.sign_in(session, KEY_HASH)
        await credits.grant(session, user_id, 9, "for a test")
        job_id = (await orders.order_book(session, user_id, SPEC, ROOMY)).id
    await fail(database)
    return user_id, job_id


async def fail(database: Database) -> None:
    async with database.session() as session:
        claim = await jobs.claim_next(session, owner="me", lease_seconds=30)
    assert claim
    await artifacts.save(database, claim, Step.NORMALIZE, -1, {"topic": "Luna"}, None)
    async with database.session() as session:
        await jobs.fail(session, claim, ErrorCode.IMAGE_FAILED)


async def days_pass(database: Database, days: int, job_id: str = "%") -> None:
    async with database.session() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE jobs SET finished_at = finished_at - make_interval(days => $1) WHERE id LIKE $2", (days, job_id)
        )


async def forget(database: Database) -> int:
    async with database.session() as session:
        return await retention.forget_failed(session)


async def test_a_failed_order_is_kept_for_a_month_so_that_it_can_be_tried_again(database: Database, rows: Rows) -> None:
    user_id, job_id = await fail_one(database)
    await days_pass(database, 29)
    assert await forget(database) == 0
    await days_pass(database, 2)
    assert await forget(database) == 1
    assert await rows("SELECT status, request::text FROM jobs") == [("failed", "{}")]
    assert await rows("SELECT 1 FROM step_artifacts") == []
    with pytest.raises(Conflict):
        async with database.session() as session:
            await retries.retry(session, user_id, job_id, ROOMY)
    assert await forget(database) == 0


async def test_the_month_begins_with_the_last_try(database: Database) -> None:
    user_id, job_id = await fail_one(database)
    await days_pass(database, 31)
    async with database.session() as session:
        await retries.retry(session, user_id, job_id, ROOMY)
    assert await forget(database) == 0
    await fail(database)
    assert await forget(database) == 0
    await days_pass(database, 31)
    assert await forget(database) == 2
