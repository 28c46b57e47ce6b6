"""Whether vendors accept the keys and have the models that the settings choose, by what they answer for free.

Each question is one GET of the vendor's API reference: lists of models (OpenAI, ElevenLabs) and of voices (Google), one
model (Anthropic, Replicate). fal is asked how far a request is that nobody has made: it tells that only to a good key.
"""

import asyncio
from collections.abc import Callable, Iterable
from enum import StrEnum
from importlib import import_module
from typing import Any, NamedTuple

import httpx
import structlog

from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.domain.calls import Kind
from storybook.providers import language, openai_moderation, painting, speaking
from storybook.providers.choices import Choice, in_use, vendor_of
from storybook.providers.http import MALFORMED, CallFailed, exchange
from storybook.providers.vendors import VENDORS, Vendor

SECONDS = 5.0
NOBODYS = "00000000-0000-0000-0000-000000000000"
_MAY_NOT_LOOK = ("missing_permissions", "missing scopes", "insufficient permissions")
"""What vendors say of a good key that is made for other questions than ours."""
_BAD_KEY = "API_KEY_INVALID"
"""What Google says with status 400."""
_NOT_HERE = frozenset({404, 405})

log = structlog.get_logger()


class State(StrEnum):
    ACCEPTED = "accepted"
    UNSURE = "unsure"
    AWAY = "away"
    REFUSED = "refused"


_WARNED_OF = {State.AWAY: "vendor_not_reached", State.UNSURE: "vendor_not_checked"}


class Checked(NamedTuple):
    """What a vendor says of one choice of the settings, and in `sentence` what to do about it."""

    kind: Kind
    choice: Choice
    model: str
    state: State
    sentence: str = ""


class Probe(NamedTuple):
    """A free question. `names` finds the models in its answer or, where the model is a part of the path, whatever else
    shows that it is one. With `tells_models` false only the key is asked about, and whatever is no refusal of it
    accepts it.
    """

    path: str
    headers: dict[str, str]
    names: Callable[[Any], Iterable[str]]
    tells_models: bool = True

    @property
    def lists_models(self) -> bool:
        return self.tells_models and "{model}" not in self.path


PROBES = {
    "openai": Probe("models", {"Authorization": "Bearer {key}"}, lambda answer: [row["id"] for row in answer["data"]]),
    "anthropic": Probe(
        "v1/models/{model}",
        {"X-Api-Key": "{key}", "anthropic-version": "2023-06-01"},
        lambda answer: [answer["id"]],
    ),
    "replicate": Probe("models/{model}", {"Authorization": "Bearer {key}"}, lambda answer: [answer["name"]]),
    "fal": Probe(
        f"fal-ai/flux/requests/{NOBODYS}/status",
        {"Authorization": "Key {key}"},
        lambda answer: [answer["status"]],
        tells_models=False,
    ),
    "google": Probe(
        "voices",
        {"X-Goog-Api-Key": "{key}"},
        lambda answer: [part.lower() for row in answer["voices"] for part in row["name"].split("-")[2:3]],
    ),
    "elevenlabs": Probe("v1/models", {"xi-api-key": "{key}"}, lambda answer: [row["model_id"] for row in answer]),
}


async def check(settings: Settings, client: httpx.AsyncClient) -> list[Checked]:
    """What the vendors say of all choices, asked side by side. Raises SetupError for a choice that cannot be."""
    asked = [_ask(client, vendor_of(choice, kind, settings), kind, choice) for kind, choice in in_use(settings)]
    return list(await asyncio.gather(*asked))


async def require_accepted(settings: Settings, client: httpx.AsyncClient) -> None:
    """Raises SetupError where a vendor refuses a key or a model. One that does not answer, or not in a way that says
    anything, is only warned of.
    """
    found = await check(settings, client)
    for checked in found:
        if warning := _WARNED_OF.get(checked.state):
            log.warning(warning, provider=checked.choice.provider, setting=checked.choice.asked_by)
    if refused := [checked.sentence for checked in found if checked.state is State.REFUSED]:
        raise SetupError(" ".join(dict.fromkeys(refused)))


def model_of(choice: Choice, kind: Kind) -> str:
    """The model of a choice, or the usual one of its vendor."""
    if choice.model:
        return choice.model.partition(":")[0] if kind is Kind.IMAGE else choice.model
    usual: str = import_module(_module_of(choice, kind)).DEFAULT_MODEL
    return usual


def _module_of(choice: Choice, kind: Kind) -> str:
    match kind:
        case Kind.IMAGE:
            return painting.MODULES[choice.provider]
        case Kind.SPEECH:
            return speaking.MODULES[choice.provider]
        case Kind.MODERATION if choice.setting == "MODERATION_PROVIDER":
            return openai_moderation.__name__
        case _:
            return language.MODULES[choice.provider]


async def _ask(client: httpx.AsyncClient, vendor: Vendor, kind: Kind, choice: Choice) -> Checked:
    checked = Checked(kind, choice, model_of(choice, kind), State.ACCEPTED)
    probe = PROBES[vendor.name]
    headers = {name: value.format(key=choice.api_key or "none") for name, value in probe.headers.items()}
    address = f"{vendor.base_url}/{probe.path.format(model=checked.model)}"
    try:
        async with asyncio.timeout(SECONDS):
            answer = await exchange(client, client.build_request("GET", address, headers=headers), vendor, kind)
    except (CallFailed, TimeoutError):
        who = "the server there" if choice.base_url else vendor.name
        return _said(checked, State.AWAY, f"{choice.asked_by}: {who} does not answer; is it up, and reachable?")
    return _read(answer, probe, checked)


def _read(answer: httpx.Response, probe: Probe, checked: Checked) -> Checked:
    choice, status = checked.choice, answer.status_code
    if status in {401, 403} or (status == 400 and _BAD_KEY in answer.text):
        return _refused_key(answer, checked)
    if status == 429 or status >= 500:
        why = "is too busy, or your account there has no money left" if status == 429 else f"answers {status}"
        return _said(
            checked, State.AWAY, f"{choice.asked_by}: {choice.provider} {why}; look there, or try again later."
        )
    named = _named(answer, probe)
    if named is None:
        return _unread(status, probe, checked)
    # Ollama lists models with their tags, and knows the newest without.
    known = not probe.lists_models or {checked.model, f"{checked.model}:latest"} & named
    return checked if known else _no_model(checked)


def _named(answer: httpx.Response, probe: Probe) -> set[str] | None:
    """What the answer names; None where it is none to this question."""
    try:
        return set(probe.names(answer.json())) if answer.is_success else None
    except MALFORMED:
        return None


def _unread(status: int, probe: Probe, checked: Checked) -> Checked:
    if checked.choice.base_url and (status < 400 or status in _NOT_HERE):
        return _elsewhere(status, probe, checked)
    if not probe.tells_models:
        return checked
    if status == 404 and not probe.lists_models:
        return _no_model(checked)
    return _said(checked, State.UNSURE, f"{checked.choice.provider} does not say which models it has")


def _elsewhere(status: int, probe: Probe, checked: Checked) -> Checked:
    """Nothing at the operator's address knows this question. A server of the operator's own may still write."""
    choice = checked.choice
    or_model = "" if probe.lists_models or not probe.tells_models else f", or has no model {checked.model!r}"
    certain = probe.tells_models and status in _NOT_HERE and not language.is_elsewhere(choice)
    return _said(
        checked,
        State.REFUSED if certain else State.UNSURE,
        f"{choice.address_setting}: what answers there does not seem to be the API of {choice.provider}{or_model}; "
        f"that of {choice.provider} itself is at {VENDORS[choice.provider].base_url}. Does yours end like it?",
    )


def _refused_key(answer: httpx.Response, checked: Checked) -> Checked:
    choice, text = checked.choice, answer.text.lower()
    if any(mark in text for mark in _MAY_NOT_LOOK):
        return _said(checked, State.UNSURE, f"the key of {choice.provider} may not ask for its models")
    return _said(
        checked,
        State.REFUSED,
        f"{choice.key_setting}: {choice.provider} refused the key. Set {choice.key_setting} to a key that is valid "
        f"there, or {choice.setting} to another provider.",
    )


def _no_model(checked: Checked) -> Checked:
    """A vendor knows what it has; a server of the operator's own may have more than it tells."""
    choice = checked.choice
    sentence = f"{choice.model_setting}: {choice.provider} has no model {checked.model!r} for this key."
    return _said(checked, State.UNSURE if choice.base_url else State.REFUSED, f"{sentence} Set it to one that it has.")


def _said(checked: Checked, state: State, sentence: str) -> Checked:
    return checked._replace(state=state, sentence=sentence)
