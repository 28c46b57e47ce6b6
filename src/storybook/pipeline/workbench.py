"""A job's workbench: runs a step once and keeps its artifact; tries what a provider does by the policy."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

import structlog
from pydantic import BaseModel, ValidationError

from storybook.core.endings import to_its_end
from storybook.core.errors import (
    Charged,
    ErrorCode,
    JobFailed,
    JobLeft,
    JobParked,
    Leaving,
    ProviderError,
    StorageError,
)
from storybook.core.metrics import trying
from storybook.domain.calls import Purpose
from storybook.domain.jobs import Step
from storybook.domain.orders import Claim
from storybook.models.jobs import WHOLE_BOOK
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import Policy, Tries, without_storage
from storybook.pipeline.under_way import at_step
from storybook.providers.about import About, calling_about, is_left_within
from storybook.services import artifacts, files, jobs

log = structlog.get_logger()

T = TypeVar("T")
V = TypeVar("V", bound=BaseModel)
ENDING_SECONDS = 2.0
"""How long whoever is stopped waits until what was made is stored."""


class Workbench:
    """The artifacts of one job. It holds no database session while a step works."""

    def __init__(self, claim: Claim, kit: Kit, stored: artifacts.Stored) -> None:
        self.claim = claim
        self.kit = kit
        self._stored = stored
        self._shown: tuple[Step, int | None] | None = None

    @classmethod
    async def open(cls, claim: Claim, kit: Kit, first: Step) -> Self:
        """Shows the job at its first step before anything of it is read: who dies of it is known to have been at work.

        Raises JobParked when the storage is still away in which an earlier runner of the job could put nothing.
        """
        await jobs.advance(kit.database, claim, first)
        bench = cls(claim, kit, {} if claim.fence == 1 else await _left_behind(claim, kit))
        bench._shown = first, None
        return bench

    async def once(
        self,
        step: Step,
        kind: type[V],
        work: Callable[[], Awaitable[V]],
        *,
        page: int = WHOLE_BOOK,
        then_at: Callable[[], tuple[Step, int]] | None = None,
    ) -> V:
        """The step's artifact: the stored one, or that of `work`, which is stored before it is returned.

        The reader sees with it that the job is `then_at` a step and so many per cent.
        Raises JobFailed when it cannot be had, LeaseLost when the job is not ours any more.
        """
        return await self.once_put(step, kind, work, _as_it_is, page=page, then_at=then_at)

    async def once_put(
        self,
        step: Step,
        kind: type[V],
        work: Callable[[], Awaitable[T]],
        put: Callable[[T], Awaitable[V]],
        *,
        page: int = WHOLE_BOOK,
        then_at: Callable[[], tuple[Step, int]] | None = None,
    ) -> V:
        """The same where `put` makes an artifact of what `work` returns, and may store the bytes of it."""
        if (stored := self.kept(step, kind, page)) is not None:
            return stored
        with at_step(step, page):
            return await self._made(step, work, put, page, then_at)

    async def _made(
        self,
        step: Step,
        work: Callable[[], Awaitable[T]],
        put: Callable[[T], Awaitable[V]],
        page: int,
        then_at: Callable[[], tuple[Step, int]] | None,
    ) -> V:
        if page == WHOLE_BOOK:
            await self.show(step)
        made = await _with_storage(work)

        async def keep() -> V:
            value = await put(made)
            shown = then_at() if then_at else None
            artifact = value.model_dump(mode="json")
            await artifacts.save(self.kit.database, self.claim, step, page, artifact, shown)
            self._stored[step, page] = artifact
            return value

        return await to_its_end(keep(), ENDING_SECONDS)

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """Stores bytes that were paid for, and that the storage loses again unless an artifact or a book keeps them.

        Raises JobParked when the storage is away for long.
        """
        await files.announce(self.kit.database, key)
        try:
            async with asyncio.timeout(self.kit.storage_seconds):
                await self._put(key, data, media_type)
        except TimeoutError as error:
            raise without_storage(StorageError("it hangs")) from error
        except StorageError as error:
            raise without_storage(error) from error

    async def _put(self, key: str, data: bytes, media_type: str) -> None:
        for wait in self.kit.storage_waits:
            try:
                await self.kit.storage.put(key, data, media_type)
            except StorageError as error:
                log.warning("not_stored", exc_info=error)
                await asyncio.sleep(wait)
            else:
                return
        await self.kit.storage.put(key, data, media_type)

    def kept(self, step: Step, kind: type[V], page: int) -> V | None:
        """The step's artifact of that page, where there is one; raises JobParked where only newer processes read it."""
        made = self._stored.get((step, page))
        try:
            return kind.model_validate(made) if made is not None else None
        except ValidationError as error:
            raise JobParked(jobs.UNREAD_REST, ErrorCode.UNKNOWN) from error

    async def discard(self, *made: tuple[Step, int], key: str | None = None) -> None:
        """Forgets artifacts that are of no use any more, and their file, all at once: `once` will make others."""
        async with self.kit.database.session() as session:
            for step, page in made:
                await artifacts.forget(session, self.claim, step, page)
            await files.discard(session, key)
        for place in made:
            self._stored.pop(place, None)

    async def show(self, step: Step, progress: int | None = None) -> None:
        """Tells the reader where the job is, unless that was told last."""
        if self._shown == (step, progress):
            return
        self._shown = (step, progress)
        await jobs.advance(self.kit.database, self.claim, step, progress)

    async def attempt(self, step: Step, work: Callable[[], Awaitable[T]], *, page: int = WHOLE_BOOK) -> T:
        """What `work` returns, tried by the policy of the step.

        Raises JobFailed when its tries are used up, JobParked when the next one has to wait for long, or cannot end
        before the deadline of the step, JobLeft when this process is told to stop before the next paid call.
        """
        policy = self.kit.policies[step]
        tries, ends = Tries(policy), asyncio.get_running_loop().time() + policy.deadline
        purpose = Purpose(self.claim.job_id, self.claim.user_id, step, page, self.claim.fence)
        first = self.claim.fence == 1
        while True:
            about = About(purpose, asyncio.timeout(policy.timeout), policy.timeout, ends, first=first)
            first = False
            try:
                with at_step(step, page), trying(step):
                    return await _try(work, about, policy)
            except Leaving as error:
                raise JobLeft from error
            except ProviderError as error:
                log.warning("step_failed", step=step, code=error.code, exc_info=error)
                wait = tries.wait_after(error)
                if wait is None:
                    raise JobFailed(policy.code_of(error), f"{step} failed") from error
                if not wait.in_place:
                    raise JobParked(wait.seconds, policy.code_of(error)) from error
            if await is_left_within(wait.seconds):
                raise JobLeft


async def _left_behind(claim: Claim, kit: Kit) -> artifacts.Stored:
    """What earlier runners of the job have made."""
    try:
        await kit.storage.check()
    except StorageError as error:
        raise without_storage(error) from error
    async with kit.database.session() as session:
        return await artifacts.load(session, claim.job_id)


async def _as_it_is(made: V) -> V:
    return made


async def _with_storage(work: Callable[[], Awaitable[T]]) -> T:
    try:
        return await work()
    except StorageError as error:
        raise without_storage(error) from error


async def _try(work: Callable[[], Awaitable[T]], about: About, policy: Policy) -> T:
    """One try. When its time is up and a call was under way, nobody knows whether that was charged."""
    try:
        async with about.clock:
            with calling_about(about):
                return await work()
    except TimeoutError as error:
        charged = Charged.MAYBE if about.paying else Charged.NO
        late = ProviderError("took too long", code=policy.on_timeout, retryable=True, charged=charged)
        late.kept = about.kept
        raise late from error


async def together(*works: Awaitable[T]) -> list[T]:
    """The results of all, side by side; any failure but a parking stops them all.

    Where one is parked, the others come to their ends before that is raised: what they are doing may be paid for.
    """
    parked: list[JobParked] = []

    async def run(work: Awaitable[T]) -> T | None:
        try:
            return await work
        except JobParked as waits:
            parked.append(waits)
            return None

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(work)) for work in works]
    if parked:
        raise max(parked, key=lambda waits: waits.seconds)
    return [task.result() for task in tasks]  # type: ignore[misc]
