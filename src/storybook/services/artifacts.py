"""The results of finished steps. A step whose artifact is stored is never paid for again."""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.database import Database, Prepared
from storybook.core.errors import LeaseLost
from storybook.domain.jobs import Step
from storybook.domain.orders import Claim
from storybook.models import ImagePromptRow, StepArtifact, StoryDraftRow
from storybook.models.base import Base, table_of
from storybook.models.jobs import WHOLE_BOOK
from storybook.services import fencing, files

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


async def save(
    database: Database,
    claim: Claim,
    step: Step,
    page: int,
    artifact: dict[str, Any],
    shown: tuple[Step, int | None] | None = None,
) -> None:
    """Stores one artifact in one statement that may be sent again, and shows where the job is by now.

    The file that the artifact names is kept from now on. Raises LeaseLost when the job is not ours any more.
    """
    match step:
        case Step.GENERATE_STORY if page == WHOLE_BOOK:
            stored = _save(StoryDraftRow, ("draft",), is_shown=shown is not None)
        case Step.GENERATE_IMAGE_PROMPTS:
            stored = _save(ImagePromptRow, ("page_number", "prompt"), is_shown=shown is not None)
        case _:
            stored = _save(StepArtifact, ("step", "page_number", "artifact"), is_shown=shown is not None)
    values = {"draft": artifact, "prompt": artifact, "artifact": artifact, "step": step, "page_number": page}
    told = fencing.told(claim, shown) | {"kept_key": artifact.get("key")}
    told |= {f"new_{name}": value for name, value in values.items()}
    if not await database.insist(stored, **told):
        raise LeaseLost(claim.job_id)


async def forget(session: AsyncSession, claim: Claim, step: Step, page: int) -> None:
    """Removes the artifact of a step's work on one page, so that it is done again; raises as `save` does."""
    if await session.scalar(fencing.HELD, {"job_id": claim.job_id, "fence": claim.fence}) is None:
        raise LeaseLost(claim.job_id)
    kept = (StepArtifact.job_id == claim.job_id, StepArtifact.step == step, StepArtifact.page_number == page)
    await session.execute(delete(StepArtifact).where(*kept))


async def forget_unused(session: AsyncSession, claim: Claim, step: Step, used: Collection[str]) -> None:
    """Removes the artifacts of a step, with their files, that are not among those which are in use."""
    key = StepArtifact.artifact["key"].astext
    unused = (StepArtifact.job_id == claim.job_id, StepArtifact.step == step, key.not_in(used))
    await files.discard(session, *await session.scalars(delete(StepArtifact).where(*unused).returning(key)))


@cache
def _save(model: type[Base], columns: tuple[str, ...], *, is_shown: bool) -> Prepared:
    """Made once for each table: to make a statement takes longer than to send it."""
    table = table_of(model)
    job = fencing.with_new_artifact(is_shown=is_shown)
    row = select(job.c.id, *(bindparam(f"new_{name}", type_=table.c[name].type) for name in columns))
    new = insert(table).from_select(["job_id", *columns], row)
    *place, value = ("job_id", *columns)
    again = new.on_conflict_do_update(index_elements=place, set_={value: new.excluded[value]})
    return Prepared(again.returning(table.c.job_id).add_cte(files.keeping(job)))
