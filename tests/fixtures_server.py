"""The app behind a real server in a thread of its own, for clients that know nothing of asyncio."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.notifications import Notifications
from storybook.core.settings import Settings
from storybook.core.tokens import AccessTokens
from storybook.main import create_app
from storybook.providers.registry import Providers
from storybook.resources import Resources
from storybook.services.limits_redis import open_limiter
from storybook.storage.files import FileStorage
from storybook.stores.registry import Stores
from tests.conftest import NO_LIMITS
from tests.fakes import FakeAuthor, FakeNarrator, FakePainter, FakeScreen, FakeSight

Prepare = Callable[[Resources], Awaitable[None]]


@contextmanager
def serving(database_url: str, folder: Path, cpu: CpuPool, prepare: Prepare) -> Iterator[str]:
    """The address of the app over this database, after `prepare` has filled it."""
    started: Future[tuple[str, uvicorn.Server]] = Future()

    async def run() -> None:
        settings = Settings(_env_file=None, storybook_data_dir=folder, sweep_seconds=1, **NO_LIMITS)
        database = Database.connect(database_url, pool_size=10)
        storage = FileStorage(folder / "assets", "")
        await storage.check()
        notifications = Notifications(database.url)
        providers = Providers(FakeAuthor(), FakePainter(), FakeNarrator(), FakeSight(), FakeScreen())
        async with notifications.listening():
            tokens, limiter = AccessTokens("a secret"), open_limiter(settings, database)
            stores = Stores({}, sandbox=True)
            resources = Resources(
                settings, database, storage, cpu, providers, notifications, "a pepper", tokens, limiter, stores
            )
            await prepare(resources)
            server = uvicorn.Server(uvicorn.Config(create_app(resources), port=0, log_config=None, access_log=False))
            task = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            started.set_result((f"http://127.0.0.1:{port}", server))
            await task
        await database.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="the app")
    thread.start()
    url, server = started.result(timeout=60)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=60)
