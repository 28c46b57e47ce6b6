"""fal: the queue, its results and their files."""

from tests.simulator import queues
from tests.simulator.faults import Fault
from tests.simulator.state import State
from tests.simulator.wire import Answer, Asked, refused, said

VENDOR = "fal"
BROKEN = "Something broke."
SAME_PRICE = {"fal-ai/flux-pro/kontext/text-to-image": "fal-ai/flux-pro/kontext"}


def submit(asked: Asked, state: State) -> Answer:
    model = asked.rest["model"]
    job, charge = queues.accept(VENDOR, SAME_PRICE.get(model, model), asked.json(), asked, state)
    here = f"{asked.base}/{VENDOR}/{'/'.join(model.split('/')[:2])}/requests/{job.id}"
    answer = {
        "request_id": job.id,
        "status": "IN_QUEUE",
        "queue_position": 0,
        "response_url": here,
        "status_url": f"{here}/status",
        "cancel_url": f"{here}/cancel",
    }
    return said(answer, charge=None if asked.goes_wrong(Fault.FAILED) else charge)


def status(asked: Asked, state: State) -> Answer:
    job = queues.job_of(asked, state)
    told = {"request_id": job.id, "status": "COMPLETED" if job.ready else "IN_PROGRESS", "logs": None}
    if job.ready and queues.ended_with(job, Fault.FAILED):
        told |= {"error": BROKEN, "error_type": "runner_server_error"}
    return said(told)


def result(asked: Asked, state: State) -> Answer:
    job = queues.job_of(asked, state)
    if not job.ready:
        return refused(400, "in_progress", "Request is still in progress")
    if queues.ended_with(job, Fault.FAILED):
        answer = said({"detail": BROKEN, "error_type": "runner_server_error"}, 500)
        return answer._replace(headers=(("x-fal-error-type", "runner_server_error"),))
    if queues.ended_with(job, Fault.REFUSAL):
        return refused(422, "content_policy_violation", "The content could not be processed.")
    url = f"{asked.base}/{VENDOR}/files/{job.id}.png"
    images = [{"url": url, "width": job.width, "height": job.height, "content_type": "image/png"}]
    if queues.ended_with(job, Fault.WRONG_CONTENT):
        images = []
    return said({"images": images, "seed": 1, "has_nsfw_concepts": [False], "prompt": "", "timings": {}})


def history(asked: Asked, state: State) -> Answer:
    """It lists what has ended."""
    jobs, after = queues.latest(asked, state, "start", "end")
    here = asked.query["endpoint_id"]
    items = [
        {"request_id": job.id, "endpoint_id": here, "status_code": 200, "json_input": job.wish}
        for job in jobs
        if job.ready and job.model == SAME_PRICE.get(here, here)
    ]
    return said({"items": items, "next_cursor": str(after) if after else None, "has_more": after is not None})


def cancel(asked: Asked, state: State) -> Answer:
    queues.job_of(asked, state)
    return said({"status": "ALREADY_COMPLETED"}, 400)
