"""A job's workbench: runs a step once and keeps its artifact; tries what a provider does by the policy."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

import structlog
from pydantic import BaseModel

from storybook.core.errors import ErrorCode, JobFailed, ProviderError, StorageError
from storybook.domain.jobs import Step
from storybook.domain.orders import Claim
from storybook.models.jobs import WHOLE_BOOK
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import Policy
from storybook.services import artifacts, files, jobs

log = structlog.get_logger()

T = TypeVar("T")
V = TypeVar("V", bound=BaseModel)


class Workbench:
    """The artifacts of one job. It holds no database session while a step works."""

    def __init__(self, claim: Claim, kit: Kit, stored: artifacts.Stored) -> None:
        self.claim = claim
        self.kit = kit
        self._stored = stored

    @classmethod
    async def open(cls, claim: Claim, kit: Kit) -> Self:
        async with kit.database.session() as session:
            return cls(claim, kit, await artifacts.load(session, claim.job_id))

    async def once(self, step: Step, kind: type[V], work: Callable[[], Awaitable[V]], *, page: int = WHOLE_BOOK) -> V:
        """The step's artifact: the stored one, or that of `work`, which is stored before it is returned.

        Raises JobFailed when it cannot be had, LeaseLost when the job is not ours any more.
        """
        if (step, page) in self._stored:
            return kind.model_validate(self._stored[step, page])
        if page == WHOLE_BOOK:
            await self.show(step)
        value = await self._translated(step, work)
        made = value.model_dump(mode="json")
        async with self.kit.database.session() as session:
            await artifacts.save(session, self.claim, step, page, made)
        self._stored[step, page] = made
        return value

    def kept(self, step: Step, kind: type[V], page: int) -> V | None:
        """The step's artifact of that page, where there is one."""
        made = self._stored.get((step, page))
        return kind.model_validate(made) if made is not None else None

    async def discard(self, step: Step, page: int, key: str) -> None:
        """Forgets an artifact that is of no use any more, and its file: `once` will make another."""
        async with self.kit.database.session() as session:
            await artifacts.forget(session, self.claim, step, page)
            await files.discard(session, key)
        del self._stored[step, page]

    async def show(self, step: Step, progress: int | None = None) -> None:
        """Tells the reader where the job is."""
        async with self.kit.database.session() as session:
            await jobs.advance(session, self.claim, step, progress)

    async def attempt(self, step: Step, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` returns, tried by the policy of the step; raises JobFailed when its tries are used up."""
        policy = self.kit.policies[step]
        for attempt in range(1, policy.attempts + 1):
            try:
                async with asyncio.timeout(policy.timeout):
                    return await work()
            except (ProviderError, TimeoutError) as error:
                code, may_help = _judge(error, policy)
                log.warning("step_failed", step=step, attempt=attempt, code=code, exc_info=error)
                if not may_help or attempt == policy.attempts:
                    raise JobFailed(code, f"{step} failed") from error
            await asyncio.sleep(random.uniform(0, policy.waits[attempt - 1]))
        raise AssertionError("a policy has at least one attempt")

    async def _translated(self, step: Step, work: Callable[[], Awaitable[V]]) -> V:
        try:
            return await work()
        except ProviderError as error:
            raise JobFailed(error.code, f"{step} failed") from error
        except StorageError as error:
            raise JobFailed(ErrorCode.STORAGE_UPLOAD_FAILED, f"{step} failed") from error


def _judge(error: ProviderError | TimeoutError, policy: Policy) -> tuple[ErrorCode, bool]:
    """The code that a failure ends the job with, and whether another try may help."""
    if isinstance(error, ProviderError):
        return error.code, error.retryable
    return policy.on_timeout, True
