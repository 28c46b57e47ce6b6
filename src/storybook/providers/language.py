"""The seam to a language model: a question in, JSON out."""

import json
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import httpx

from storybook.core.errors import SetupError
from storybook.domain.calls import Kind
from storybook.providers.choices import Choice, require_key
from storybook.providers.line import Line
from storybook.providers.prices import FREE, Price, price_of

MODULES = {"openai": "storybook.providers.openai_text", "anthropic": "storybook.providers.anthropic_text"}
WRAPPING_TOKENS = 200


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
    """What the model said: JSON as a rule, but nobody has read it yet."""

    text: str


class LanguageModel(Protocol):
    """A model of a vendor. `name` is the vendor's."""

    name: str
    model: str

    def worst(self, question: Question) -> int:
        """The most that the question can cost, in micro-dollars."""
        ...

    async def answer(self, question: Question) -> Answer:
        """The whole answer; raises ProviderError where there is none, or one that was cut off or refused."""
        ...


class Terms(NamedTuple):
    """On what terms a model is asked. An operator's own server costs nothing, and may do without a key."""

    model: str
    price: Price
    api_key: str

    def worst(self, question: Question, picture_tokens: int) -> int:
        """No token is shorter than a byte, so the bytes bound the tokens."""
        texts = (question.system, json.dumps(question.schema), *(message.text for message in question.messages))
        pictures = sum(picture_tokens for message in question.messages if message.picture)
        used = sum(len(text.encode()) for text in texts) + pictures + WRAPPING_TOKENS
        return self.price.tokens(used, question.max_tokens).micro_dollars


def terms(choice: Choice, default_model: str, kind: Kind | None = None) -> Terms:
    """What the choice means; raises SetupError for a missing key or a model without a price for that kind of work.

    At an address of the operator's own a key is optional, and a model that has no price is free.
    """
    model = choice.model or default_model
    if not choice.base_url:
        price = price_of(choice.provider, model, kind, setting=choice.model_setting)
        return Terms(model, price, require_key(choice))
    if not choice.api_key:
        return Terms(model, FREE, "none")
    try:
        return Terms(model, price_of(choice.provider, model, kind), choice.api_key)
    except SetupError:
        return Terms(model, FREE, choice.api_key)


def language_model(line: Line, client: httpx.AsyncClient, choice: Choice) -> LanguageModel:
    """The model of the choice. The vendors' packages take seconds to load: only the one that is used is loaded."""
    model: LanguageModel = import_module(MODULES[choice.provider]).make(line, client, choice)
    return model
