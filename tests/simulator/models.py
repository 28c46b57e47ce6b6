"""What vendors tell for free: which models and voices they have, to whoever has a key."""

from tests.simulator.state import State
from tests.simulator.tariff import models_of
from tests.simulator.wire import Answer, Asked, NotFitting, refused, said

KIND = "free"
NOBODYS = "0{8}-0{4}-0{4}-0{4}-0{12}"


def of_openai(_: Asked, __: State) -> Answer:
    return said({"object": "list", "data": [{"id": model, "object": "model"} for model in models_of("openai")]})


def of_anthropic(asked: Asked, _: State) -> Answer:
    return said({"type": "model", "id": _known("anthropic", asked)})


def of_replicate(asked: Asked, _: State) -> Answer:
    owner, name = _known("replicate", asked).split("/")
    return said({"owner": owner, "name": name, "visibility": "public"})


def of_fal(_: Asked, __: State) -> Answer:
    """Nothing but whether there is a key: nobody has made the request that is asked for."""
    return refused(404, "not_found", "Request not found")


def of_google(_: Asked, __: State) -> Answer:
    names = [f"{place}-{kind.capitalize()}-A" for place in ("ko-KR", "en-US", "ja-JP") for kind in models_of("google")]
    return said({"voices": [{"name": name, "languageCodes": [name[:5]]} for name in names]})


def of_elevenlabs(_: Asked, __: State) -> Answer:
    return said([{"model_id": model, "can_do_text_to_speech": True} for model in models_of("elevenlabs")])


def _known(vendor: str, asked: Asked) -> str:
    model = asked.rest["model"]
    if model not in models_of(vendor):
        raise NotFitting(f"The model `{model}` does not exist")
    return model
