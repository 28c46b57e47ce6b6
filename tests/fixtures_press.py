"""A service whose vendors are simulated: real tables, storage, packages and wires; only the bills are not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy import select

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.notifications import Notifications
from storybook.core.settings import Settings
from storybook.core.tokens import AccessTokens
from storybook.domain.book_spec import BookSpec
from storybook.domain.orders import RegenerateMode
from storybook.main import make_kit
from storybook.models import Book, Job, ProviderCall
from storybook.pipeline.kit import Kit
from storybook.pipeline.runner import Runner
from storybook.providers.breaker import Rests
from storybook.resources import Resources
from storybook.services import accounts, books, jobs, orders
from storybook.services.calls import DatabaseMeter
from storybook.services.limits_redis import open_limiter
from storybook.services.quotas import Quotas
from storybook.storage.files import FileStorage
from storybook.stores.registry import Stores
from tests.conftest import ROOMY
from tests.fixtures_calls import providers_of


@dataclass
class Press:
    """Makes books. Tries of a step follow each other at once."""

    settings: Settings
    kit: Kit
    user_id: str
    quotas: Quotas

    async def order(self, spec: BookSpec) -> str:
        """The id of a job that waits."""
        async with self.kit.database.session() as session:
            return (await orders.order_book(session, self.user_id, spec, self.quotas)).id

    async def book(self, spec: BookSpec) -> Job:
        """The job of a book, at its end."""
        return await self.ended(await self.order(spec))

    async def page(self, book_job: Job, number: int, wish: str, mode: RegenerateMode = RegenerateMode.BOTH) -> Job:
        """A page of a finished book, told and drawn again."""
        async with self.kit.database.session() as session:
            order = orders.order_page(session, self.user_id, book_job.id, number, mode, wish, self.quotas)
            job_id = (await order).id
        return await self.ended(job_id)

    async def voice(self, book_job: Job) -> Job:
        """A finished book, read aloud."""
        return await self._on_the_shelf(book_job, orders.order_audio)

    async def descriptions(self, book_job: Job) -> Job:
        """A finished book's pictures, in words."""
        return await self._on_the_shelf(book_job, orders.order_descriptions)

    async def _on_the_shelf(self, book_job: Job, order: Callable[..., Awaitable[str]]) -> Job:
        async with self.kit.database.session() as session:
            made = await books.find_of_job(session, book_job.id)
            assert made
            job_id = await order(session, self.user_id, made.id, self.quotas)
        return await self.ended(job_id)

    async def ended(self, job_id: str, *, seconds: float = 90) -> Job:
        """Works on the job until it has ended."""
        runner = Runner(self.kit, self.settings)
        runner.start()
        try:
            async with asyncio.timeout(seconds):
                while (job := await self._job(job_id)).finished_at is None:
                    await asyncio.sleep(0.05)
        finally:
            await runner.stop(grace_seconds=5)
        return job

    async def interrupted(self, when: Callable[[], bool]) -> None:
        """Works until then, and stops as a process does that is told to."""
        runner = Runner(self.kit, self.settings)
        runner.start()
        async with asyncio.timeout(60):
            while not when():
                await asyncio.sleep(0.05)
        await runner.stop(grace_seconds=0)

    async def book_of(self, job: Job) -> Book:
        async with self.kit.database.session() as session:
            found = await books.find_of_job(session, job.id)
        assert found
        return found

    async def calls(self) -> list[ProviderCall]:
        """All that was written down of calls, in their order."""
        async with self.kit.database.session() as session:
            return list(await session.scalars(select(ProviderCall).order_by(ProviderCall.id)))

    async def _job(self, job_id: str) -> Job:
        async with self.kit.database.session() as session:
            return await jobs.get(session, self.user_id, job_id)


@asynccontextmanager
async def press(
    settings: Settings,
    database: Database,
    cpu: CpuPool,
    rests: Rests = Rests(),  # noqa: B008 - a value
) -> AsyncIterator[Press]:
    storage = FileStorage(settings.storybook_data_dir / "assets", settings.public_url)
    await storage.check()
    notifications = Notifications(database.url)
    async with providers_of(settings, cpu, DatabaseMeter(database), rests) as providers, notifications.listening():
        tokens, limiter, stores = AccessTokens("a secret"), open_limiter(settings, database), Stores({}, sandbox=True)
        resources = Resources(
            settings, database, storage, cpu, providers, notifications, "a pepper", tokens, limiter, stores
        )
        kit = make_kit(resources)
        async with database.session() as session:
            user_id = await accounts.sign_in(session, accounts.hash_user_key("a-key-of-a-user", pepper="a pepper"))
        at_once = {
            step: policy._replace(waits=(0.0,) * len(policy.waits), rest=rests.longest)
            for step, policy in kit.policies.items()
        }
        yield Press(
            settings,
            replace(kit, policies=at_once, storage_waits=(0.0,)),
            user_id,
            replace(ROOMY, spending=resources.quotas.spending),
        )
        await limiter.close()
