"""What vendors with queues have in common: a job is accepted and paid for, looked at, and its picture fetched."""

import datetime as dt
import secrets
import time
from typing import Any

from tests.simulator import media, tariff
from tests.simulator.chat import hash_of
from tests.simulator.faults import Fault
from tests.simulator.journal import Charge
from tests.simulator.state import Job, State
from tests.simulator.stories import thing_in
from tests.simulator.wire import Answer, Asked, NotFitting, refused

KIND = "image"
LISTED = 100


def accept(vendor: str, model: str, wanted: dict[str, Any], asked: Asked, state: State) -> tuple[Job, Charge]:
    """A new job. Its picture is charged when it is accepted."""
    if not wanted.get("prompt"):
        raise NotFitting("prompt is missing")
    job = Job(
        id=secrets.token_hex(12),
        model=model,
        ready_at=time.monotonic() + state.seconds_for(vendor, KIND),
        width=int(wanted.get("width", 384)) // 2,
        height=int(wanted.get("height", 512)) // 2,
        wish={name: told for name, told in wanted.items() if not str(told).startswith("data:")},
        asked_at=dt.datetime.now(dt.UTC),
        rule=asked.rule,
    )
    state.jobs[job.id] = job
    bill = tariff.picture(vendor, model)
    return job, Charge(
        vendor, KIND, None, model, bill.units, bill.micro_dollars, hash_of(asked.body), thing_in(asked.body)
    )


def latest(asked: Asked, state: State, start: str, end: str) -> tuple[list[Job], int | None]:
    """Jobs that were accepted between the times in these parameters, the latest first, and where to go on."""
    since = max(dt.datetime.fromisoformat(asked.query[start]), state.lists_from)
    until = (
        dt.datetime.fromisoformat(asked.query[end]) if end in asked.query else dt.datetime.max.replace(tzinfo=dt.UTC)
    )
    jobs = [job for job in state.jobs.values() if job.accepted and since <= job.asked_at < until]
    jobs.sort(key=lambda job: job.asked_at, reverse=True)
    first = int(asked.query.get("cursor", 0))
    after = first + LISTED
    return jobs[first:after], after if after < len(jobs) else None


def job_of(asked: Asked, state: State) -> Job:
    job = state.jobs.get(asked.rest["job"])
    if job is None:
        raise NotFitting("there is no such job")
    return job


def ended_with(job: Job, *faults: Fault) -> bool:
    return job.rule is not None and job.rule.fault in faults


def file(asked: Asked, state: State) -> Answer:
    """What the job made, from where its result says it is."""
    job = state.jobs.get(asked.rest["job"])
    if job is None or ended_with(job, Fault.EXPIRED_URL) or asked.goes_wrong(Fault.EXPIRED_URL):
        return refused(404, "not_found", "This file has been deleted.")
    if ended_with(job, Fault.NO_RESULT) or asked.goes_wrong(Fault.NO_RESULT):
        return Answer(200, b"<html>no picture</html>", "text/html")
    if ended_with(job, Fault.REDIRECTED_FILE) and "moved" not in asked.query:
        return Answer(302, b"", headers=(("location", f"{asked.path}?moved=1"),))
    if job.rule and job.rule.fault is Fault.FORBIDDEN_FILE:
        return Answer(302, b"", headers=(("location", job.rule.location),))
    return Answer(200, media.marked(job.width, job.height, job.id), "image/png")
