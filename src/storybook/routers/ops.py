"""The operator's page: what is at work, what went wrong and what it costs, and three things to do about one job."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.core.errors import ErrorCode, NotFound
from storybook.core.settings import Settings
from storybook.domain.jobs import JobKind, JobState
from storybook.domain.operations import NOT_OURS, Action
from storybook.domain.values import Readable
from storybook.resources import Resources
from storybook.routers.deps import IDENTIFIER, JobId, ReadingDep, ResourcesDep, Wake
from storybook.routers.limits import QuotasDep
from storybook.routers.ops_door import (
    ChangingVisitDep,
    OpsRoute,
    VisitDep,
    begin_visit,
    end_visit,
    proves,
    refuse_other_sites,
)
from storybook.routers.ops_pages import PATH, page, static
from storybook.schemas import ops
from storybook.schemas.drawings import money, said, title_of
from storybook.schemas.timelines import timeline
from storybook.services import breakers, costs, operations, operator_actions
from storybook.services.budget import Caps
from storybook.services.operations import JobSeen
from storybook.services.operations_week import Weeks

router = APIRouter(prefix=PATH, route_class=OpsRoute, include_in_schema=False)

MOST_CARDS = 24
MOST_FAILED = 6
MOST_ACTIONS = 8
SEE_OTHER = 303
MAX_TOKEN = 500


@router.head("")
@router.get("")
async def show_board(request: Request, visit: VisitDep, session: ReadingDep, resources: ResourcesDep) -> Response:
    """All that is at work, and how the service is."""
    board = ops.board(await _facts(session, resources, request.app.state.weeks))
    return page("board", board=board, visit=visit, **_surroundings(resources.settings))


@router.get("/jobs")
async def find_job(_: VisitDep, job: Annotated[str, Query(max_length=80)]) -> Response:
    """Leads to the page of a job whose id somebody has written down."""
    if re.fullmatch(IDENTIFIER, job.strip()) is None:
        raise NotFound("There is no such job. An id begins with job_.")
    return RedirectResponse(f"{PATH}/jobs/{job.strip()}", SEE_OTHER)


@router.get("/jobs/{job_id}")
async def show_job(job_id: JobId, visit: VisitDep, session: ReadingDep, resources: ResourcesDep) -> Response:
    """What one job did when, what it cost, and what can be done about it."""
    job = await operations.one(session, job_id)
    traces = (await operations.traces_of(session, [job_id]))[job_id]
    budget = await costs.of_job(session, job_id)
    tries = await operations.tries_of(session, job)
    begun = timeline(job, traces).worked_from
    return page(
        "job",
        visit=visit,
        job=job,
        card=ops.card(job, traces, ops.ROW),
        calls=[_call(begun, call) for call in traces.calls],
        cost=money(sum(call.micro_dollars for call in traces.calls)),
        reserved=None if budget.reserved is None else money(budget.reserved),
        tries=tries,
        entries=await operations.entries_of(session, job_id),
        actions=await operations.actions(session, MOST_ACTIONS, job_id),
        possible=await _possible(session, job, tries),
        hint=ops.HINTS[ErrorCode(job.error_code)] if job.error_code else None,
        **_surroundings(resources.settings),
    )


@router.post("/jobs/{job_id}/{action}")
async def act(
    job_id: JobId,
    action: Annotated[Action, Path()],
    visit: ChangingVisitDep,
    resources: ResourcesDep,
    quotas: QuotasDep,
    wake: Wake,
) -> Response:
    """Tries a failed job again, stops an unfinished one, or pays a done one back; written down in any case."""
    wake()
    taken = await operator_actions.take(resources.database, action, job_id, visit.operator, quotas)
    return RedirectResponse(f"{PATH}/jobs/{taken.new_job_id or job_id}", SEE_OTHER)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    token: Annotated[str, Form(max_length=MAX_TOKEN)],
    operator: Annotated[str, Form(min_length=1, max_length=40), Readable],
) -> Response:
    """Begins a visit of some hours."""
    refuse_other_sites(request)
    if not await proves(request, token):
        return page("sign_in", status=401, wrong=True)
    answer = RedirectResponse(PATH, SEE_OTHER)
    await begin_visit(answer, request, " ".join(operator.split()))
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, _: ChangingVisitDep) -> Response:
    """Ends the visit, for whoever has its cookie."""
    answer = RedirectResponse(PATH, SEE_OTHER)
    await end_visit(answer, request)
    return answer


@router.get("/style.css")
async def get_style() -> Response:
    return static("style.css")


@router.get("/live.js")
async def get_script() -> Response:
    return static("live.js")


async def _facts(session: AsyncSession, resources: Resources, weeks: Weeks) -> ops.Facts:
    """Everything for the board; the number of statements is always the same."""
    jobs = await operations.in_flight(session, MOST_CARDS)
    failed = await operations.lately_failed(session, MOST_FAILED)
    settings = resources.settings
    return ops.Facts(
        now=await operations.time(session),
        jobs=jobs,
        traces=await operations.traces_of(session, [job.id for job in (*jobs, *failed)]),
        failed=failed,
        failed_this_hour=await operations.failed_this_hour(session),
        week=await weeks.now(session),
        lanes=await operations.lanes(session),
        today=await costs.today(session),
        vendors=await operations.vendors(session),
        actions=await operations.actions(session, MOST_ACTIONS),
        caps=Caps.of(settings),
        pending_books=settings.pending_books,
        lines={(line.vendor.name, line.kind.value) for line in resources.providers.lines},
        resting=await breakers.resting(session),
    )


async def _possible(session: AsyncSession, job: JobSeen, tries: Sequence[JobSeen]) -> Action | None:
    """What can be done about a job as it is now."""
    match job.status:
        case JobState.FAILED if job.kind != JobKind.PORTRAIT:
            all_failed = all(other.status == JobState.FAILED for other in tries)
            return Action.RETRY if all_failed and tries[-1].error_code not in NOT_OURS else None
        case JobState.DONE if job.kind == JobKind.BOOK:
            return None if await operator_actions.was_refunded(session, job.id) else Action.REFUND
        case JobState.QUEUED | JobState.RUNNING:
            return Action.CANCEL
    return None


def _call(begun: datetime, call: operations.CallSeen) -> dict[str, Any]:
    """One line of the list of calls, told from when the work began."""
    return {
        "after": said((call.created_at - begun).total_seconds()),
        "step": (call.step or "").replace("_", " "),
        "page": ops.page_name(call.page),
        "model": call.model,
        "outcome": call.outcome,
        "title": title_of(call),
        "units": ", ".join(f"{unit.replace('_', ' ')} {number:,}" for unit, number in sorted(call.units.items())),
        "vendor": call.vendor,
        "kind": call.kind,
        "took": "" if call.milliseconds is None else said(call.milliseconds / 1000),
        "cost": money(call.micro_dollars),
    }


def _surroundings(settings: Settings) -> dict[str, Any]:
    return {"environment": settings.environment.value}
