"""Which path of which vendor is what."""

import re
from collections.abc import Callable
from typing import NamedTuple

from tests.simulator import anthropic, fal, models, openai, queues, replicate, voices
from tests.simulator.chat import Prompt
from tests.simulator.faults import Place
from tests.simulator.state import State
from tests.simulator.wire import Answer, Asked

Handler = Callable[[Asked, State], Answer]


class Route(NamedTuple):
    """`keys` are the headers that may carry the vendor's key; `prompt` reads a question to a language model."""

    vendor: str
    kind: str
    method: str
    path: re.Pattern[str]
    answer: Handler
    keys: tuple[str, ...] = ("authorization",)
    place: Place = Place.POST
    prompt: Callable[[Asked], Prompt] | None = None

    def about(self, asked: Asked) -> tuple[str, str | None]:
        """The kind of the call and what it is for."""
        if self.prompt is None:
            return self.kind, None
        prompt = self.prompt(asked)
        return prompt.kind, prompt.purpose


def _post(vendor: str, kind: str, path: str, answer: Handler, **more: object) -> Route:
    return Route(vendor, kind, "POST", re.compile(f"/{vendor}{path}"), answer, **more)  # type: ignore[arg-type]


def _look(vendor: str, path: str, answer: Handler, method: str = "GET") -> Route:
    return Route(vendor, "image", method, re.compile(f"/{vendor}{path}"), answer, place=Place.LOOK)


def _file(vendor: str) -> Route:
    path = re.compile(f"/{vendor}/files/(?P<job>[0-9a-f]+)\\.png")
    return Route(vendor, "image", "GET", path, queues.file, keys=(), place=Place.FILE)


def _free(vendor: str, path: str, answer: Handler, *keys: str) -> Route:
    return Route(vendor, models.KIND, "GET", re.compile(f"/{vendor}{path}"), answer, keys, place=Place.LOOK)


_EITHER = ("authorization", "x-api-key")
ROUTES = (
    _post("openai", "text", "/v1/chat/completions", openai.complete, prompt=openai.prompt_of),
    _post("openai", "image", "/v1/images/generations", openai.generate),
    _post("openai", "image", "/v1/images/edits", openai.edit),
    _post("openai", "speech", "/v1/audio/speech", openai.speak),
    _post("openai", "moderation", "/v1/moderations", openai.moderate),
    _post("anthropic", "text", "/v1/messages", anthropic.complete, keys=_EITHER, prompt=anthropic.prompt_of),
    _post("replicate", "image", "/v1/models/(?P<model>[^/]+/[^/]+)/predictions", replicate.create),
    _post("replicate", "image", "/v1/predictions", replicate.create),
    _look("replicate", "/v1/predictions", replicate.listed),
    _look("replicate", "/v1/predictions/(?P<job>[^/]+)", replicate.get),
    _look("replicate", "/v1/predictions/(?P<job>[^/]+)/cancel", replicate.cancel, "POST"),
    _file("replicate"),
    _free("fal", f"/(?P<model>.+)/requests/{models.NOBODYS}/status", models.of_fal, "authorization"),
    _look("fal", "/models/requests/by-endpoint", fal.history),
    _look("fal", "/(?P<model>.+)/requests/(?P<job>[^/]+)/status", fal.status),
    _look("fal", "/(?P<model>.+)/requests/(?P<job>[^/]+)/cancel", fal.cancel, "PUT"),
    _look("fal", "/(?P<model>.+)/requests/(?P<job>[^/]+)", fal.result),
    _file("fal"),
    _post("fal", "image", "/(?P<model>fal-ai/.+)", fal.submit),
    _post("google", "speech", "/v1(?:beta1)?/text:synthesize", voices.google, keys=("x-goog-api-key",)),
    _post("elevenlabs", "speech", "/v1/text-to-speech/[^/]+/with-timestamps", voices.elevenlabs, keys=("xi-api-key",)),
    _post("elevenlabs", "speech", "/v1/text-to-speech/[^/]+", voices.elevenlabs_plain, keys=("xi-api-key",)),
    _free("openai", "/v1/models", models.of_openai, "authorization"),
    _free("anthropic", "/v1/models/(?P<model>[^/]+)", models.of_anthropic, *_EITHER),
    _free("replicate", "/v1/models/(?P<model>[^/]+/[^/]+)", models.of_replicate, "authorization"),
    _free("google", "/v1(?:beta1)?/voices", models.of_google, "x-goog-api-key"),
    _free("elevenlabs", "/v1/models", models.of_elevenlabs, "xi-api-key"),
)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route, and the parts of the path that it names."""
    for route in ROUTES:
        if route.method == method and (found := route.path.fullmatch(path)):
            return route, found.groupdict()
    return None
