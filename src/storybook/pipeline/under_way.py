"""Which job, step and page the work of this task is for: said once, for its logs and for its trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

from storybook.core import telemetry
from storybook.core.logs import about_user
from storybook.domain.jobs import Step
from storybook.domain.orders import Claim

_at: ContextVar[tuple[Step, int | None] | None] = ContextVar("at", default=None)


@contextmanager
def of_job(claim: Claim) -> Iterator[None]:
    """The block is one claim's work on a job, to its end or until somebody else goes on with it."""
    with telemetry.working(claim.traceparent) as span:
        span.named(f"job {claim.kind}")
        span.tell(job_id=claim.job_id, kind=claim.kind, fence=claim.fence, recoveries=claim.recoveries)
        traced = {"trace_id": span.trace_id} if span.trace_id else {}
        with structlog.contextvars.bound_contextvars(
            job_id=claim.job_id, fence=claim.fence, **about_user(claim.user_id), **traced
        ):
            yield


@contextmanager
def at_step(step: Step, page: int) -> Iterator[None]:
    """The block is a step's work, on a page where it has one. Nothing changes within the same step and page."""
    shown = page if page >= 0 else None
    if _at.get() == (step, shown):
        yield
        return
    token = _at.set((step, shown))
    paged = {} if shown is None else {"page": shown}
    try:
        with telemetry.within(step) as span, structlog.contextvars.bound_contextvars(step=step, **paged):
            span.tell(step=step)
            if shown is not None:
                span.tell(page=shown)
            yield
    finally:
        _at.reset(token)
