"""Language models of OpenAI, and of every server that speaks its chat completions: Ollama, vLLM and others."""

import base64
import json
from enum import IntEnum
from typing import Any

import httpx
from openai import APIConnectionError, APIStatusError, AsyncOpenAI
from pydantic import BaseModel, ValidationError

from storybook.core.errors import Charged
from storybook.domain.calls import Kind, Outcome
from storybook.providers.choices import Choice
from storybook.providers.http import CallFailed, refusal, turned_down, unusable
from storybook.providers.language import Answer, Message, Question, Terms, is_elsewhere, terms
from storybook.providers.line import Call, Line
from storybook.providers.packages import client_for_packages, unwrapped
from storybook.providers.schemas import fits
from storybook.providers.usage import Believed, Tokens

DEFAULT_MODEL = "gpt-6-luna"
THINKING = frozenset({"gpt-6-luna"})
"""Models that think first unless told not to: thoughts are billed, and count for the most that an answer may have."""
PICTURE_TOKENS = 50_000
"""The most that a picture counts: gpt-4o-mini, 8 tiles at 5667 and 2833 for the picture (OpenAI's vision guide)."""

_NOT_KNOWN = frozenset({400, 404, 422, 501})
_OF_FORMS = ("response_format", "response format", "json_schema", "structured")
"""What servers that do not know a form answer, and what they then speak of."""


class Form(IntEnum):
    """How a server can be told what JSON is wanted, the surest way first."""

    SCHEMA = 0
    JSON = 1
    PROMPT = 2


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: Tokens
    completion_tokens: Tokens


class _Completion(BaseModel):
    choices: list[_Choice]
    usage: Believed[_Usage] = None


class OpenAIModel:
    """Remembers for as long as it lives which form its server understands.

    The vendor keeps to a schema or says that it does not know it. Another server may pass over one in silence: the
    first whole answer that is not of the schema shows that.
    """

    def __init__(self, line: Line, client: httpx.AsyncClient, choice: Choice, on: Terms) -> None:
        self.name = line.vendor.name
        self.model = on.model
        self._line = line
        self._terms = on
        self._limit = "max_tokens" if choice.base_url else "max_completion_tokens"
        self._form = Form.SCHEMA
        self._keeps_to_schemas = not is_elsewhere(choice)
        package = AsyncOpenAI(
            api_key=on.api_key,
            base_url=line.vendor.base_url,
            max_retries=0,
            http_client=client_for_packages(client, line),
        )
        self._create = package.chat.completions.with_raw_response.create

    def worst(self, question: Question) -> int:
        return self._terms.worst(question, PICTURE_TOKENS)

    async def answer(self, question: Question) -> Answer:
        form = self._form
        try:
            answer = await self._ask(question, form)
        except _FormNotKnown:
            if form is Form.PROMPT:
                raise
            self._form = max(self._form, Form(form + 1))
            return await self.answer(question)
        if not self._keeps_to_schemas and answer.whole and not fits(answer.text, question.schema):
            self._form = max(self._form, Form.JSON)
        return answer

    async def _ask(self, question: Question, form: Form) -> Answer:
        async with self._line.call(self.model, self.worst(question)) as call:
            return self._read(await self._post(question, form), call)

    async def _post(self, question: Question, form: Form) -> bytes:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": _messages(question, form),
            "temperature": question.temperature,
            self._limit: question.max_tokens,
            **_response_format(question, form),
        }
        if self.model in THINKING:
            body["reasoning_effort"] = "none"
        try:
            with unwrapped(APIConnectionError):
                response = await self._create(**body)
        except APIStatusError as error:
            failed = refusal(error.status_code, error.response.headers, self._line.vendor, self._line.kind)
            if error.status_code in _NOT_KNOWN and _speaks_of_forms(error.response.text):
                raise _FormNotKnown(failed) from None
            raise failed from None
        content: bytes = response.content
        return content

    def _read(self, body: bytes, call: Call) -> Answer:
        try:
            said = _Completion.model_validate_json(body)
        except ValidationError:
            raise unusable("the answer is no completion", self._line.vendor, self._line.kind) from None
        if said.usage:
            call.costs(self._terms.price.tokens(said.usage.prompt_tokens, said.usage.completion_tokens))
        if not said.choices or said.choices[0].message.refusal or said.choices[0].finish_reason == "content_filter":
            raise turned_down(self._line.vendor, self._line.kind)
        return Answer(said.choices[0].message.content or "", whole=said.choices[0].finish_reason != "length")


class _FormNotKnown(CallFailed):
    """The server does not understand the form; nothing was charged."""

    def __init__(self, failed: CallFailed) -> None:
        super().__init__(str(failed), outcome=Outcome.REFUSED, code=failed.code, charged=Charged.NO)


def make(line: Line, client: httpx.AsyncClient, choice: Choice) -> OpenAIModel:
    """Raises SetupError for a missing key or a model without a price."""
    return OpenAIModel(line, client, choice, terms(choice, DEFAULT_MODEL, Kind.TEXT))


def _speaks_of_forms(text: str) -> bool:
    return any(word in text.lower() for word in _OF_FORMS)


def _messages(question: Question, form: Form) -> list[dict[str, Any]]:
    system = question.system
    if form is not Form.SCHEMA:
        system += f"\n\nAnswer with JSON of this schema and with nothing else:\n{json.dumps(question.schema)}"
    return [
        {"role": "system", "content": system},
        *({"role": "user", "content": _content(message)} for message in question.messages),
    ]


def _content(message: Message) -> str | list[dict[str, Any]]:
    if message.picture is None:
        return message.text
    data = base64.b64encode(message.picture.data).decode()
    url = f"data:{message.picture.media_type};base64,{data}"
    return [{"type": "text", "text": message.text}, {"type": "image_url", "image_url": {"url": url}}]


def _response_format(question: Question, form: Form) -> dict[str, Any]:
    match form:
        case Form.SCHEMA:
            schema = {"name": question.name, "strict": True, "schema": question.schema}
            return {"response_format": {"type": "json_schema", "json_schema": schema}}
        case Form.JSON:
            return {"response_format": {"type": "json_object"}}
        case Form.PROMPT:
            return {}
