"""A job's workbench: runs a step once, by its policy, and keeps its artifact."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

import structlog
from pydantic import BaseModel

from storybook.core.errors import ErrorCode, JobFailed, ProviderError, StorageError
from storybook.domain.jobs import Claim, Step
from storybook.models.jobs import WHOLE_BOOK
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import Policy
from storybook.services import artifacts, jobs

log = structlog.get_logger()

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

        Raises JobFailed when the step's tries are used up or cannot help, LeaseLost when the job is not ours any more.
        """
        if (step, page) in self._stored:
            return kind.model_validate(self._stored[step, page])
        if page == WHOLE_BOOK:
            await self.show(step)
        value = await self._try(step, work, page)
        async with self.kit.database.session() as session:
            await artifacts.save(session, self.claim, step, page, value.model_dump(mode="json"))
        return value

    async def show(self, step: Step, progress: int | None = None) -> None:
        """Tells the reader where the job is."""
        async with self.kit.database.session() as session:
            await jobs.advance(session, self.claim, step, progress)

    async def _try(self, step: Step, work: Callable[[], Awaitable[V]], page: int) -> V:
        policy = self.kit.policies[step]
        for attempt in range(1, policy.attempts + 1):
            try:
                async with asyncio.timeout(policy.timeout):
                    return await work()
            except (ProviderError, StorageError, TimeoutError) as error:
                code, may_help = _judge(error, policy)
                log.warning("step_failed", step=step, page=page, attempt=attempt, code=code, exc_info=error)
                if not may_help or attempt == policy.attempts:
                    raise JobFailed(code, f"{step} failed") from error
            await asyncio.sleep(random.uniform(0, policy.waits[attempt - 1]))
        raise AssertionError("a policy has at least one attempt")


def _judge(error: ProviderError | StorageError | TimeoutError, policy: Policy) -> tuple[ErrorCode, bool]:
    """The code that a failure ends the job with, and whether another try may help."""
    match error:
        case ProviderError():
            return error.code, error.retryable
        case StorageError():
            return ErrorCode.STORAGE_UPLOAD_FAILED, False
        case _:
            return policy.on_timeout, True
