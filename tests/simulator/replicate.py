"""Replicate: predictions, by a model's name or a version's, and their files."""

from typing import Any
from urllib.parse import urlencode

from tests.simulator import queues
from tests.simulator.faults import Fault
from tests.simulator.state import Job, State
from tests.simulator.wire import Answer, Asked, said

VENDOR = "replicate"
SDXL = "stability-ai/sdxl"


def create(asked: Asked, state: State) -> Answer:
    body = asked.json()
    model = asked.rest.get("model") or SDXL
    job, charge = queues.accept(VENDOR, model, body["input"], asked, state)
    if asked.goes_wrong(Fault.FAILED, Fault.REFUSAL):
        return said(_prediction(job, asked), 201)
    return said(_prediction(job, asked), 201, charge)


def listed(asked: Asked, state: State) -> Answer:
    jobs, after = queues.latest(asked, state, "created_after", "created_before")
    following = f"{asked.base}/{VENDOR}/v1/predictions?{urlencode(asked.query | {'cursor': after})}" if after else None
    return said({"next": following, "previous": None, "results": [_prediction(job, asked) for job in jobs]})


def get(asked: Asked, state: State) -> Answer:
    return said(_prediction(queues.job_of(asked, state), asked))


def cancel(asked: Asked, state: State) -> Answer:
    job = queues.job_of(asked, state)
    job.cancelled = not job.ready
    return said(_prediction(job, asked))


def _prediction(job: Job, asked: Asked) -> dict[str, Any]:
    status, output, error = "processing", None, None
    if job.cancelled:
        status = "canceled"
    elif job.ready and queues.ended_with(job, Fault.FAILED):
        status, error = "failed", "CUDA out of memory"
    elif job.ready and queues.ended_with(job, Fault.REFUSAL):
        status, error = "failed", "NSFW content detected. Try running it again, or try a different prompt. (E005)"
    elif job.ready and queues.ended_with(job, Fault.WRONG_CONTENT):
        status, output = "succeeded", []
    elif job.ready:
        status, output = "succeeded", [f"{asked.base}/{VENDOR}/files/{job.id}.png"]
    here = f"{asked.base}/{VENDOR}/v1/predictions/{job.id}"
    return {
        "id": job.id,
        "model": job.model,
        "input": job.wish,
        "created_at": job.asked_at.isoformat(),
        "logs": "",
        "output": output,
        "error": error,
        "status": status,
        "urls": {"get": here, "cancel": f"{here}/cancel"},
    }
