"""Vendors' voices: one POST a page, sound that plays, words that are timed, and a bill by the character."""

import base64
import json
import math
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import cache
from itertools import pairwise
from typing import Any

import httpx
import lameenc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storybook.core.cpu import CpuPool
from storybook.core.errors import Charged, ProviderError, SetupError
from storybook.core.settings import Settings
from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.calls import Kind
from storybook.domain.speech import Speech
from storybook.providers.base import SpeechRequest
from storybook.providers.choices import Choice
from storybook.providers.http import MAX_ANSWER_BYTES, make_client
from storybook.providers.line import Line
from storybook.providers.mp3 import NotAnMp3, milliseconds
from storybook.providers.registry import Workshop, make_providers
from storybook.providers.speaking import MODULES, Booth, narrator
from storybook.providers.unmetered import Unmetered
from storybook.providers.vendors import VENDORS
from tests.fixtures_http import Double, Post, Said

TEXTS = {
    Language.EN: "“Hello!” said Mina & the fox.",
    Language.KO: "“안녕!” 하고 미나가 말했어요.",
    Language.JA: "小さな狐が、ミナに言いました。",
}
WORDS = {
    Language.EN: ["Hello", "said", "Mina", "the", "fox"],
    Language.KO: ["안녕", "하고", "미나가", "말했어요"],
    Language.JA: ["小さな", "狐が", "ミナに", "言いました"],
}
PRICES = {"openai": 90_000, "google": 24_000, "elevenlabs": 180_000}
"""Micro-dollars for 1000 characters of the model that each takes by itself."""
Mouth = Callable[[Post, bytes], Said]


@cache
def mp3(seconds: float, rate: int = 22_050, kilobits: int = 48) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(kilobits)
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(1)
    encoder.set_quality(7)
    samples = [round(8000 * math.sin(number / 20)) for number in range(round(rate * seconds))]
    return bytes(encoder.encode(struct.pack(f"<{len(samples)}h", *samples)) + encoder.flush())


def as_openai(_: Post, sound: bytes) -> Said:
    return Said(sound)


def as_google(post: Post, sound: bytes) -> Said:
    marks = post.body["input"]["ssml"].split('<mark name="')[1:]
    points = [{"markName": mark.split('"')[0], "timeSeconds": 0.1 * at} for at, mark in enumerate(marks)]
    return Said(json.dumps({"audioContent": base64.b64encode(sound).decode(), "timepoints": points}).encode())


def as_elevenlabs(post: Post, sound: bytes) -> Said:
    letters = list(post.body["text"])
    times = [0.02 * at for at in range(len(letters))]
    alignment = {
        "characters": letters,
        "character_start_times_seconds": times,
        "character_end_times_seconds": [time + 0.02 for time in times],
    }
    return Said(json.dumps({"audio_base64": base64.b64encode(sound).decode(), "alignment": alignment}).encode())


MOUTHS: dict[str, Mouth] = {"openai": as_openai, "google": as_google, "elevenlabs": as_elevenlabs}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with make_client() as client:
        yield client


def booth(vendor: str, client: httpx.AsyncClient, address: str = "http://127.0.0.1:9", **voices: str) -> Booth:
    line = Line(VENDORS[vendor]._replace(base_url=address), Kind.SPEECH, Unmetered())
    return Booth(line, client, Choice("TTS_PROVIDER", vendor, "the-key"), voices)


def request(language: Language = Language.EN, age: TargetAge = TargetAge.TODDLER) -> SpeechRequest:
    return SpeechRequest(text=TEXTS[language], language=language, target_age=age)


async def spoken(made: Booth, asked: SpeechRequest) -> tuple[Speech, int]:
    """What it says, and what that costs."""
    speech = await narrator(made).speak(asked)
    meter = made.line.meter
    assert isinstance(meter, Unmetered)
    return speech, meter.spent


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("vendor", MODULES)
async def test_a_page_is_one_post_and_costs_its_characters(
    vendor: str, language: Language, client: httpx.AsyncClient
) -> None:
    double = Double(lambda post: MOUTHS[vendor](post, mp3(2)))
    with double.serving() as address:
        speech, cost = await spoken(booth(vendor, client, address), request(language))
    (post,) = double.posts
    assert "the-key" in " ".join(post.headers.values())
    assert "the-key" not in post.path + json.dumps(post.body)
    assert speech.data == mp3(2) and abs(speech.milliseconds - 2000) < 100
    assert speech.made_by == vendor
    ssml = "<speak></speak>" + ("amp;" if "&" in TEXTS[language] else "")
    characters = len(TEXTS[language]) + (len(ssml) if vendor == "google" else 0)
    assert cost == -(-characters * PRICES[vendor] // 1000)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("vendor", ["google", "elevenlabs"])
async def test_each_word_has_its_time(vendor: str, language: Language, client: httpx.AsyncClient) -> None:
    with Double(lambda post: MOUTHS[vendor](post, mp3(2))).serving() as address:
        speech, _ = await spoken(booth(vendor, client, address), request(language))
    assert [TEXTS[language][word.start : word.end] for word in speech.words] == WORDS[language]
    assert all(one.end_ms == other.begin_ms for one, other in pairwise(speech.words))
    assert all(word.begin_ms < word.end_ms for word in speech.words)
    assert speech.words[-1].end_ms == speech.milliseconds


@pytest.mark.parametrize("vendor", MODULES)
async def test_a_large_sound_is_a_voice_too(vendor: str, client: httpx.AsyncClient) -> None:
    tag = b"ID3\x04\x00\x00\x02\x00\x00\x00" + bytes(2 * MAX_ANSWER_BYTES)
    with Double(lambda post: MOUTHS[vendor](post, tag + mp3(2))).serving() as address:
        speech, _ = await spoken(booth(vendor, client, address), request())
    assert speech.data == tag + mp3(2)


def changed(said: Said, change: Callable[[Any], object]) -> Said:
    answer = json.loads(said.body)
    change(answer)
    return Said(json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("vendor", "change"),
    [
        ("google", lambda answer: answer.pop("timepoints")),
        ("google", lambda answer: answer["timepoints"].pop()),
        ("google", lambda answer: answer["timepoints"][0].update(timeSeconds=9)),
        ("elevenlabs", lambda answer: answer.update(alignment=None)),
        ("elevenlabs", lambda answer: answer["alignment"].update(characters=["x"] * len(TEXTS[Language.EN]))),
        ("elevenlabs", lambda answer: answer["alignment"]["character_start_times_seconds"].reverse()),
        ("elevenlabs", lambda answer: answer["alignment"].update(character_start_times_seconds=[])),
    ],
)
async def test_times_that_cannot_be_right_are_left_out(
    vendor: str, change: Callable[[Any], object], client: httpx.AsyncClient
) -> None:
    with Double(lambda post: changed(MOUTHS[vendor](post, mp3(2)), change)).serving() as address:
        speech, _ = await spoken(booth(vendor, client, address), request())
    assert speech.words == ()


async def test_a_text_too_long_for_marks_is_spoken_without(client: httpx.AsyncClient) -> None:
    double = Double(lambda post: as_google(post, mp3(2)))
    asked = SpeechRequest(text="가 " * 299, language=Language.KO, target_age=TargetAge.TODDLER)
    with double.serving() as address:
        speech, _ = await spoken(booth("google", client, address), asked)
    assert speech.words == ()
    assert len(double.posts[0].body["input"]["ssml"].encode()) <= 5000


NO_SOUND = {
    "nothing": b"",
    "a page": b"<html>" + b"no sound " * 500,
    "zeros": bytes(5000),
    "one frame": mp3(1)[:300],
    "a wave": b"RIFF" + bytes(40) + b"\x01\x02" * 4000,
}


@pytest.mark.parametrize("sound", NO_SOUND)
@pytest.mark.parametrize("vendor", MODULES)
async def test_what_is_no_mp3_is_paid_and_worth_one_more(vendor: str, sound: str, client: httpx.AsyncClient) -> None:
    double = Double(lambda post: MOUTHS[vendor](post, NO_SOUND[sound]))
    with double.serving() as address, pytest.raises(ProviderError) as caught:
        await spoken(booth(vendor, client, address), request())
    assert caught.value.charged is Charged.YES
    assert caught.value.retryable


@pytest.mark.parametrize("vendor", MODULES)
@pytest.mark.parametrize("said", [Said(b"{", 200), Said(b"busy", 429), Said(b"sk-secret", 401), Said(b"", 500)])
async def test_a_failure_is_one_post_too_and_says_nothing_of_the_text(
    said: Said, vendor: str, client: httpx.AsyncClient
) -> None:
    double = Double(lambda _: said)
    with double.serving() as address, pytest.raises(ProviderError) as caught:
        await spoken(booth(vendor, client, address), request())
    assert len(double.posts) == 1
    assert not any(word in str(caught.value) for word in ("Mina", "sk-secret", "the-key"))


PACES = {"3-5": 0.85, "5-7": 0.9, "7-9": 0.95, "adult": 1.0}
LISTENERS = {
    "3-5": "a child of three to five years: slowly",
    "5-7": "a child of five to seven years: unhurried",
    "7-9": "a child of seven to nine years: lively",
    "adult": "a grown-up",
}


@pytest.mark.parametrize("age", TargetAge)
async def test_the_younger_the_listener_the_slower_the_voice(age: TargetAge, client: httpx.AsyncClient) -> None:
    double = Double(lambda post: MOUTHS[vendor](post, mp3(2)))
    with double.serving() as address:
        for vendor in ("google", "elevenlabs", "openai"):
            await spoken(booth(vendor, client, address), request(age=age))
    google, elevenlabs, openai = (post.body for post in double.posts)
    assert google["audioConfig"]["speakingRate"] == PACES[age]
    assert elevenlabs["voice_settings"]["speed"] == PACES[age]
    assert f"to {LISTENERS[age]}" in openai["instructions"]


async def test_voices_are_chosen_by_language(client: httpx.AsyncClient) -> None:
    own = {"ko": "ko-KR-Standard-C"}
    double = Double(lambda post: as_google(post, mp3(2)))
    with double.serving() as address:
        _, cost = await spoken(booth("google", client, address, **own), request(Language.KO))
        await spoken(booth("google", client, address, **own), request(Language.JA))
    voices = [post.body["voice"] for post in double.posts]
    assert voices[0] == {"languageCode": "ko-KR", "name": "ko-KR-Standard-C"}
    assert voices[1]["name"].startswith("ja-JP-Neural2-")
    assert cost == -(-(len(TEXTS[Language.KO]) + 15) * 4000 // 1000)


@pytest.mark.parametrize(
    ("vendor", "voices", "sentence"),
    [
        ("openai", {"fr": "coral"}, "a language there is unknown"),
        ("elevenlabs", {"ko": "../../v1/user"}, "cannot be the name"),
        ("google", {"ko": "ko-KR-Studio-A"}, "no price"),
        ("google", {"ko": "coral"}, "no price"),
    ],
)
async def test_voices_that_cannot_be_stop_the_start(
    vendor: str, voices: dict[str, str], sentence: str, client: httpx.AsyncClient
) -> None:
    with pytest.raises(SetupError, match=sentence):
        narrator(booth(vendor, client, **voices))


async def test_only_vendors_that_may_hear_a_name_speak(client: httpx.AsyncClient) -> None:
    usual: dict[str, Any] = {"tts_provider": "openai", "tts_api_key": "key"}
    cpu = CpuPool(1)
    with pytest.raises(SetupError, match="PERSONAL_DATA_VENDORS"):
        make_providers(Workshop(settings(**usual), cpu, client, Unmetered()))
    allowed = settings(**usual, personal_data_vendors=("openai",))
    assert make_providers(Workshop(allowed, cpu, client, Unmetered())).speech.name == "openai"
    cpu.close()


async def test_a_second_vendor_has_voices_of_its_own(client: httpx.AsyncClient) -> None:
    changes = {"tts_provider": "elevenlabs", "tts_api_key": "key", "tts_voices": {"ko": "EXAVITQu4vr4xnSDxMaL"}}
    changes |= {"tts_fallback_provider": "google", "tts_fallback_api_key": "key"}
    cpu = CpuPool(1)
    assert make_providers(Workshop(settings(**changes), cpu, client, Unmetered())).speech.name == "elevenlabs"
    cpu.close()


def settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **changes)  # type: ignore[call-arg]


@pytest.mark.parametrize(("rate", "kilobits"), [(8000, 16), (16_000, 32), (22_050, 48), (24_000, 64), (44_100, 128)])
def test_a_sound_is_as_long_as_its_frames(rate: int, kilobits: int) -> None:
    sound = mp3(3, rate, kilobits)
    assert abs(milliseconds(sound) - 3000) < 250
    tag = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)
    assert milliseconds(tag + sound + b"TAG" + bytes(125)) == milliseconds(sound)
    assert milliseconds(sound[:-20]) < milliseconds(sound)
    with pytest.raises(NotAnMp3):
        milliseconds(sound + bytes(3000) + sound)


def test_what_sounds_for_much_longer_than_a_page_is_no_voice() -> None:
    sound = mp3(3)
    assert milliseconds(sound * 150) > 400_000
    with pytest.raises(NotAnMp3, match="more than a page"):
        milliseconds(sound * 220)
    empty_tags = b"ID3\x04\x00\x00\x00\x00\x00\x00" * 10**5
    with pytest.raises(NotAnMp3, match="more than a page"):
        milliseconds(empty_tags + sound)


@given(st.binary(max_size=5000), st.integers(min_value=0, max_value=4000))
def test_any_bytes_are_a_sound_or_none(junk: bytes, at: int) -> None:
    for data in (junk, mp3(1)[:at] + junk + mp3(1)[at:]):
        with suppress(NotAnMp3):
            assert 100 <= milliseconds(data) < 60_000
