"""Jobs, and the artifacts that their steps leave behind."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storybook.core.errors import ErrorCode
from storybook.domain.jobs import QUEUED_SLUG, JobKind, JobState, Step
from storybook.models.base import ID_LENGTH, Base, CreatedAt, Id, Json, Number, UpdatedAt, UserId, one_of

WHOLE_BOOK = -1
"""The page number of an artifact that belongs to no single picture."""
UNJUDGED = -2
"""The page number of what is written but not yet judged, such as a story: paid for, and not to be shown."""


class Job(Base):
    """One piece of paid background work; its row is the queue.

    `note` tells the reader of a finished job what it could not do. `lease_until` says until when `lease_owner` may work
    on it, and every claim raises `fence`; `began_fence` is that of the last one under which work was begun. A job that
    waits for a vendor, the storage or the machine is not claimed before `wait_until`. It has waited `waited_seconds`
    since it last came further, all for the same, named in `waits_for` by the code that it would end with;
    `worked_seconds` counts only the time that somebody worked on it. `retry_of` is the first job of those that try the
    same order again. `traceparent` names the trace of the request that ordered it (W3C Trace Context).
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(one_of("kind", JobKind), name="kind"),
        CheckConstraint(one_of("status", JobState), name="status"),
        CheckConstraint(f"error_code IS NULL OR {one_of('error_code', ErrorCode)}", name="error_code"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name="failed_has_code"),
        CheckConstraint("status <> 'done' OR progress = 100", name="done_is_complete"),
        CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name="running_has_lease"),
        CheckConstraint("worked_seconds >= 0", name="worked_seconds"),
        CheckConstraint("seed BETWEEN 1 AND 2147483647", name="seed"),
        Index(
            "uq_one_retry",
            "retry_of",
            unique=True,
            postgresql_where=text("retry_of IS NOT NULL AND status <> 'failed'"),
        ),
        Index("ix_jobs_finished_at", "finished_at"),
        Index("ix_jobs_waiting", "created_at", postgresql_where=text("status IN ('queued', 'running')")),
    )

    id: Mapped[Id]
    user_id: Mapped[UserId]
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), server_default=JobState.QUEUED)
    progress: Mapped[int] = mapped_column(server_default="0")
    current_step: Mapped[str] = mapped_column(String(120), server_default=QUEUED_SLUG)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_message: Mapped[str | None] = mapped_column(String(300))
    note: Mapped[str | None] = mapped_column(String(300))
    request: Mapped[Json]
    retry_of: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    seed: Mapped[int]
    asset_token: Mapped[str] = mapped_column(String(60), unique=True)
    fence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    began_fence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    recoveries: Mapped[int] = mapped_column(server_default="0")
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    wait_until: Mapped[datetime | None]
    waits_for: Mapped[str | None] = mapped_column(String(60))
    waited_seconds: Mapped[float] = mapped_column(server_default="0")
    working_since: Mapped[datetime | None]
    worked_seconds: Mapped[float] = mapped_column(server_default="0")
    traceparent: Mapped[str | None] = mapped_column(String(55))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
    finished_at: Mapped[datetime | None]


class JobPhoto(Base):
    """The photo that a character is made from. It is kept only until the job has ended."""

    __tablename__ = "job_photos"

    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    photo: Mapped[bytes] = mapped_column(LargeBinary)


class StepArtifact(Base):
    """The stored result of a finished step, or of a step's work on one picture."""

    __tablename__ = "step_artifacts"
    __table_args__ = (
        UniqueConstraint("job_id", "step", "page_number"),
        CheckConstraint(one_of("step", Step), name="step"),
        CheckConstraint("page_number BETWEEN -2 AND 12", name="page_number"),
    )

    id: Mapped[Number]
    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("jobs.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(40))
    page_number: Mapped[int]
    artifact: Mapped[Json]
    created_at: Mapped[CreatedAt]


class StoryDraftRow(Base):
    """The artifact of the step that writes the story."""

    __tablename__ = "story_drafts"

    id: Mapped[Number]
    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
    draft: Mapped[Json]
    created_at: Mapped[CreatedAt]


class ImagePromptRow(Base):
    """The artifact of the step that puts one picture into words; number 0 is the cover."""

    __tablename__ = "image_prompts"
    __table_args__ = (
        UniqueConstraint("job_id", "page_number"),
        CheckConstraint("page_number BETWEEN -2 AND 12", name="page_number"),
    )

    id: Mapped[Number]
    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("jobs.id", ondelete="CASCADE"))
    page_number: Mapped[int]
    prompt: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[CreatedAt]
