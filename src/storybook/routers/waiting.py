"""Waiting for a job within the time that a client waits for an answer."""

import asyncio
from contextlib import suppress

from storybook.domain.jobs import JobState
from storybook.resources import Resources
from storybook.services import progress
from storybook.services.accounts import UserRef
from storybook.services.progress import Progress

PATIENCE_SECONDS = 25.0
LOOK_SECONDS = 2.0
ENDED = (JobState.DONE, JobState.FAILED)


async def wait_for_end(
    resources: Resources, reader: UserRef, job_id: str, patience: float = PATIENCE_SECONDS
) -> Progress:
    """The job when it has ended, or as it is after `patience` seconds: the app gives up after 30."""
    with resources.notifications.of_job(job_id) as changed:
        now = await progress.look(resources.database, reader, job_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while now.job.status not in ENDED and not resources.notifications.released:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), LOOK_SECONDS)
                    changed.clear()
                    now = await progress.look(resources.database, reader, job_id)
    return now
