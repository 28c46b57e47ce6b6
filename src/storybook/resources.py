"""Opens what lives as long as the process, and closes it again; everything else is handed what it needs."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from storybook.core import telemetry
from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.database_refusals import refusal
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.errors import SetupError, StorageError
from storybook.core.logs import name_users_by
from storybook.core.migrations import is_current, migrate
from storybook.core.notifications import Notifications
from storybook.core.postgres_keeper import looked_after
from storybook.core.settings import Settings
from storybook.core.time_limits import UNLIMITED, Limits, of_service
from storybook.core.tokens import AccessTokens
from storybook.providers.breaker import Rests
from storybook.providers.checks import require_accepted
from storybook.providers.estimate import Estimate, require_affordable
from storybook.providers.http import make_client
from storybook.providers.registry import Providers, Workshop, make_providers
from storybook.services.calls import DatabaseMeter
from storybook.services.limits import CallLimits
from storybook.services.limits_redis import open_limiter
from storybook.services.quotas import Quotas
from storybook.storage.base import Storage
from storybook.storage.files import FileStorage
from storybook.storage.s3 import S3Storage
from storybook.stores.http import open_client
from storybook.stores.registry import Stores, make_stores

IN_WORKERS = ("storybook.providers.studio.provider", "storybook.providers.painting", "storybook.editions.pdf")
"""Modules whose work is done in worker processes; to import all of the service there takes three times as long."""


@dataclass(frozen=True)
class Resources:
    settings: Settings
    database: Database
    storage: Storage
    cpu: CpuPool
    providers: Providers
    notifications: Notifications
    pepper: str
    tokens: AccessTokens
    limiter: CallLimits
    stores: Stores

    @cached_property
    def estimate(self) -> Estimate:
        """What work can cost at worst."""
        return Estimate(self.settings)

    @cached_property
    def quotas(self) -> Quotas:
        """How much may be ordered, and what it may cost."""
        return Quotas.of(self.settings, self.estimate)


class Stock(NamedTuple):
    """What outlives every process."""

    database: Database
    storage: Storage
    stores: Stores


@asynccontextmanager
async def open_stock(settings: Settings, limits: Limits = UNLIMITED) -> AsyncIterator[Stock]:
    """Reachable and ready; raises SetupError with one line where it is not."""
    async with AsyncExitStack() as stack:
        stores = make_stores(settings, await stack.enter_async_context(open_client()))
        database = await stack.enter_async_context(open_database(settings, limits=limits))
        storage = make_storage(settings)
        stack.push_async_callback(storage.close)
        try:
            await storage.check()
        except StorageError as error:
            raise SetupError(str(error)) from error
        yield Stock(database, storage, stores)


@asynccontextmanager
async def open_resources(settings: Settings, rests: Rests = Rests()) -> AsyncIterator[Resources]:  # noqa: B008 - a value
    """Everything that a process needs, reachable and ready; raises SetupError with one line where it is not."""
    async with AsyncExitStack() as stack:
        stack.enter_context(telemetry.recording(settings))
        cpu = CpuPool(settings.cpu_workers, IN_WORKERS)
        stack.callback(cpu.close)
        vendors = await stack.enter_async_context(make_client())
        database, storage, stores = await stack.enter_async_context(
            open_stock(settings, of_service(settings.lease_seconds))
        )
        providers = make_providers(Workshop(settings, cpu, vendors, DatabaseMeter(database), rests))
        require_affordable(settings)
        await require_accepted(settings, vendors)
        pepper = _secret(settings.user_key_pepper, settings.storybook_data_dir / "user_key_pepper")
        name_users_by(pepper)
        tokens = AccessTokens(
            _secret(settings.access_token_secret, settings.storybook_data_dir / "access_token_secret"),
            settings.access_token_secret_previous.get_secret_value(),
        )
        limiter = open_limiter(settings, database)
        stack.push_async_callback(limiter.close)
        notifications = Notifications(database.url)
        await stack.enter_async_context(notifications.listening())
        yield Resources(settings, database, storage, cpu, providers, notifications, pepper, tokens, limiter, stores)


@asynccontextmanager
async def open_database(
    settings: Settings, *, must_be_current: bool = True, as_guest: bool = False, limits: Limits = UNLIMITED
) -> AsyncIterator[Database]:
    """The database of the settings. Our own one is started and migrated; another one must be there already.

    A guest comes to our own one also while another process of ours runs it.
    """
    async with AsyncExitStack() as stack:
        url = settings.database_url
        if settings.embedded_database:
            running = EmbeddedPostgres.visit(settings.storybook_data_dir) if as_guest else None
            embedded = running or EmbeddedPostgres.start(settings.storybook_data_dir)
            stack.callback(embedded.stop)
            await stack.enter_async_context(looked_after(embedded))
            url = embedded.url
        try:
            database = Database.connect(url, pool_size=settings.database_pool_size, limits=limits)
            stack.push_async_callback(database.close)
            await database.ping()
            if settings.embedded_database:
                await migrate(database.engine)
            elif must_be_current and not await is_current(database.engine):
                raise SetupError("The database's tables are not of this version; run: storybook migrate")
        except (SQLAlchemyError, OSError, TimeoutError, ValueError) as error:
            raise refusal(error, url) from error
        yield database


async def require_stores(settings: Settings) -> None:
    """Raises SetupError for an app store that is named and not set up to the end. Nobody is asked."""
    async with open_client() as client:
        make_stores(settings, client)


def make_storage(settings: Settings) -> Storage:
    """S3 when a bucket is named, else files in the data directory."""
    if not settings.s3_bucket:
        return FileStorage(settings.storybook_data_dir / "assets", settings.public_url)
    return S3Storage(
        endpoint=settings.s3_endpoint or None,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        bucket=settings.s3_bucket,
        public_url=settings.s3_public_url,
        region=settings.s3_region,
    )


def _secret(given: SecretStr, file: Path) -> str:
    """The secret of the settings, or else one of this machine's own: made once and kept in the file."""
    if secret := given.get_secret_value():
        return secret
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_urlsafe(32))
        return file.read_text()
    except OSError as error:
        raise SetupError(f"STORYBOOK_DATA_DIR: {file} cannot be written ({error.strerror}).") from error
