"""What a call is said to have cost is believed where it can be; else it has cost the most that it could."""

import base64
import json
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storybook.core.cpu import CpuPool
from storybook.domain.calls import Kind, Outcome
from storybook.providers.base import PictureRequest
from storybook.providers.choices import Choice
from storybook.providers.language import Message, Question, language_model
from storybook.providers.line import Line
from storybook.providers.painting import Easel, painter
from storybook.providers.prices import price_of
from storybook.providers.usage import MOST_TOKENS
from storybook.providers.vendors import VENDORS
from tests.fakes import png, sheet
from tests.fixtures_calls import NAME, PROMPT, Notebook
from tests.fixtures_language import said

QUESTION = Question("a_thing", "Be kind.", (Message("Hello"),), {"type": "object"}, 100, 0.5)
NAMES = {"openai": ("prompt_tokens", "completion_tokens"), "anthropic": ("input_tokens", "output_tokens")}
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.integers(-2, 2000),
    st.floats(),
    st.text(max_size=4),
    st.just("12"),
    st.lists(st.integers(), max_size=2),
)
USAGE = st.one_of(ANYTHING, st.tuples(ANYTHING, ANYTHING))


def is_count(number: Any) -> bool:
    return type(number) is int and 1 <= number <= MOST_TOKENS


def answered(body: Any) -> httpx.AsyncClient:
    """A client to which everybody says the same."""
    headers = {"content-type": "application/json"}
    text = json.dumps(body)
    return httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=text))
    )


@pytest.mark.parametrize("vendor", NAMES)
@settings(deadline=None, max_examples=40)
@given(usage=USAGE)
@example(usage=(-5, 3))
@example(usage=(0, 0))
@example(usage=(1.5, 2))
@example(usage=(10**400, 10**400))
@example(usage=None)
@example(usage=(1000, 2000))
async def test_a_good_answer_costs_what_its_tokens_cost_or_the_most_it_could(vendor: str, usage: Any) -> None:
    _, body = said(vendor, "{}")
    body["usage"] = dict(zip(NAMES[vendor], usage, strict=True)) if isinstance(usage, tuple) else usage
    notebook = Notebook()
    async with answered(body) as client:
        model = language_model(Line(VENDORS[vendor], Kind.TEXT, notebook), client, Choice("LLM_PROVIDER", vendor, "k"))
        assert (await model.answer(QUESTION)).text == "{}"
    [row] = notebook.rows
    told = isinstance(usage, tuple) and all(map(is_count, usage))
    expected = price_of(vendor, model.model).tokens(*usage).micro_dollars if told else model.worst(QUESTION)
    assert (row.outcome, row.bill.micro_dollars) == (Outcome.OK, expected)
    assert row.bill.micro_dollars > 0


@settings(deadline=None, max_examples=20)
@given(read=ANYTHING, seen=ANYTHING, made=ANYTHING)
@example(read=100, seen=900, made=1000)
@example(read=1000, seen=900, made=1000)
@example(read=1000, seen=-1, made=1000)
async def test_a_picture_is_billed_by_its_tokens_or_with_the_most_it_could_cost(
    read: Any, seen: Any, made: Any
) -> None:
    usage = {"input_tokens": read, "output_tokens": made, "input_tokens_details": {"image_tokens": seen}}
    picture = {"data": [{"b64_json": base64.b64encode(png(192, 256, 9)).decode()}], "usage": usage}
    notebook, nobody = Notebook(), CpuPool(1)
    asked = PictureRequest(prompt=PROMPT, style="cartoon", sheets=(sheet(NAME),), width=96, height=128, names=(NAME,))
    async with answered(picture) as client:
        line = Line(VENDORS["openai"], Kind.IMAGE, notebook)
        choice = Choice("IMAGE_PROVIDER", "openai", "k")
        assert (await painter(Easel(line, client, nobody, choice, hides_names=True)).draw(asked)).width == 96
    nobody.close()
    [row] = notebook.rows
    price = price_of("openai", "gpt-image-2.5-flare")
    told = is_count(read) and is_count(made) and type(seen) is int and 0 <= seen <= read
    expected = price.drawn(read - seen, seen, made) if told else price.pictures()
    assert (row.outcome, row.bill.micro_dollars) == (Outcome.OK, expected.micro_dollars)
