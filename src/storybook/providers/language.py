"""The seam to a language model: a question in, JSON out."""

import json
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import httpx

from storybook.core.errors import SetupError
from storybook.core.settings_checks import is_near
from storybook.domain.calls import Kind
from storybook.providers.choices import Choice, require_key
from storybook.providers.line import Line
from storybook.providers.prices import FREE, Price, price_of, price_told
from storybook.providers.vendors import VENDORS, vendor_at

MODULES = {"openai": "storybook.providers.openai_text", "anthropic": "storybook.providers.anthropic_text"}
WRAPPING_TOKENS = 200
_UNITS = {
    Kind.IMAGE: "a picture, such as 0.04",
    Kind.SPEECH: "a million characters, such as 15",
    Kind.MODERATION: "a call, such as 0.001",
}


class Image(NamedTuple):
    data: bytes
    media_type: str


class Message(NamedTuple):
    """What a user says, with at most one picture."""

    text: str
    picture: Image | None = None


class Question(NamedTuple):
    """`schema` is the strict JSON schema of the answer (see `schemas.strict`) and `name` its name, in snake case.

    Words of users belong into `messages`, never into `system`.
    """

    name: str
    system: str
    messages: tuple[Message, ...]
    schema: dict[str, Any]
    max_tokens: int
    temperature: float = 0.7

    def say(self, text: str) -> "Question":
        """The same question with one more message."""
        return self._replace(messages=(*self.messages, Message(text)))


class Answer(NamedTuple):
    """What the model said: JSON as a rule, but nobody has read it yet. One that was cut off is not `whole`."""

    text: str
    whole: bool = True


class LanguageModel(Protocol):
    """A model of a vendor. `name` is the vendor's."""

    name: str
    model: str

    def worst(self, question: Question) -> int:
        """The most that the question can cost, in micro-dollars."""
        ...

    async def answer(self, question: Question) -> Answer:
        """The answer; raises ProviderError where there is none, or the question was turned down."""
        ...


class Terms(NamedTuple):
    """On what terms a model is asked."""

    model: str
    price: Price
    api_key: str

    def worst(self, question: Question, picture_tokens: int) -> int:
        """No token is shorter than a byte, so the bytes bound the tokens."""
        texts = (question.system, json.dumps(question.schema), *(message.text for message in question.messages))
        pictures = sum(picture_tokens for message in question.messages if message.picture)
        used = sum(len(text.encode()) for text in texts) + pictures + WRAPPING_TOKENS
        return self.price.tokens(used, question.max_tokens).micro_dollars


def is_elsewhere(choice: Choice) -> bool:
    """Whether a server is asked that is not the vendor's own."""
    return bool(choice.base_url) and vendor_at(choice.base_url) is not VENDORS[choice.provider]


def terms(choice: Choice, default_model: str, kind: Kind) -> Terms:
    """What the choice means; raises SetupError for a missing key or a model without a price for that kind of work.

    Elsewhere than at the vendor a key is optional. An own server, on this machine or its network, is free unless its
    model has a price; of any other the operator has to say what it takes.
    """
    model = choice.model or default_model
    if choice.base_url and choice.price:
        price = price_told(choice.price, kind)
    elif not is_elsewhere(choice):
        price = price_of(choice.provider, model, kind, setting=choice.model_setting)
    else:
        price = _price_elsewhere(choice, model, kind)
    return Terms(model, price, choice.api_key or "none" if is_elsewhere(choice) else require_key(choice))


def _price_elsewhere(choice: Choice, model: str, kind: Kind) -> Price:
    if not is_near(choice.base_url):
        unit = _UNITS.get(kind, "a million tokens in and out, such as 0.10/0.50")
        raise SetupError(
            f"{choice.price_setting}: nobody knows what the server of {choice.address_setting} takes, so no budget "
            f"could be kept. Set it to dollars for {unit}, or to 0 where nobody is paid."
        )
    with suppress(SetupError):
        return price_of(choice.provider, model, kind) if choice.api_key else FREE
    return FREE


def language_model(line: Line, client: httpx.AsyncClient, choice: Choice) -> LanguageModel:
    """The model of the choice. The vendors' packages take seconds to load: only the one that is used is loaded."""
    model: LanguageModel = import_module(MODULES[choice.provider]).make(line, client, choice)
    return model
