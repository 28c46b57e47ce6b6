"""A character from a photo by a model that sees: what it is asked, and what of its answer is believed."""

import json
import re
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from storybook.core.cpu import CpuPool
from storybook.core.errors import ErrorCode, ProviderError, SetupError
from storybook.core.settings import Settings
from storybook.domain.book_spec import ENGLISH_NAMES, Gender, Language, Style
from storybook.domain.pictures import Picture
from storybook.domain.story import Actor, Scene
from storybook.providers.base import DescriptionRequest, SightRequest
from storybook.providers.http import make_client
from storybook.providers.language import Answer, Image, Question
from storybook.providers.registry import Workshop, make_providers
from storybook.providers.sight import ModelSight
from storybook.providers.unmetered import Unmetered
from tests.fakes import sheet

LOOKS: dict[str, Any] = sheet("Nobody").model_dump(mode="json", exclude={"name"}) | {
    "master_description": "a small child with black hair and a red coat"
}


class FakeModel:
    """Gives these answers, one after the other."""

    name = "fake"
    model = "fake-1"

    def __init__(self, answers: Iterable[Any]) -> None:
        self.asked: list[Question] = []
        self._answers = list(answers)

    def worst(self, _: Question) -> int:
        return 0

    async def answer(self, question: Question) -> Answer:
        self.asked.append(question)
        return Answer(json.dumps(self._answers.pop(0)))


def request(**changes: Any) -> SightRequest:
    usual: dict[str, Any] = {"name": "Zephyrine", "gender": Gender.FEMALE, "style": Style.WATERCOLOR}
    return SightRequest(**{"photo": b"jpeg", "language": Language.KO, "seed": 1} | usual | changes)


async def test_the_photo_is_shown_and_the_name_is_not_told() -> None:
    model = FakeModel([LOOKS])
    made = await ModelSight(model).describe(request())
    assert made.name == "Zephyrine"
    (question,) = model.asked
    assert question.messages[0].picture == Image(b"jpeg", "image/jpeg")
    assert "Zephyrine" not in str(question)
    assert "name" not in question.schema["properties"]
    assert "a girl" in question.system and "watercolor" in question.system


async def test_without_a_name_the_model_invents_one_in_the_language() -> None:
    model = FakeModel([LOOKS | {"name": "하늘"}])
    assert (await ModelSight(model).describe(request(name=None))).name == "하늘"
    assert "name" in model.asked[0].schema["required"] and "Korean" in model.asked[0].system


async def test_the_readers_name_stands_whatever_the_model_says() -> None:
    assert (await ModelSight(FakeModel([LOOKS | {"name": "Other"}])).describe(request())).name == "Zephyrine"


UNFIT: dict[str, Any] = {
    "not English": LOOKS | {"master_description": "빨간 외투를 입은 작은 아이입니다"},
    "too short": LOOKS | {"master_description": "a child"},
    "part missing": {key: part for key, part in LOOKS.items() if key != "clothing"},
}


@pytest.mark.parametrize("kind", ["not English", "too short", "part missing"])
async def test_an_unfit_answer_is_sent_back_once(kind: str) -> None:
    model = FakeModel([UNFIT[kind], LOOKS])
    await ModelSight(model).describe(request())
    first, second = model.asked
    assert second.messages[:-1] == first.messages and second.system == first.system
    model = FakeModel([UNFIT[kind], UNFIT[kind]])
    with pytest.raises(ProviderError) as caught:
        await ModelSight(model).describe(request())
    assert caught.value.code is ErrorCode.LLM_JSON_INVALID


SEEN = {
    Language.EN: "A fox with a green scarf stands in the snow.",
    Language.KO: "초록 목도리를 두른 여우가 눈 속에 서 있어요.",
    Language.JA: "みどりのマフラーをしたきつねが、雪の中に立っています。",
}


def about_a_picture(language: Language = Language.EN) -> DescriptionRequest:
    told = Scene(description="Zephyrine hides", place="a secret grotto", actors=(Actor(name="Zephyrine"),))
    picture = Picture(data=b"a picture", media_type="image/webp", width=9, height=9, made_by="fal")
    return DescriptionRequest(picture=picture, scene=told, language=language, target_age="5-7")


@pytest.mark.parametrize("language", Language)
async def test_a_picture_is_shown_alone_and_put_into_words_of_the_books_language(language: Language) -> None:
    model = FakeModel([{"text": f" {SEEN[language]} "}])
    assert (await ModelSight(model).describe_picture(about_a_picture(language))).text == SEEN[language]
    (question,) = model.asked
    assert [message.picture for message in question.messages] == [Image(b"a picture", "image/webp")]
    assert ENGLISH_NAMES[language] in question.system and "5-7" in question.system
    assert not re.search("Zephyrine|hides|grotto", str(question))


@pytest.mark.parametrize(
    ("unfit", "complaint"),
    [
        ({"text": "A fox. " * 40}, "more than 200 characters"),
        ({"text": "A fox stands. It snows. The moon shines."}, "3 sentences; 1 to 2"),
        ({"text": "A fox stands.\nIt snows."}, "a line break"),
        ({"text": SEEN[Language.KO]}, "not in English"),
        ({"text": "…"}, "0 sentences"),
        ({"words": "A fox stands."}, "text is missing"),
    ],
)
async def test_unfit_words_for_a_picture_are_sent_back_once(unfit: dict[str, str], complaint: str) -> None:
    model = FakeModel([unfit, {"text": SEEN[Language.EN]}])
    await ModelSight(model).describe_picture(about_a_picture())
    assert complaint in model.asked[1].messages[-1].text
    model = FakeModel([unfit, unfit])
    with pytest.raises(ProviderError) as caught:
        await ModelSight(model).describe_picture(about_a_picture())
    assert (caught.value.code, len(model.asked)) == (ErrorCode.LLM_JSON_INVALID, 2)


async def test_no_vendor_sees_a_photo_without_leave() -> None:
    cpu = CpuPool(1)
    async with make_client() as client:
        for vendor in ("openai", "anthropic"):
            usual = {"sight_provider": vendor, "sight_api_key": "key"}
            with pytest.raises(SetupError, match="PERSONAL_DATA_VENDORS"):
                make_providers(workshop(client, cpu, **usual))
            allowed = workshop(client, cpu, **usual, personal_data_vendors=(vendor,))
            assert make_providers(allowed).sight.name == vendor
    cpu.close()


def workshop(client: httpx.AsyncClient, cpu: CpuPool, **changes: Any) -> Workshop:
    return Workshop(Settings(_env_file=None, **changes), cpu, client, Unmetered())  # type: ignore[call-arg]
