"""Pictures by fal's queue, whose own further tries are switched off: they are ours to make.

Models and their inputs are as their pages on fal.ai describe them (read in November 2026). What ends with a status of
5xx is not charged (https://docs.fal.ai/model-apis/model-endpoints/reliability); of other ends nothing is said. That it
has ended so the queue says by an `error_type` (https://docs.fal.ai/documentation/model-apis/request-errors): a status
of 5xx alone may be that of the queue, while the picture is drawn and charged.
"""

from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx

from storybook.core.errors import SetupError
from storybook.domain.calls import Kind
from storybook.providers.language import terms
from storybook.providers.lost_orders import Order, Page, Read, Span
from storybook.providers.pace import Wait, wait_between_looks
from storybook.providers.painting import Drawing, Easel
from storybook.providers.queued import PATIENCE, Look, NotDrawn, QueuedPainter, Unfit

RUN_FAILED = frozenset(
    {
        "request_timeout", "startup_timeout", "runner_scheduling_failure", "runner_connection_timeout",
        "runner_disconnected", "runner_connection_refused", "runner_connection_error", "runner_incomplete_response",
        "runner_server_error",
    }
)  # fmt: skip
"""Types of errors with a status of 5xx that can be those of the drawing alone."""
LISTED = 100
"""As many as its list gives at once."""
DEFAULT_MODEL = "fal-ai/flux-pro/kontext"


class Model(NamedTuple):
    """`alone` is where pictures are drawn from words alone, where that is another place."""

    extra: dict[str, Any]
    reference: str | None = None
    alone: str | None = None


MODELS = {
    # 768 by 1024 pixels: it is paid by the megapixel, rounded up.
    "fal-ai/flux/schnell": Model({"image_size": "portrait_4_3", "enable_safety_checker": True}),
    "fal-ai/flux-pro/kontext": Model(
        {"aspect_ratio": "3:4", "safety_tolerance": "1"},
        reference="image_url",
        alone="fal-ai/flux-pro/kontext/text-to-image",
    ),
}


class FalQueue:
    free_of_charge = False
    lists_at_once = False

    def __init__(self, name: str, model: Model, api_key: str) -> None:
        self._name = name
        self._model = model
        self._app = "/".join(name.split("/")[:2])
        self.takes_reference = model.reference is not None
        self.headers = {"Authorization": f"Key {api_key}", "x-fal-no-retry": "1"}

    def order(self, drawing: Drawing) -> Order:
        model = self._model
        wanted = {
            "prompt": drawing.positive, "seed": drawing.seed, "num_images": 1, "output_format": "jpeg", **model.extra
        }  # fmt: skip
        if model.reference and drawing.reference:
            return Order(self._name, wanted | {model.reference: drawing.reference}, wanted)
        return Order(model.alone or self._name, wanted, wanted)

    def id_in(self, answer: Any) -> Any:
        return answer["request_id"]

    async def listed(self, path: str, span: Span, after: str | None, read: Read) -> Page:
        """What was asked of the same endpoint and has ended since, however long that took
        (https://fal.ai/docs/platform-apis/v1/models/requests/by-endpoint).
        """
        query = {"endpoint_id": path, "start": span.start, "expand": "payloads", "limit": LISTED}
        answer = await read(f"models/requests/by-endpoint?{urlencode(query | ({'cursor': after} if after else {}))}")
        jobs = [(found.get("request_id"), found.get("json_input")) for found in answer["items"]]
        return Page(jobs, answer["next_cursor"] if answer["has_more"] else None)

    async def find(self, job: str, look: Look) -> str | None:
        # Built from the id: an address out of an answer could be anybody's, and would be sent the key.
        place = f"{self._app}/requests/{job}"
        told = await look(f"{place}/status")
        if told["status"] != "COMPLETED":
            return None
        if told.get("error_type") in RUN_FAILED | {"internal_error"}:
            raise NotDrawn(started=False)
        try:
            result = await look(place, is_final=_is_of_the_run)
        except Unfit as error:
            if _is_of_the_run(error.response):
                raise NotDrawn(started=False) from None
            if error.status in {400, 422}:
                raise NotDrawn(refused=True) from None
            raise
        if any(result.get("has_nsfw_concepts") or ()):  # the picture is then painted over in black
            raise NotDrawn(refused=True)
        return str(result["images"][0]["url"])


def _is_of_the_run(answer: httpx.Response) -> bool:
    return answer.status_code >= 500 and answer.headers.get("x-fal-error-type") in RUN_FAILED


def make(easel: Easel, *, wait: Wait = wait_between_looks, patience: float = PATIENCE) -> QueuedPainter:
    """Raises SetupError for a missing key or a model that is not known."""
    on = terms(easel.choice, DEFAULT_MODEL, Kind.IMAGE)
    model = MODELS.get(on.model)
    if model is None:
        raise SetupError(f"{easel.choice.model_setting}: fal is used with one of {', '.join(MODELS)}.")
    return QueuedPainter(easel, FalQueue(on.model, model, on.api_key), on, wait=wait, patience=patience)
