"""Pictures by Replicate's HTTP API; its package is not used, since it waits for a prediction without any limit.

Models and their inputs are as their pages on replicate.com describe them (read in November 2026). A model that is paid
by picture costs nothing where it makes none (https://replicate.com/docs/billing); one that is paid by time costs that.
"""

import re
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from storybook.core.errors import SetupError
from storybook.domain.calls import Kind
from storybook.providers.language import terms
from storybook.providers.lost_orders import Order, Page, Read, Span
from storybook.providers.pace import Wait, wait_between_looks
from storybook.providers.painting import Drawing, Easel
from storybook.providers.queued import PATIENCE, Look, NotDrawn, QueuedPainter

DEFAULT_MODEL = "black-forest-labs/flux-kontext-pro"
_REFUSED = re.compile(r"NSFW|\(E005\)|flagged as sensitive", re.IGNORECASE)
"""What models say of words or pictures that they will not have, and would not have the next time."""


class Model(NamedTuple):
    """`version` is that of a model that somebody else keeps: it is paid by time, and asked for by version."""

    extra: dict[str, Any]
    reference: str | None = None
    negative: bool = False
    version: str | None = None


MODELS = {
    "black-forest-labs/flux-schnell": Model({"aspect_ratio": "3:4", "output_format": "jpg"}),
    "black-forest-labs/flux-kontext-pro": Model(
        {"aspect_ratio": "3:4", "output_format": "jpg", "safety_tolerance": 1}, reference="input_image"
    ),
    "stability-ai/sdxl": Model(
        {"width": 896, "height": 1152, "num_inference_steps": 30, "guidance_scale": 7.5, "apply_watermark": False},
        negative=True,
        version="7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc",
    ),
}


class ReplicateQueue:
    def __init__(self, name: str, model: Model, api_key: str) -> None:
        self._name = name
        self._model = model
        self.takes_reference = model.reference is not None
        self.free_of_charge = model.version is None
        self.lists_at_once = True
        self.headers = {"Authorization": f"Bearer {api_key}"}

    def order(self, drawing: Drawing) -> Order:
        model = self._model
        wanted = {"prompt": drawing.positive, "seed": drawing.seed, **model.extra}
        if model.negative:
            wanted["negative_prompt"] = drawing.negative
        if model.reference and drawing.reference:
            wanted[model.reference] = drawing.reference
        if model.version:
            return Order("predictions", {"version": model.version, "input": wanted}, wanted)
        return Order(f"models/{self._name}/predictions", {"input": wanted}, wanted)

    def id_in(self, answer: Any) -> Any:
        return answer["id"]

    async def listed(self, _path: str, span: Span, after: str | None, read: Read) -> Page:
        """All predictions of the account, the latest first (https://replicate.com/docs/reference/http)."""
        query = after or urlencode({"created_after": span.start, "created_before": span.end})
        answer = await read(f"predictions?{query}")
        since = [found for found in answer["results"] if str(found.get("created_at")) >= span.start]
        all_seen = not answer["next"] or len(since) < len(answer["results"])
        jobs = [(found.get("id"), found.get("input")) for found in since]
        return Page(jobs, None if all_seen else urlsplit(answer["next"]).query)

    async def find(self, job: str, look: Look) -> str | None:
        answer = await look(f"predictions/{job}")
        match answer["status"]:
            case "succeeded":
                output = answer["output"]
                return str(output if isinstance(output, str) else output[0])
            case "failed" | "canceled":
                raise NotDrawn(refused=bool(_REFUSED.search(str(answer.get("error")))))
            case "aborted":
                raise NotDrawn(started=False)
            case _:
                return None


def make(easel: Easel, *, wait: Wait = wait_between_looks, patience: float = PATIENCE) -> QueuedPainter:
    """Raises SetupError for a missing key or a model that is not known. A version may follow the model's name."""
    name, _, version = easel.choice.model.partition(":")
    on = terms(easel.choice._replace(model=name), DEFAULT_MODEL, Kind.IMAGE)
    model = MODELS.get(on.model)
    if model is None:
        raise SetupError(f"{easel.choice.model_setting}: replicate is used with one of {', '.join(MODELS)}.")
    if version:
        model = model._replace(version=version)
    return QueuedPainter(easel, ReplicateQueue(on.model, model, on.api_key), on, wait=wait, patience=patience)
