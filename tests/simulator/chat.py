"""What language models of all vendors have in common here: they read a prompt and answer its schema."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.simulator import stories, tariff
from tests.simulator.faults import Fault
from tests.simulator.journal import Charge
from tests.simulator.schemas import fitting
from tests.simulator.state import State
from tests.simulator.stories import Storyteller
from tests.simulator.wire import Asked

TOKENS_OF_A_PICTURE = 800
BYTES_OF_A_TOKEN = 4
_JUDGES = {"verdict", "flagged", "categories", "allowed", "violence"}
_PURPOSES = {
    "generate_story": {"pages"},
    "generate_character_sheet": {"characters"},
    "rewrite_page": {"text", "scene"},
    "restage_page": {"scene", "understood"},
    "describe_picture": {"text"},
}
"""What an answer holds at least; the first that fits counts."""


class Prompt(NamedTuple):
    """A question to a model, whatever the vendor's form for it. `name` is the schema's, where it has one."""

    model: str
    system: str
    texts: tuple[str, ...]
    pictures: int
    schema: dict[str, Any]
    name: str | None
    max_tokens: int

    @property
    def purpose(self) -> str:
        """The step that asks, by the form of what it wants."""
        keys = set(self.schema.get("properties", {}))
        if keys & _JUDGES:
            return "judge"
        known = (purpose for purpose, wanted in _PURPOSES.items() if wanted <= keys)
        return next(known, self.name or "other")

    @property
    def kind(self) -> str:
        if self.purpose == "judge":
            return "moderation"
        return "sight" if self.pictures else "text"


class Reply(NamedTuple):
    text: str
    used: int
    made: int
    charge: Charge


def reply(prompt: Prompt, vendor: str, asked: Asked, state: State) -> Reply:
    """The model's answer as JSON text, and what it costs."""
    value = _value(prompt, state)
    if asked.goes_wrong(Fault.WRONG_CONTENT):
        value = _spoiled(value)
    text = json.dumps(value, ensure_ascii=False)
    if asked.goes_wrong(Fault.CUT_OFF):
        text = text[: len(text) // 2]
    if asked.goes_wrong(Fault.REFUSAL):
        text = "I cannot help with that."
    read = sum(len(part.encode()) for part in (prompt.system, *prompt.texts))
    used = read // BYTES_OF_A_TOKEN + 1 + prompt.pictures * TOKENS_OF_A_PICTURE
    made = min(len(text.encode()) // BYTES_OF_A_TOKEN + 1, prompt.max_tokens)
    bill = tariff.tokens(vendor, prompt.model, used, made)
    charge = Charge(
        vendor,
        prompt.kind,
        prompt.purpose,
        prompt.model,
        bill.units,
        bill.micro_dollars,
        hash_of(asked.body),
        stories.thing_in(asked.body),
    )
    return Reply(text, used, made, charge)


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _value(prompt: Prompt, state: State) -> Any:
    teller = Storyteller(prompt.system, next(filter(None, map(stories.data_in, prompt.texts)), {}))
    answers: dict[str, Callable[[], Any]] = {
        "generate_story": lambda: _obedient(teller.story(prompt.schema), prompt, state),
        "rewrite_page": lambda: _obedient(teller.page(), prompt, state),
        "restage_page": lambda: _obedient(teller.staged(), prompt, state),
        "generate_character_sheet": lambda: _obedient(teller.sheets(), prompt, state),
        "describe_picture": teller.alt_text,
        "judge": lambda: _verdict(prompt, state),
    }
    return answers.get(prompt.purpose, lambda: fitting(prompt.schema))()


def _obedient(answer: Any, prompt: Prompt, state: State) -> Any:
    """The answer with what quoted text orders in the place of the first sentences, each under its key."""
    for obedience in state.obeys:
        if planted := obedience.ordered(prompt.texts):
            answer = stories.with_planted(answer, planted, frozenset(obedience.into))
    return answer


def _verdict(prompt: Prompt, state: State) -> Any:
    """Nothing is flagged but what the simulator was told to flag."""
    value = fitting(prompt.schema)
    told = [category for text in prompt.texts for category in state.flagged(text)]
    if prompt.pictures:
        told += state.flagged_picture()
    if not told:
        return value
    for key, part in value.items():
        match part:
            case bool():
                value[key] = key != "allowed" and (key in told or key == "flagged")
            case list():
                value[key] = told
    return value


def _spoiled(value: Any) -> Any:
    """Valid JSON that is not what was asked for."""
    if "pages" in value:
        return value | {"pages": value["pages"][:-1]}
    return {"this_is": "not what was asked for"}
