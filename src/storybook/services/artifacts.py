"""The results of finished steps. A step whose artifact is stored is never paid for again."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.domain.jobs import Step
from storybook.domain.orders import Claim
from storybook.models import ImagePromptRow, StepArtifact, StoryDraftRow
from storybook.models.jobs import WHOLE_BOOK
from storybook.services import jobs

Stored = dict[tuple[Step, int], dict[str, Any]]


async def load(session: AsyncSession, job_id: str) -> Stored:
    """Every artifact of a job by step and page number; WHOLE_BOOK stands for no single page."""
    stored: Stored = {}
    steps = await session.execute(
        select(StepArtifact.step, StepArtifact.page_number, StepArtifact.artifact).where(StepArtifact.job_id == job_id)
    )
    stored.update({(Step(step), page): artifact for step, page, artifact in steps})
    if draft := await session.scalar(select(StoryDraftRow.draft).where(StoryDraftRow.job_id == job_id)):
        stored[Step.GENERATE_STORY, WHOLE_BOOK] = draft
    prompts = await session.execute(
        select(ImagePromptRow.page_number, ImagePromptRow.prompt).where(ImagePromptRow.job_id == job_id)
    )
    stored.update({(Step.GENERATE_IMAGE_PROMPTS, page): prompt for page, prompt in prompts})
    return stored


async def save(session: AsyncSession, claim: Claim, step: Step, page: int, artifact: dict[str, Any]) -> None:
    """Stores one artifact; raises LeaseLost when the job is not ours any more."""
    await jobs.note_new_artifact(session, claim)
    match step:
        case Step.GENERATE_STORY:
            row = insert(StoryDraftRow).values(job_id=claim.job_id, draft=artifact)
        case Step.GENERATE_IMAGE_PROMPTS:
            row = insert(ImagePromptRow).values(job_id=claim.job_id, page_number=page, prompt=artifact)
        case _:
            row = insert(StepArtifact).values(job_id=claim.job_id, step=step, page_number=page, artifact=artifact)
    await session.execute(row)


async def forget(session: AsyncSession, claim: Claim, step: Step, page: int) -> None:
    """Removes the artifact of a step's work on one page, so that it is done again; raises as `save` does."""
    await jobs.require_lease(session, claim)
    kept = (StepArtifact.job_id == claim.job_id, StepArtifact.step == step, StepArtifact.page_number == page)
    await session.execute(delete(StepArtifact).where(*kept))
