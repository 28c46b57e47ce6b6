"""Language models of Anthropic: one message, no tools, JSON by schema."""

import base64
from typing import Any

import httpx
from anthropic import APIConnectionError, APIStatusError, AsyncAnthropic
from pydantic import BaseModel, ValidationError

from storybook.domain.calls import Kind
from storybook.providers.choices import Choice
from storybook.providers.http import refusal, turned_down, unusable
from storybook.providers.language import Answer, Message, Question, Terms, terms
from storybook.providers.line import Call, Line
from storybook.providers.packages import client_for_packages, unwrapped
from storybook.providers.usage import Believed, Part, Tokens

DEFAULT_MODEL = "claude-haiku-5-5"
UNTHINKING = {"claude-haiku-5-5": "disabled", "claude-sonnet-5-5": "between_tools"}
"""How models that think first are told not to: thoughts are billed, and count for the most that an answer may have."""
PICTURE_TOKENS = 5_000
"""More than the largest picture counts."""


class _Block(BaseModel):
    type: str
    text: str = ""


class _Usage(BaseModel):
    input_tokens: Tokens
    cache_creation_input_tokens: Part | None = 0
    cache_read_input_tokens: Part | None = 0
    output_tokens: Tokens

    @property
    def all_input(self) -> int:
        return self.input_tokens + (self.cache_creation_input_tokens or 0) + (self.cache_read_input_tokens or 0)


class _Reply(BaseModel):
    content: list[_Block]
    stop_reason: str | None = None
    usage: Believed[_Usage] = None


class AnthropicModel:
    def __init__(self, line: Line, client: httpx.AsyncClient, on: Terms) -> None:
        self.name = line.vendor.name
        self.model = on.model
        self._line = line
        self._terms = on
        package = AsyncAnthropic(
            api_key=on.api_key,
            base_url=line.vendor.base_url,
            max_retries=0,
            timeout=None,
            http_client=client_for_packages(client, line),
            open_telemetry={"traces": False, "propagation": False},
        )
        self._create = package.messages.with_raw_response.create

    def worst(self, question: Question) -> int:
        return self._terms.worst(question, PICTURE_TOKENS)

    async def answer(self, question: Question) -> Answer:
        async with self._line.call(self.model, self.worst(question)) as call:
            return self._read(await self._post(question), call)

    async def _post(self, question: Question) -> bytes:
        body: dict[str, Any] = {
            "model": self.model,
            "system": question.system,
            "messages": [{"role": "user", "content": _content(message)} for message in question.messages],
            "max_tokens": question.max_tokens,
            "output_config": {"format": {"type": "json_schema", "schema": question.schema}},
        }
        if kind := UNTHINKING.get(self.model):
            body["thinking"] = {"type": kind}
        try:
            with unwrapped(APIConnectionError):
                response = await self._create(**body)
        except APIStatusError as error:
            raise refusal(error.status_code, error.response.headers, self._line.vendor, self._line.kind) from None
        content: bytes = await response.read()
        return content

    def _read(self, body: bytes, call: Call) -> Answer:
        try:
            said = _Reply.model_validate_json(body)
        except ValidationError:
            raise unusable("the answer is no message", self._line.vendor, self._line.kind) from None
        if said.usage:
            call.costs(self._terms.price.tokens(said.usage.all_input, said.usage.output_tokens))
        if said.stop_reason == "refusal":
            raise turned_down(self._line.vendor, self._line.kind)
        text = "".join(block.text for block in said.content if block.type == "text")
        return Answer(text, whole=said.stop_reason not in {"max_tokens", "model_context_window_exceeded"})


def make(line: Line, client: httpx.AsyncClient, choice: Choice) -> AnthropicModel:
    """Raises SetupError for a missing key or a model without a price."""
    return AnthropicModel(line, client, terms(choice, DEFAULT_MODEL, Kind.TEXT))


def _content(message: Message) -> list[dict[str, Any]]:
    text = {"type": "text", "text": message.text}
    if message.picture is None:
        return [text]
    data = base64.b64encode(message.picture.data).decode()
    source = {"type": "base64", "media_type": message.picture.media_type, "data": data}
    return [{"type": "image", "source": source}, text]
