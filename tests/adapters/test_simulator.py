"""The witness itself: what it answers fits, and what it says of its calls is true."""

import json
import time
from typing import Any

import httpx
import jsonschema
import pytest

from storybook.domain.book_spec import BookSpec
from storybook.domain.story import StoryDraft
from storybook.domain.wanted import story_faults
from storybook.providers import questions
from storybook.providers.base import StoryRequest
from storybook.providers.language import Question
from storybook.providers.schemas import CAST, PAGE, story_schema
from tests.fixtures_simulator import Simulated
from tests.simulator.faults import Fault
from tests.simulator.schemas import fitting

OWN_SCHEMAS: list[dict[str, Any]] = [story_schema(4), PAGE, CAST]
OTHER_SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3, "multipleOf": 4}}, "required": ["n"]},
    {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    {"type": "integer", "exclusiveMaximum": -3},
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "minItems": 3},
    {"type": "string", "minLength": 120, "maxLength": 130},
    {"type": "string", "maxLength": 3},
    {"type": "string", "format": "date-time"},
    {"type": ["string", "null"], "minLength": 1},
    {"anyOf": [{"type": "string", "minLength": 5}, {"type": "integer"}]},
    {"oneOf": [{"const": "x"}, {"type": "null"}]},
    {"allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"required": ["b"]}], "type": "object"},
    {
        "$defs": {"tree": {"properties": {"next": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}}}},
        "$ref": "#/$defs/tree",
    },
]


@pytest.mark.parametrize("schema", [*OWN_SCHEMAS, *OTHER_SCHEMAS], ids=lambda schema: json.dumps(schema)[:50])
def test_values_fit_any_schema(schema: dict[str, Any]) -> None:
    jsonschema.validate(fitting(schema), schema)


@pytest.mark.parametrize("language", ["ko", "en", "ja"])
@pytest.mark.parametrize("age", ["3-5", "5-7", "7-9", "adult"])
@pytest.mark.parametrize("pages", [4, 12])
async def test_a_story_is_the_one_that_was_asked_for(simulator: Simulated, language: str, age: str, pages: int) -> None:
    spec = BookSpec(topic="a fox", language=language, target_age=age, style="watercolor", page_count=pages)
    question, _ = questions.story(StoryRequest(spec=spec, seed=1))
    answer = (await _ask(simulator, question)).json()["choices"][0]["message"]["content"]
    draft = StoryDraft.model_validate(json.loads(answer) | {"language": language, "target_age": age})
    assert story_faults(draft, spec, ()) == []


async def test_what_is_charged_is_on_the_disk_before_the_answer(simulator: Simulated) -> None:
    answer = (await _ask(simulator, QUESTION)).json()
    (charge,) = simulator.journal()
    usage = answer["usage"]
    assert charge["units"] == {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
    assert (charge["vendor"], charge["kind"], charge["purpose"]) == ("openai", "text", "ask")
    assert simulator.charged() > 0
    assert simulator.posts(vendor="openai") == 1


@pytest.mark.parametrize("fault", [Fault.BUSY_SECONDS, Fault.BUSY_DATE])
async def test_a_busy_vendor_says_when_to_come_back(simulator: Simulated, fault: Fault) -> None:
    simulator.goes_wrong(fault, vendor="openai", seconds=7)
    refused = await _ask(simulator, QUESTION)
    assert refused.status_code == 429
    assert ("GMT" in refused.headers["retry-after"]) == (fault is Fault.BUSY_DATE)
    assert simulator.journal() == []
    assert (await _ask(simulator, QUESTION)).status_code == 200


@pytest.mark.parametrize(
    ("fault", "error", "charges"),
    [
        (Fault.RESET_BEFORE, httpx.ReadError, 0),
        (Fault.RESET_AFTER, httpx.ReadError, 1),
        (Fault.HANG, httpx.ReadTimeout, 1),
        (Fault.HALF_BODY, httpx.RemoteProtocolError, 1),
    ],
)
async def test_a_connection_that_breaks_tells_nothing_of_the_charge(
    simulator: Simulated, fault: Fault, error: type[Exception], charges: int
) -> None:
    simulator.goes_wrong(fault)
    with pytest.raises(error):
        await _ask(simulator, QUESTION)
    assert len(simulator.journal()) == charges


async def test_a_rule_can_wait_last_and_be_lifted(simulator: Simulated) -> None:
    simulator.goes_wrong(Fault.AWAY_503, times=None, after=1)
    assert [(await _ask(simulator, QUESTION)).status_code for _ in range(3)] == [200, 503, 503]
    simulator.works_again()
    assert (await _ask(simulator, QUESTION)).status_code == 200


async def test_it_takes_as_long_as_it_is_told(simulator: Simulated) -> None:
    simulator.takes(0.3, vendor="openai", kind="text")
    began = time.monotonic()
    await _ask(simulator, QUESTION)
    assert time.monotonic() - began >= 0.3


QUESTION = Question("ask", "Be kind.", (), {"type": "object", "properties": {}}, 100)


async def _ask(simulator: Simulated, question: Question) -> httpx.Response:
    told = {"name": question.name, "schema": question.schema}
    messages = [{"role": "system", "content": question.system}]
    messages += [{"role": "user", "content": message.text} for message in question.messages]
    body = {
        "model": "gpt-6-luna",
        "messages": messages,
        "max_completion_tokens": question.max_tokens,
        "response_format": {"type": "json_schema", "json_schema": told},
    }
    async with httpx.AsyncClient(trust_env=False, timeout=3) as client:
        url = f"{simulator.base_url('openai')}/chat/completions"
        return await client.post(url, json=body, headers={"Authorization": "Bearer key"})
