"""Language models at the end of a wire: one POST a call, nothing believed, no name that leaves the house."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from storybook.core.errors import Charged, ErrorCode, ProviderError
from storybook.domain.book_spec import HeroSpec, Style
from storybook.domain.calls import Kind, Outcome
from storybook.domain.series import EarlierBook
from storybook.domain.story import StoryDraft
from storybook.providers.author import ModelAuthor
from storybook.providers.base import RewriteRequest, SheetRequest
from storybook.providers.choices import Choice
from storybook.providers.http import CallFailed, make_client
from storybook.providers.language import Image, LanguageModel, Message, Question, language_model
from storybook.providers.line import Line
from storybook.providers.prices import price_of
from storybook.providers.questions import TOLD_IN_FULL
from storybook.providers.schemas import Unfit, parsed
from storybook.providers.unmetered import Unmetered
from storybook.providers.vendors import VENDORS
from tests.fakes import draft_for, sheet
from tests.fixtures_language import Double, a_request, a_story, said, system_of, users_of

VENDORS_OF_TEXT = ["openai", "anthropic"]
QUESTION = Question("a_thing", "Be kind.", (Message("Hello"),), {"type": "object"}, 100, 0.5)
Model = Callable[[str], LanguageModel]


@pytest.fixture
def double() -> Iterator[Double]:
    with Double().serving() as vendor:
        yield vendor


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with make_client() as made:
        yield made


@pytest.fixture
def meter() -> Unmetered:
    return Unmetered()


@pytest.fixture
def model(double: Double, client: httpx.AsyncClient, meter: Unmetered) -> Model:
    def make(vendor: str) -> LanguageModel:
        line = Line(VENDORS[vendor]._replace(base_url=double.url), Kind.TEXT, meter)
        return language_model(line, client, Choice("LLM_PROVIDER", vendor, "a-key", base_url=double.url))

    return make


@pytest.mark.parametrize("vendor", VENDORS_OF_TEXT)
async def test_a_question_is_one_post_with_its_schema_and_is_billed_by_its_tokens(
    vendor: str, double: Double, model: Model, meter: Unmetered
) -> None:
    double.answers = [said(vendor, "{}")]
    asked = model(vendor)
    assert (await asked.answer(QUESTION)).text == "{}"
    [body] = double.asked
    assert (system_of(body), users_of(body)) == ("Be kind.", ["Hello"])
    assert QUESTION.schema in (
        body.get("response_format", {}).get("json_schema", {}).get("schema"),
        body.get("output_config", {}).get("format", {}).get("schema"),
    )
    assert "tools" not in body
    assert (body.get("reasoning_effort"), body.get("thinking")) in (("none", None), (None, {"type": "disabled"}))
    assert meter.spent == price_of(vendor, asked.model).tokens(1000, 2000).micro_dollars


@pytest.mark.parametrize("vendor", VENDORS_OF_TEXT)
@pytest.mark.parametrize(
    ("status", "outcome", "charged", "retryable"),
    [
        (429, Outcome.BUSY, Charged.NO, True),
        (500, Outcome.UNKNOWN, Charged.MAYBE, True),
        (408, Outcome.UNKNOWN, Charged.MAYBE, True),
        (503, Outcome.FAILED, Charged.NO, True),
        (401, Outcome.REFUSED, Charged.NO, False),
        (404, Outcome.REFUSED, Charged.NO, False),
        (302, Outcome.REFUSED, Charged.NO, False),
    ],
)
async def test_a_failure_is_one_post_and_told_apart(
    vendor: str, status: int, outcome: Outcome, charged: Charged, double: Double, model: Model, *, retryable: bool
) -> None:
    double.answers = [(status, {"error": {"message": "the words of a vendor"}})]
    with pytest.raises(CallFailed) as failed:
        await model(vendor).answer(QUESTION)
    assert len(double.asked) == 1
    assert (failed.value.outcome, failed.value.charged, failed.value.retryable) == (outcome, charged, retryable)
    assert (failed.value.provider, failed.value.status, failed.value.reason) == (vendor, status, outcome)
    assert failed.value.retry_after == (7 if outcome is not Outcome.REFUSED else None)
    assert "words of a vendor" not in str(failed.value)


@pytest.mark.parametrize("vendor", VENDORS_OF_TEXT)
async def test_a_server_that_is_not_there_was_not_paid(vendor: str, client: httpx.AsyncClient) -> None:
    line = Line(VENDORS[vendor]._replace(base_url="http://127.0.0.1:9"), Kind.TEXT, Unmetered())
    asked = language_model(line, client, Choice("LLM_PROVIDER", vendor, "a-key"))
    with pytest.raises(CallFailed) as failed:
        await asked.answer(QUESTION)
    assert (failed.value.outcome, failed.value.charged) == (Outcome.NOT_SENT, Charged.NO)


@pytest.mark.parametrize("vendor", VENDORS_OF_TEXT)
@pytest.mark.parametrize(
    ("why", "code"), [("refusal", ErrorCode.SAFETY_INPUT), ("nonsense", ErrorCode.LLM_JSON_INVALID)]
)
async def test_an_answer_that_is_none_is_paid_for_and_not_used(
    vendor: str, why: str, code: ErrorCode, double: Double, model: Model, meter: Unmetered
) -> None:
    answer = said(vendor, "{}", "stop" if why == "nonsense" else why)
    if why == "refusal" and vendor == "openai":
        answer[1]["choices"][0]["message"] |= {"content": None, "refusal": "I will not"}
    double.answers = [(200, ["no answer"]) if why == "nonsense" else answer]
    with pytest.raises(CallFailed) as failed:
        await model(vendor).answer(QUESTION)
    assert (failed.value.outcome, failed.value.code) == (Outcome.UNUSABLE, code)
    assert len(double.asked) == 1 and meter.spent > 0


@pytest.mark.parametrize("status", [400, 404, 422, 501])
@pytest.mark.parametrize(
    "words",
    ["response_format is not supported", "Unknown response format", "no json_schema here", "No Structured output"],
)
async def test_a_server_without_schemas_is_asked_in_the_form_that_it_knows(
    status: int, words: str, double: Double, model: Model
) -> None:
    unknown = (status, {"error": {"message": words}})
    double.answers = [unknown, unknown, said("openai", "{}"), said("openai", "{}")]
    asked = model("openai")
    await asked.answer(QUESTION)
    await asked.answer(QUESTION)
    forms = [body.get("response_format", {}).get("type") for body in double.asked]
    assert forms == ["json_schema", "json_object", None, None]
    assert json.dumps(QUESTION.schema) in system_of(double.asked[2])
    double.answers = [(400, {"error": {"message": "the context is too long"}})]
    with pytest.raises(CallFailed):
        await asked.answer(QUESTION)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda story: story["pages"][1]["scene"].update(place=5), "pages 2 scene place"),
        (lambda story: story["pages"][1]["scene"].pop("place"), "pages 2 scene place is missing"),
        (lambda story: story["cast"][0].update(age=5), "cast 1 has a key that nobody asked for"),
        (lambda story: story["cast"][0].update(role="villain"), "cast 1 role"),
        (lambda story: story.update(cover=[story["cover"]]), "cover"),
    ],
)
async def test_a_server_that_passes_over_the_schema_is_told_it_in_words(
    spoil: Callable[[Any], Any], complaint: str, double: Double, model: Model
) -> None:
    request = a_request()
    good, bad = a_story(request), a_story(request)
    spoil(bad)
    double.answers = [said("openai", json.dumps(story)) for story in (good, bad, good, good)]
    author = ModelAuthor(model("openai"))
    for _ in range(3):
        await author.write_story(request)
    forms = [body["response_format"]["type"] for body in double.asked]
    assert forms == ["json_schema", "json_schema", "json_object", "json_object"]
    assert ['"additionalProperties"' in system_of(body) for body in double.asked] == [False, False, True, True]
    assert complaint in users_of(double.asked[2])[1]


async def test_the_vendor_itself_keeps_to_schemas_and_is_asked_for_nothing_less() -> None:
    status, answer = said("openai", "no JSON at all")
    asked: list[dict[str, Any]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(status, json=answer)

    line = Line(VENDORS["openai"], Kind.TEXT, Unmetered())
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
        with pytest.raises(ProviderError):
            await ModelAuthor(language_model(line, client, Choice("LLM_PROVIDER", "openai", "a-key"))).write_story(
                a_request()
            )
    assert [body["response_format"]["type"] for body in asked] == ["json_schema", "json_schema"]


async def test_a_story_comes_home_with_its_names_and_the_right_particles(double: Double, model: Model) -> None:
    request = a_request(language="ko", topic="민준이는 어둠이 무서워요", character=HeroSpec(name="민준"))
    answer = a_story(request)
    answer["pages"][0]["text"] = "[[A]]는 걸어가요. [[A]]가 웃어요."
    double.answers = [said("openai", json.dumps(answer))]
    draft = await ModelAuthor(model("openai")).write_story(request)
    assert draft.pages[0].text == "민준은 걸어가요. 민준이 웃어요."
    assert draft.cast[0].name == draft.cover.actors[0].name == "민준"
    assert "민준" not in double.raw and "[[A]]이는 어둠이 무서워요" in double.raw


async def test_what_is_said_on_a_page_counts_with_the_sentence_that_it_is_in(double: Double, model: Model) -> None:
    answer = a_story(a_request())
    answer["pages"][0]["text"] = '"Oh! Look! A light!" said [[A]]. "Come!" she called.'
    answer["pages"][1]["text"] = 'A board of 5" lay there. It was long.'
    double.answers = [said("openai", json.dumps(answer))]
    draft = await ModelAuthor(model("openai")).write_story(a_request())
    assert draft.pages[0].text == "“Oh! Look! A light!” said Zephyrine. “Come!” she called."
    assert draft.pages[1].text == 'A board of 5" lay there. It was long.'


@pytest.mark.parametrize("vendor", VENDORS_OF_TEXT)
async def test_no_name_leaves_the_house(vendor: str, double: Double, model: Model) -> None:
    author = ModelAuthor(model(vendor))
    request = a_request(series_context="Once zephyrine met Quillon.", forbidden_elements=("Zephyrine's bed",))
    request = request.model_copy(update={"known": (sheet("Quillon"),)})
    answer = a_story(request)
    answer["cast"].append({"name": "[[B]]", "role": "friend", "kind": "fox", "look": "a fox", "traits": []})
    text = {**answer["pages"][0], "text": "[[A]] sings with [[B]]. They smile."}
    looks = [sheet(f"[[{letter}]]").model_dump() for letter in "AB"]
    told = {"text": text["text"], "scene": text["scene"], "understood": True}
    staged = {"scene": {**text["scene"], "place": "a bright kitchen"}, "understood": True}
    double.answers = [said(vendor, json.dumps(reply)) for reply in (answer, told, staged, {"characters": looks})]
    draft = await author.write_story(request)
    rewrite = RewriteRequest(story=request, draft=draft, page_number=2, feedback="ZEPHYRINE should sing", seed=2)
    page = (await author.rewrite_page(rewrite)).page
    restaged = (await author.restage_page(rewrite)).page
    cast = await author.design_cast(SheetRequest(cast=draft.cast, style=Style.PIXEL, seed=3))
    assert page.text == "Zephyrine sings with Quillon. They smile." and page.page_number == 2
    assert [sheet.name for sheet in cast.characters] == ["Zephyrine", "Quillon"]
    assert (restaged.text, restaged.scene.place) == (draft.pages[1].text, "a bright kitchen")
    assert len(double.asked) == 4
    assert not re.search("zephyrine|quillon", double.raw, re.IGNORECASE)


@pytest.mark.parametrize(("wish", "understood"), [("qwertz", False), (None, True)])
async def test_a_wish_that_the_model_can_make_nothing_of_is_told_apart(
    wish: str | None, double: Double, model: Model, *, understood: bool
) -> None:
    request, author = a_request(), ModelAuthor(model("openai"))
    old = a_story(request)["pages"][0]
    anew = {"text": "[[A]] goes on. It is dark.", "scene": old["scene"], "understood": False}
    staged = {"scene": old["scene"], "understood": False}
    double.answers = [said("openai", json.dumps(answer)) for answer in (anew, staged)]
    draft = draft_for(request)
    rewrite = RewriteRequest(story=request, draft=renamed(draft), page_number=1, feedback=wish, seed=1)
    assert (await author.rewrite_page(rewrite)).understood is understood
    assert (await author.restage_page(rewrite)).understood is understood


async def test_the_earlier_books_of_a_series_are_told_without_names(double: Double, model: Model) -> None:
    request = a_request(series_context="Marlow: Zephyrine met Quillon.").model_copy(update={"earlier": a_series(12)})
    answer = a_story(request)
    double.answers = [said("openai", json.dumps(answer))]
    await ModelAuthor(model("openai")).write_story(request)
    [body] = double.asked
    asked = json.loads(users_of(body)[0].partition("REQUEST: ")[2])
    assert "earlier_in_the_series" not in asked
    assert [sorted(book) for book in asked["earlier_books"][:-TOLD_IN_FULL]] == [["title", "topic"]] * 9
    assert [one["name"] for one in asked["earlier_books"][-1]["companions"]] == ["[[B]]", "[[C]]"]
    assert "its next book" in system_of(body)
    assert not re.search("zephyrine|quillon|marlow", double.raw, re.IGNORECASE)


def a_series(books: int) -> tuple[EarlierBook, ...]:
    """One hero, and in each book two companions who are in no other."""
    return tuple(
        EarlierBook(
            title=f"Zephyrine and Quillon {number}",
            topic=f"Marlow {number} is lost",
            hero="Zephyrine",
            companions=(sheet(f"Quillon {number}"), sheet(f"Marlow {number}")),
            places=("a harbour",),
            ending=f"Quillon {number} waved.",
            moral="Friends wait.",
        )
        for number in range(books)
    )


def renamed(draft: StoryDraft) -> StoryDraft:
    """The draft with the hero of the request."""
    return StoryDraft.model_validate_json(draft.model_dump_json().replace("Luna", "Zephyrine"))


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda story: story["pages"].pop(), "has fewer than 4 items"),
        (lambda story: story["pages"].append(story["pages"][0]), "the story has 5 pages; it must have 4"),
        (lambda story: story["pages"][1].update(text="One."), "page 2 has 1 sentences; 2 to 3 are allowed"),
        (lambda story: story["pages"][1].update(text="가요. 와요."), "page 2 is not in English"),
        (lambda story: story.update(moral="작은 빛."), "moral is not in English"),
        (lambda story: story["pages"][2].update(text=story["pages"][0]["text"]), "page 3 has the same words as page 1"),
        (lambda story: story["pages"][0].update(text="[[Q]] goes. It comes."), "a stand-in in double brackets is used"),
        (lambda story: story.update(title="[[A]] and [Hero]"), "title has [ ] that belong to no stand-in"),
        (lambda story: story["pages"][1].update(text="A＜b. \\nHi."), "pages 2 text has < \\ that belong"),
        (lambda story: story["cast"].append(story["cast"][0] | {"name": "{Fox}"}), "cast 2 name has { } that belong"),
        (lambda story: story.update(title="x" * 81), "title has more than 80 characters"),
        (lambda story: story.update(secret="words of the model"), "has a key that nobody asked for"),
        (lambda story: story["pages"][2]["scene"].pop("place"), "pages 3 scene place is missing"),
        (lambda story: story["cover"].update(place="숲"), "cover place must be English"),
        (lambda story: story["cover"].update(actors=[{"name": "Nobody"}]), "someone who is not in the cast"),
        (lambda story: story["cast"].insert(0, story["cast"][0] | {"name": "Fox"}), "must be the hero of the request"),
        (lambda story: story["cast"].append(story["cast"][0]), "two of the cast have the same name"),
    ],
)
async def test_a_story_that_breaks_a_rule_is_sent_back_once_with_the_exact_complaint(
    spoil: Callable[[Any], Any], complaint: str, double: Double, model: Model
) -> None:
    request = a_request()
    good, bad = a_story(request), a_story(request)
    spoil(bad)
    double.answers = [said("openai", json.dumps(bad)), said("openai", json.dumps(good))]
    draft = await ModelAuthor(model("openai")).write_story(request)
    assert draft.cast[0].name == "Zephyrine"
    first, second = double.asked
    assert users_of(second)[0] == users_of(first)[0]
    assert complaint in users_of(second)[1].split("This is wrong with it:")[1]
    assert system_of(second).startswith(system_of(first))


@pytest.mark.parametrize("bad", ["no JSON at all", "[1, 2]", '{"title": ', "[" * 9000 + "{" * 9000 + "}", '{"a": NaN}'])
async def test_a_second_answer_that_breaks_the_rules_ends_the_step(bad: str, double: Double, model: Model) -> None:
    double.answers = [said("openai", bad), said("openai", bad)]
    with pytest.raises(ProviderError) as failed:
        await ModelAuthor(model("openai")).write_story(a_request())
    assert (failed.value.code, failed.value.retryable) == (ErrorCode.LLM_JSON_INVALID, False)
    assert len(double.asked) == 2


@pytest.mark.parametrize("vendor", VENDORS_OF_TEXT)
async def test_an_answer_that_is_cut_off_is_sent_back_once_with_that_complaint(
    vendor: str, double: Double, model: Model, meter: Unmetered
) -> None:
    request, asked = a_request(), model(vendor)
    author = ModelAuthor(asked)
    good = json.dumps(a_story(request))
    double.answers = [said(vendor, good[:500], "length"), said(vendor, good)]
    assert (await author.write_story(request)).cast[0].name == "Zephyrine"
    assert "was cut off before its end" in users_of(double.asked[1])[1]
    assert double.asked[1].get("response_format") == double.asked[0].get("response_format")
    double.answers = [said(vendor, good, "length")] * 2
    with pytest.raises(ProviderError) as failed:
        await author.write_story(request)
    assert (failed.value.code, failed.value.charged) == (ErrorCode.LLM_JSON_INVALID, Charged.YES)
    assert (failed.value.provider, failed.value.status, failed.value.reason) == (vendor, None, Outcome.UNUSABLE)
    assert meter.spent == 4 * price_of(vendor, asked.model).tokens(1000, 2000).micro_dollars


def test_json_is_found_between_other_words() -> None:
    assert parsed('Here it is:\n```json\n{"a": {"b": 1}}\n```\nEnjoy!') == {"a": {"b": 1}}
    with pytest.raises(Unfit, match="not one whole JSON object"):
        parsed("")


@pytest.mark.parametrize("vendor", VENDORS_OF_TEXT)
async def test_a_picture_goes_with_its_message(vendor: str, double: Double, model: Model) -> None:
    double.answers = [said(vendor, "{}")]
    await model(vendor).answer(QUESTION._replace(messages=(Message("Look", Image(b"abc", "image/png")),)))
    assert pictures_of(double.asked[0]) == ["YWJj"]


def pictures_of(asked: dict[str, Any]) -> list[str]:
    [parts] = [message["content"] for message in asked["messages"] if message["role"] == "user"]
    assert [part["text"] for part in parts if part["type"] == "text"] == ["Look"]
    found = re.findall(r"YWJj", json.dumps(parts))
    assert "image/png" in json.dumps(parts)
    return found
