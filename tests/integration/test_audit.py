"""The auditor: it says nothing about a ledger that is right, and names the row where it is wrong. And the operator."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from typer.testing import CliRunner

from storybook.cli import app
from storybook.cli.operator import give, prove
from storybook.core.database import Database
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.domain.purchases import ProductKind
from storybook.services import audit, credits
from storybook.services.audit import Finding
from tests import money
from tests.conftest import database_for
from tests.corruptions import CORRUPTIONS, Corruption
from tests.money import Payment

SEEDS = range(100)
RULES_OF_THE_DATABASE = text(
    """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
    WHERE contype = 'c' AND connamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('DROP INDEX %I', indexname) FROM pg_indexes WHERE indexname LIKE 'uq_one%'
    """
)


WITHOUT_TRIGGERS = text("SET LOCAL session_replication_role = replica")


@pytest.fixture(scope="module")
def unguarded(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    """A database that allows everything."""

    async def unguard(url: str) -> None:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            for (statement,) in (await connection.execute(RULES_OF_THE_DATABASE)).all():
                await connection.execute(text(statement))
        await engine.dispose()

    with database_for(postgres, template) as url:
        asyncio.run(unguard(url))
        yield url


@pytest.fixture
async def ledger(unguarded: str) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(unguarded)
    async with engine.connect() as connection, AsyncSession(connection, expire_on_commit=False) as opened:
        yield opened
        await opened.rollback()
    await engine.dispose()


async def live(session: AsyncSession, chance: random.Random) -> None:
    """Three users of whom one has left: books that are under way, done and failed, payments, refunds, a debt."""
    users = [money.new("user") for _ in range(3)]
    for user_id in users:
        await money.join(session, user_id)
        await money.pay(session, user_id, Payment(money.new("payment"), chance.randint(2, 5), ProductKind.SUBSCRIPTION))
        kept, returned = (Payment(money.new("payment"), chance.randint(1, 9)) for _ in range(2))
        for payment in chance.sample([kept, returned], 2):
            await money.pay(session, user_id, payment)
        jobs = [money.new("job") for _ in range(chance.randint(3, 6))]
        for job_id in jobs:
            if not await credits.balance(session, user_id):
                await credits.grant(session, user_id, 1, "for one more book")
            await money.order(session, user_id, job_id)
        await money.take_back(session, user_id, returned)
        await money.finish(session, user_id, jobs[0])
        await money.fail(session, user_id, jobs[1])
        await credits.grant(session, user_id, chance.randint(1, 5), "a reason")
    await money.leave(session, users[-1])


async def corrupt(session: AsyncSession, corruption: Corruption, chance: random.Random) -> str:
    """Breaks one row, and returns its name."""
    await session.execute(WITHOUT_TRIGGERS)
    targets = sorted((await session.scalars(text(corruption.target))).all())
    name = await session.scalar(text(corruption.change), {"id": chance.choice(targets)})
    assert name, f"{corruption.name}: nothing was broken"
    return str(name)


@pytest.mark.parametrize(
    "seeds",
    [pytest.param(SEEDS[:50], id="first half"), pytest.param(SEEDS[50:], id="second half", marks=pytest.mark.long)],
)
async def test_a_hundred_corruptions_are_named_and_nothing_else(ledger: AsyncSession, seeds: range) -> None:
    missed: list[tuple[int, str, str, list[Finding]]] = []
    for seed in seeds:
        chance = random.Random(seed)
        await live(ledger, chance)
        assert await audit.examine(ledger, money.CATALOGUE) == [], seed
        corruption = CORRUPTIONS[seed % len(CORRUPTIONS)]
        row = await corrupt(ledger, corruption, chance)
        findings = await audit.examine(ledger, money.CATALOGUE)
        if row not in {finding.row for finding in findings if corruption.check in {"", finding.check}}:
            missed.append((seed, corruption.name, row, findings))
        await ledger.rollback()
    assert missed == []


async def test_a_finding_says_what_is_wrong_with_which_row(ledger: AsyncSession) -> None:
    await live(ledger, random.Random(1))
    user_id = await ledger.scalar(text("UPDATE user_credits SET held = held + 2 RETURNING user_id"))
    finding = next(each for each in await audit.examine(ledger, money.CATALOGUE) if each.row == f"user {user_id}")
    assert str(finding).startswith(f"user {user_id}: balance: expected held of ")


async def test_the_operator_gives_credits_and_proves_the_ledger(database: Database, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, database_url=database.url, storybook_data_dir=tmp_path)
    async with database.session() as session:
        await money.join(session, "a_user")

    async def said(run: Callable[[Console], Awaitable[int]]) -> tuple[int, str]:
        console = Console(file=StringIO(), width=20)
        return await run(console), console.file.getvalue().strip()  # type: ignore[attr-defined]

    given = await said(lambda console: give(settings, "a_user", 5, "a book came late", console))
    assert given == (0, "a_user has 8 credits now.")
    with pytest.raises(SetupError, match="There is no user nobody"):
        await give(settings, "nobody", 5, "a book came late", Console())
    right = await said(lambda console: prove(settings, console, as_json=False))
    assert right == (0, "All right: 2 entries of 1 accounts.")
    async with database.session() as session:
        reason = "SELECT reference FROM credit_transactions WHERE transaction_type = 'grant'"
        assert await session.scalar(text(reason)) == "a book came late"
        await session.execute(text("UPDATE user_credits SET credits = 9"))
    code, told = await said(lambda console: prove(settings, console, as_json=False))
    assert (code, told.splitlines()[0]) == (1, "user a_user: balance: expected credits of 8, found 9")
    code, told = await said(lambda console: prove(settings, console, as_json=True))
    finding = {"check": "balance", "row": "user a_user", "expected": "credits of 8", "found": "9"}
    assert (code, json.loads(told)) == (1, {"entries": 2, "accounts": 1, "findings": [finding]})


@pytest.mark.parametrize(
    "arguments",
    [
        ("a_user", "0", "--reason", "a test"),
        ("a_user", "-5", "--reason", "a test"),
        ("a_user", "10001", "--reason", "a test"),
        ("a_user", "1.5", "--reason", "a test"),
        ("a_user", "5"),
        ("a_user", "5", "--reason", " "),
        ("a_user", "5", "--reason", "x" * 201),
        ("a_user", "5", "--reason", "\x1b[31m"),
        ("", "5", "--reason", "a test"),
    ],
)
def test_a_grant_that_cannot_be_is_refused_before_anything_is_started(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    folder = tmp_path / "data"
    refused = CliRunner().invoke(app, ["grant", *arguments], env={"STORYBOOK_DATA_DIR": str(folder)})
    assert refused.exit_code == 2
    assert not folder.exists()
