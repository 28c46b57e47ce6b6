"""A second provider: when it is asked, with what, and when it is not."""

from dataclasses import dataclass
from typing import Any

import pytest

from storybook.core.cpu import CpuPool
from storybook.core.errors import Charged, ErrorCode, ProviderError, SetupError, VendorAway
from storybook.core.settings import Settings
from storybook.domain.book_spec import Style
from storybook.domain.calls import Kind, Outcome
from storybook.domain.pictures import Picture, PicturePrompt
from storybook.domain.story import Actor, Scene
from storybook.providers.base import PictureRequest
from storybook.providers.fallback import PainterWithSecond
from storybook.providers.http import CallFailed, make_client
from storybook.providers.registry import Workshop, make_providers
from storybook.providers.unmetered import Unmetered
from tests.fakes import FakePainter, png, sheet

IMAGE = ErrorCode.IMAGE_FAILED
AWAY = VendorAway("away", code=IMAGE, retryable=True, retry_after=9.0)
LOST = VendorAway("away", code=IMAGE, charged=Charged.MAYBE, retryable=True, retry_after=9.0)
BUSY = CallFailed("busy", outcome=Outcome.BUSY, code=IMAGE, charged=Charged.NO, retryable=True, retry_after=5.0)
DOWN = CallFailed("down", outcome=Outcome.FAILED, code=IMAGE, charged=Charged.NO, retryable=True)
REFUSED = CallFailed("refused", outcome=Outcome.REFUSED, code=IMAGE, charged=Charged.NO)
UNKNOWN = CallFailed("silent", outcome=Outcome.UNKNOWN, code=IMAGE, charged=Charged.MAYBE, retryable=True)
SPOILED = CallFailed("spoiled", outcome=Outcome.UNUSABLE, code=IMAGE, charged=Charged.YES, retryable=True)
NO_BUDGET = ProviderError("used up", code=ErrorCode.SERVICE_BUDGET_EXCEEDED)


@dataclass
class FakeQueue(FakePainter):
    begun: bool = False

    async def unfinished(self, _request: PictureRequest) -> bool:
        return self.begun


def request() -> PictureRequest:
    scene = Scene(description="Mina waves", place="meadow", actors=(Actor(name="Mina"),))
    hero = Picture(data=png(96, 128, 5), media_type="image/png", width=96, height=128, made_by="first")
    return PictureRequest(
        prompt=PicturePrompt(page_number=3, scene=scene, positive="Mina waves.", negative="text, frames", seed=77),
        style=Style.WATERCOLOR,
        sheets=(sheet("Mina"),),
        width=96,
        height=128,
        reference=hero,
    )


def painters(*errors: Exception, second: FakePainter | None = None) -> tuple[FakePainter, FakePainter]:
    return FakePainter("first", errors={3: list(errors)}), second or FakePainter("second")


@pytest.mark.parametrize("error", [AWAY, BUSY, DOWN])
async def test_the_second_is_asked_for_the_same_where_the_first_cannot_be_had(error: Exception) -> None:
    first, second = painters(error)
    picture = await PainterWithSecond(first, second).draw(request())
    assert picture.made_by == "second"
    assert second.drawn == first.drawn == [request()]


async def test_the_second_is_not_asked_without_need() -> None:
    first, second = painters()
    assert (await PainterWithSecond(first, second).draw(request())).made_by == "first"
    assert second.drawn == []


@pytest.mark.parametrize("error", [REFUSED, UNKNOWN, SPOILED, NO_BUDGET, LOST])
async def test_what_was_refused_or_may_have_been_paid_for_is_not_taken_elsewhere(error: Exception) -> None:
    first, second = painters(error)
    with pytest.raises(ProviderError) as failed:
        await PainterWithSecond(first, second).draw(request())
    assert failed.value is error
    assert second.drawn == []


async def test_where_both_are_away_the_first_says_how_long_to_wait() -> None:
    first, second = painters(AWAY, second=FakePainter("second", errors={3: [BUSY]}))
    with pytest.raises(VendorAway) as failed:
        await PainterWithSecond(first, second).draw(request())
    assert failed.value.retry_after == 9.0


async def test_where_the_second_was_paid_that_is_what_counts() -> None:
    first, second = painters(AWAY, second=FakePainter("second", errors={3: [SPOILED]}))
    with pytest.raises(CallFailed) as failed:
        await PainterWithSecond(first, second).draw(request())
    assert failed.value is SPOILED


async def test_a_picture_that_the_second_has_begun_is_brought_to_its_end() -> None:
    first, second = painters(second=FakeQueue("second", begun=True))
    assert (await PainterWithSecond(first, second).draw(request())).made_by == "second"
    assert first.drawn == []


@pytest.fixture
def cpu() -> CpuPool:
    """Nothing is run in it."""
    return CpuPool(1)


async def workshop(cpu: CpuPool, **settings: Any) -> Workshop:
    async with make_client() as client:
        return Workshop(Settings(_env_file=None, **settings), cpu, client, Unmetered())


async def test_a_second_provider_is_a_matter_of_settings(cpu: CpuPool) -> None:
    shop = await workshop(
        cpu,
        image_provider="replicate",
        image_api_key="a",
        image_fallback_provider="fal",
        image_fallback_api_key="b",
        moderation_provider="studio,openai",
        moderation_api_key="c",
        llm_provider="openai",
        llm_api_key="d",
        llm_fallback_provider="openai",
        llm_fallback_base_url="http://ollama:11434/v1",
        tts_fallback_provider="studio",
    )
    providers = make_providers(shop)
    assert isinstance(providers.image, PainterWithSecond)
    assert providers.image.name == "replicate"
    assert {vendor for vendor, _, kind in shop.lines if kind is Kind.IMAGE} == {"replicate", "fal"}
    assert make_providers(await workshop(cpu)).image.name == "studio"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"image_fallback_provider": "gemini"}, "IMAGE_FALLBACK_PROVIDER.*children"),
        ({"image_fallback_provider": "nobody"}, "IMAGE_FALLBACK_PROVIDER"),
        ({"image_fallback_provider": "fal"}, "IMAGE_FALLBACK_API_KEY"),
        ({"tts_fallback_provider": "openai", "tts_fallback_api_key": "a"}, "TTS_FALLBACK_PROVIDER.*name"),
        (
            {f"image_{name}": "fal" for name in ("provider", "fallback_provider", "api_key", "fallback_api_key")}
            | {"image_fallback_base_url": "https://queue.fal.run/"},
            "IMAGE_FALLBACK_PROVIDER: fal at this address is IMAGE_PROVIDER already",
        ),
        (
            {f"llm_{name}": "openai" for name in ("provider", "fallback_provider", "api_key", "fallback_api_key")}
            | {"llm_base_url": "https://api.openai.com/v1/", "llm_fallback_model": "gpt-4o"},
            "LLM_FALLBACK_PROVIDER: openai at this address is LLM_PROVIDER already",
        ),
    ],
)
async def test_a_second_provider_has_to_be_another_one_that_may_be_used(
    cpu: CpuPool, settings: dict[str, str], told: str
) -> None:
    with pytest.raises(SetupError, match=told):
        make_providers(await workshop(cpu, **settings))
