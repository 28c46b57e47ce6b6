"""Keys and models, tried for free: what a vendor says of them, and what keeps the service from starting."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import structlog

from storybook.core.errors import SetupError
from storybook.core.logs import configure_logs
from storybook.core.settings import Settings
from storybook.providers.checks import Checked, State, check, require_accepted

KEY = "sk-a-key-of-a-test"
ANSWERS: dict[str, Any] = {
    "https://api.openai.com/v1/models": {"data": [{"id": "gpt-6-luna"}, {"id": "omni-moderation-latest"}]},
    "https://api.anthropic.com/v1/models/claude-haiku-5-5": {"id": "claude-haiku-5-5"},
    "https://api.replicate.com/v1/models/black-forest-labs/flux-kontext-pro": {"name": "flux-kontext-pro"},
    "https://texttospeech.googleapis.com/v1beta1/voices": {"voices": [{"name": "ko-KR-Neural2-A"}]},
    "https://api.elevenlabs.io/v1/models": [{"model_id": "eleven_multilingual_v2"}],
}
HOUSE = {
    "llm_provider": "openai",
    "llm_fallback_provider": "anthropic",
    "image_provider": "replicate",
    "image_fallback_provider": "fal",
    "tts_provider": "google",
    "tts_fallback_provider": "elevenlabs",
    "moderation_provider": "studio,openai,judge",
}
KEYS = {f"{name.removesuffix('_provider')}_api_key": KEY for name in HOUSE}
Respond = Callable[[httpx.Request], httpx.Response]


def settings(**more: Any) -> Settings:
    return Settings(_env_file=None, **(HOUSE | KEYS | more))


def known(request: httpx.Request) -> httpx.Response:
    """What the vendors answer to a good key. Only what is free may be asked."""
    assert request.method == "GET"
    assert KEY in str(sorted(request.headers.items()))
    answer = ANSWERS.get(str(request.url))
    return httpx.Response(404) if answer is None else httpx.Response(200, json=answer)


def always(status: int, text: str = "") -> Respond:
    return lambda _: httpx.Response(status, text=text)


async def checked(respond: Respond, **more: Any) -> dict[str, Checked]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
        return {one.choice.setting: one for one in await check(settings(**more), client)}


async def test_every_key_is_tried_with_the_model_that_it_is_for() -> None:
    found = await checked(known)
    assert {setting: one.state for setting, one in found.items()} == {
        "LLM_PROVIDER": State.ACCEPTED,
        "LLM_FALLBACK_PROVIDER": State.ACCEPTED,
        "IMAGE_PROVIDER": State.ACCEPTED,
        "IMAGE_FALLBACK_PROVIDER": State.ACCEPTED,
        "TTS_PROVIDER": State.ACCEPTED,
        "TTS_FALLBACK_PROVIDER": State.ACCEPTED,
        "MODERATION_PROVIDER": State.ACCEPTED,
    }


async def test_the_studio_asks_nobody() -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(always(500))) as client:
        assert await check(Settings(_env_file=None), client) == []


@pytest.mark.parametrize(
    ("respond", "state"),
    [
        (always(401, "no such key"), State.REFUSED),
        (always(403, "not from here"), State.REFUSED),
        (always(400, '{"error": {"details": [{"reason": "API_KEY_INVALID"}]}}'), State.REFUSED),
        (always(401, '{"detail": {"status": "missing_permissions"}}'), State.UNSURE),
        (always(403, "Missing scopes: api.model.read"), State.UNSURE),
        (always(307), State.UNSURE),
        (always(200, "<html>a hotel</html>"), State.UNSURE),
        (always(200, "null"), State.UNSURE),
        (always(429), State.AWAY),
        (always(503), State.AWAY),
    ],
)
async def test_what_a_vendor_says_of_a_key(respond: Respond, state: State) -> None:
    found = await checked(respond)
    assert {one.state for setting, one in found.items() if setting != "IMAGE_FALLBACK_PROVIDER"} == {state}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (401, State.REFUSED),
        (403, State.REFUSED),
        (200, State.ACCEPTED),
        (307, State.ACCEPTED),
        (400, State.ACCEPTED),
        (404, State.ACCEPTED),
        (405, State.ACCEPTED),
        (422, State.ACCEPTED),
        (429, State.AWAY),
        (503, State.AWAY),
    ],
)
async def test_fal_takes_a_key_that_it_does_not_refuse(status: int, state: State) -> None:
    def fal(request: httpx.Request) -> httpx.Response:
        if request.url.host != "queue.fal.run":
            return known(request)
        assert request.headers["authorization"] == f"Key {KEY}"
        assert re.fullmatch("/fal-ai/flux/requests/[0-9a-f-]{36}/status", request.url.path)
        return httpx.Response(status)

    assert (await checked(fal))["IMAGE_FALLBACK_PROVIDER"].state is state


async def test_a_refused_key_names_its_setting_and_never_itself() -> None:
    for setting, one in (await checked(always(401, f"{KEY} is not known"))).items():
        assert KEY not in one.sentence
        assert setting.replace("PROVIDER", "API_KEY") in one.sentence


@pytest.mark.parametrize(
    ("setting", "model"),
    [
        ("llm", "gpt-4o"),
        ("llm_fallback", "claude-sonnet-5-5"),
        ("image", "black-forest-labs/flux-schnell"),
        ("tts", "standard"),
        ("tts_fallback", "eleven_flash_v2_5"),
    ],
)
async def test_a_model_that_the_vendor_does_not_have_is_refused_by_name(setting: str, model: str) -> None:
    one = (await checked(known, **{f"{setting}_model": model}))[f"{setting.upper()}_PROVIDER"]
    assert one.state is State.REFUSED
    assert f"{setting.upper()}_MODEL" in one.sentence and model in one.sentence


async def test_a_server_of_ones_own_may_have_more_than_it_tells() -> None:
    def ollama(request: httpx.Request) -> httpx.Response:
        mine = request.url.host == "ollama"
        return httpx.Response(200, json={"data": [{"id": "llama3:latest"}]}) if mine else known(request)

    own = {"llm_base_url": "http://ollama:11434/v1", "moderation_provider": "studio"}
    assert (await checked(ollama, **own, llm_model="llama3"))["LLM_PROVIDER"].state is State.ACCEPTED
    assert (await checked(ollama, **own, llm_model="llama4"))["LLM_PROVIDER"].state is State.UNSURE


PAGE = "<html>a hotel</html>"
OWN = "http://models:8000"


@pytest.mark.parametrize(
    ("prefix", "address", "respond", "state"),
    [
        ("llm", OWN, always(404), State.UNSURE),
        ("llm", OWN, always(405), State.UNSURE),
        ("llm", OWN, always(301), State.UNSURE),
        ("llm", OWN, always(200, PAGE), State.UNSURE),
        ("llm", OWN, always(200, '{"data": null}'), State.UNSURE),
        ("llm_fallback", f"{OWN}/v1", always(404), State.UNSURE),
        ("llm_fallback", OWN, always(200, PAGE), State.UNSURE),
        ("image", f"{OWN}/nowhere", always(404), State.UNSURE),
        ("image_fallback", f"{OWN}/nowhere", always(404), State.UNSURE),
        ("image_fallback", OWN, always(200, PAGE), State.UNSURE),
        ("image_fallback", "https://queue.fal.run/nowhere", always(404), State.UNSURE),
        ("llm", "https://api.openai.com", always(404), State.REFUSED),
        ("llm", "https://api.openai.com", always(200, PAGE), State.UNSURE),
        ("llm_fallback", "https://api.anthropic.com/v1", always(404), State.REFUSED),
    ],
)
async def test_an_address_where_no_such_api_answers_is_named_and_its_key_not_called_accepted(
    prefix: str, address: str, respond: Respond, state: State
) -> None:
    one = (await checked(respond, **{f"{prefix}_base_url": address}))[f"{prefix.upper()}_PROVIDER"]
    assert one.state is state
    assert one.sentence.startswith(f"{prefix.upper()}_BASE_URL: what answers there")


@pytest.mark.parametrize("status", [200, 400, 422])
async def test_fal_at_an_address_of_ones_own_is_believed_where_it_answers_like_fal(status: int) -> None:
    def fal(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"status": "IN_QUEUE"}) if request.url.host == "models" else known(request)

    assert (await checked(fal, image_fallback_base_url=OWN))["IMAGE_FALLBACK_PROVIDER"].state is State.ACCEPTED


async def test_a_start_warns_of_an_address_where_no_such_api_answers(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    configure_logs("warning", as_json=True)
    async with httpx.AsyncClient(transport=httpx.MockTransport(always(404))) as client:
        await require_accepted(Settings(_env_file=None, llm_provider="openai", llm_base_url=OWN), client)
    structlog.configure(**before)
    told = json.loads(capsys.readouterr().err)
    assert (told["event"], told["setting"]) == ("vendor_not_checked", "LLM_BASE_URL")


async def test_a_server_that_does_not_answer_is_named_by_its_address() -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    found = await checked(away, llm_base_url=OWN)
    assert found["LLM_PROVIDER"].sentence.startswith("LLM_BASE_URL: the server there does not answer")
    assert found["TTS_PROVIDER"].sentence.startswith("TTS_PROVIDER: google does not answer")


async def test_a_start_is_refused_for_a_bad_key_and_not_for_an_outage() -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    async with httpx.AsyncClient(transport=httpx.MockTransport(away)) as client:
        await require_accepted(settings(), client)
    async with httpx.AsyncClient(transport=httpx.MockTransport(always(401))) as client:
        with pytest.raises(SetupError, match=r"LLM_API_KEY: openai refused the key\. Set LLM_API_KEY to a key"):
            await require_accepted(settings(), client)
