"""A real PostgreSQL for each test process, and databases in it that cost next to nothing."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import hypothesis
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.logs import configure_logs
from storybook.core.migrations import migrate
from storybook.core.notifications import Notifications
from storybook.core.settings import Settings
from storybook.core.tokens import AccessTokens
from storybook.domain.purchases import Store
from storybook.main import create_app
from storybook.models import Character
from storybook.providers.registry import Providers
from storybook.resources import IN_WORKERS, Resources
from storybook.services import accounts
from storybook.services.limits_redis import open_limiter
from storybook.services.quotas import Quotas
from storybook.storage.files import FileStorage
from storybook.stores.development import DevelopmentStore
from storybook.stores.registry import Stores
from tests.databases import Databases, address_of, drop, make
from tests.fakes import FakeAuthor, FakeNarrator, FakePainter, FakeScreen, FakeSight, sheet
from tests.receipts import RECEIPT_KEY

USER_KEY = "a-key-of-a-user"
# How long an example takes says more about the machine than about the product.
hypothesis.settings.register_profile("storybook", deadline=None)
hypothesis.settings.load_profile("storybook")
ROOMY = Quotas(
    books_per_day=10_000, pending_books=10_000, pending_books_in_all=10_000, work_per_day=10_000, pending_work=10_000
)
NO_LIMITS = {
    "rate_limit_requests": 100_000,
    "rate_limit_reads": 100_000,
    "rate_limit_polls": 100_000,
    "books_per_day": 10_000,
    "work_per_day": 10_000,
    "pending_books_per_user": 10_000,
    "pending_books": 10_000,
}
"""Settings for tests that ask faster than any family does."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of several tests with one id, xdist would run one."""
    if twice := [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]:
        raise pytest.UsageError(f"More than one test is called: {', '.join(twice)}. Give each its own name.")


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    configure_logs("error", as_json=True)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres.start(tmp_path_factory.mktemp("postgres"), durable=False)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """A database with all tables and no rows, to be cloned."""

    async def build() -> None:
        engine = create_async_engine(address_of(postgres, name))
        await migrate(engine)
        await engine.dispose()

    name = asyncio.run(make(postgres))
    asyncio.run(build())
    return name


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres, template: str) -> Databases:
    return Databases(postgres, template)


@pytest.fixture
async def database(postgres: EmbeddedPostgres, databases: Databases) -> AsyncIterator[Database]:
    """A database of the test's own, where commits and several connections are real."""
    name = await databases.lend()
    opened = Database.connect(address_of(postgres, name), pool_size=20)
    yield opened
    await opened.close()
    await databases.take_back(name)


@contextmanager
def database_for(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    """The address of a database for several tests."""
    name = asyncio.run(make(postgres, template))
    yield address_of(postgres, name)
    asyncio.run(drop(postgres, name))


@pytest.fixture
async def empty_database(postgres: EmbeddedPostgres) -> AsyncIterator[Database]:
    """A database without any table."""
    name = await make(postgres)
    opened = Database.connect(address_of(postgres, name), pool_size=2)
    yield opened
    await opened.close()
    await drop(postgres, name)


@pytest.fixture
async def session(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[AsyncSession]:
    """A transaction that is rolled back at the end of the test."""
    engine = create_async_engine(address_of(postgres, template))
    async with engine.connect() as connection, AsyncSession(connection, expire_on_commit=False) as opened:
        yield opened
        await opened.rollback()
    await engine.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        storybook_data_dir=tmp_path / "data",
        sweep_seconds=0.05,
        lease_seconds=3,
        heartbeat_seconds=1,
        public_url="http://testserver",
        **NO_LIMITS,
    )


@pytest.fixture(scope="session")
def cpu() -> Iterator[CpuPool]:
    pool = CpuPool(1, IN_WORKERS)
    yield pool
    pool.close()


@pytest.fixture
def author() -> FakeAuthor:
    return FakeAuthor()


@pytest.fixture
async def painter() -> FakePainter:
    return FakePainter()


@pytest.fixture
def screen() -> FakeScreen:
    return FakeScreen()


@pytest.fixture
def narrator() -> FakeNarrator:
    return FakeNarrator()


@pytest.fixture
def sight() -> FakeSight:
    return FakeSight()


@pytest.fixture
async def resources(
    settings: Settings,
    database: Database,
    cpu: CpuPool,
    author: FakeAuthor,
    painter: FakePainter,
    narrator: FakeNarrator,
    sight: FakeSight,
    screen: FakeScreen,
) -> AsyncIterator[Resources]:
    """Everything real but the providers."""
    storage = FileStorage(settings.storybook_data_dir / "assets", settings.public_url)
    providers = Providers(author, painter, narrator, sight, screen)
    notifications = Notifications(database.url)
    async with notifications.listening():
        tokens, limiter = AccessTokens("a secret"), open_limiter(settings, database)
        stores = Stores({Store.DEVELOPMENT: DevelopmentStore(RECEIPT_KEY)}, sandbox=True)
        yield Resources(settings, database, storage, cpu, providers, notifications, "a pepper", tokens, limiter, stores)
        await limiter.close()


@pytest.fixture
async def client(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    """The app as a user with a key; jobs are worked on."""
    await resources.storage.check()
    app = create_app(resources)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"X-User-Key": USER_KEY}
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as opened:
            yield opened


@pytest.fixture
def rows(database: Database) -> Callable[[str], object]:
    """Runs a query and returns its rows."""

    async def run(sql: str) -> list[tuple[object, ...]]:
        async with database.session() as opened:
            return [tuple(row) for row in await opened.execute(text(sql))]

    return run


class Records:
    """Writes rows that no route makes."""

    def __init__(self, database: Database, pepper: str) -> None:
        self._database = database
        self._pepper = pepper

    async def character(self, character_id: str, user_key: str) -> None:
        """A character of the user with this key."""
        made = sheet("Luna").model_dump(mode="json")
        async with self._database.session() as opened:
            user_id = await accounts.sign_in(opened, accounts.hash_user_key(user_key, pepper=self._pepper))
            opened.add(Character(id=character_id, user_id=user_id, **made))


@pytest.fixture
def records(resources: Resources) -> Records:
    return Records(resources.database, resources.pepper)
