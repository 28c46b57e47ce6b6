"""Voices of ElevenLabs, which say for each letter when it sounds."""

from pydantic import Base64Bytes, BaseModel, FiniteFloat, ValidationError

from storybook.domain.book_spec import Language
from storybook.domain.calls import Kind
from storybook.domain.reading_level import word_spans
from storybook.domain.speech import Speech
from storybook.providers.base import SpeechRequest
from storybook.providers.http import MAX_MEDIA_BYTES, send
from storybook.providers.language import Terms, terms
from storybook.providers.speaking import PACE, Booth, Span, finished, spoiled, voices_of

DEFAULT_MODEL = "eleven_multilingual_v2"
FORMAT = "mp3_44100_64"
_VOICE = "EXAVITQu4vr4xnSDxMaL"
"""One of the voices that every account has; it speaks all of our languages."""
_TAKES_A_LANGUAGE = ("eleven_flash_v2_5", "eleven_turbo_v2_5")


class _Alignment(BaseModel):
    characters: list[str]
    character_start_times_seconds: list[FiniteFloat]


class _Answer(BaseModel):
    audio_base64: Base64Bytes
    alignment: _Alignment | None = None


class ElevenLabsNarrator:
    def __init__(self, booth: Booth, on: Terms) -> None:
        self._booth = booth
        self._vendor = booth.line.vendor
        self.name = self._vendor.name
        self._terms = on
        self._voices = voices_of(booth, dict.fromkeys(Language, _VOICE))

    async def speak(self, request: SpeechRequest) -> Speech:
        bill = self._terms.price.spoken(len(request.text))
        async with self._booth.line.call(self._terms.model, bill.micro_dollars) as call:
            answer = await self._post(request)
            call.costs(bill)
            spans = list(word_spans(request.text, request.language))
            return finished(answer.audio_base64, self._vendor, spans, _begins(answer.alignment, request.text, spans))

    async def _post(self, request: SpeechRequest) -> _Answer:
        body: dict[str, object] = {
            "text": request.text,
            "model_id": self._terms.model,
            "voice_settings": {"speed": PACE[request.target_age]},
        }
        if self._terms.model in _TAKES_A_LANGUAGE:
            body["language_code"] = request.language.value
        client, voice = self._booth.client, self._voices[request.language]
        address = f"{self._vendor.base_url}/v1/text-to-speech/{voice}/with-timestamps?output_format={FORMAT}"
        post = client.build_request("POST", address, json=body, headers={"xi-api-key": self._terms.api_key})
        response = await send(client, post, self._vendor, Kind.SPEECH, most=MAX_MEDIA_BYTES)
        try:
            return _Answer.model_validate_json(response.content)
        except ValidationError:
            raise spoiled("the answer is malformed", self._vendor) from None


def make(booth: Booth) -> ElevenLabsNarrator:
    """Raises SetupError for a missing key, a model without a price, or a voice that can be none."""
    return ElevenLabsNarrator(booth, terms(booth.choice, DEFAULT_MODEL, Kind.SPEECH))


def _begins(alignment: _Alignment | None, text: str, spans: list[Span]) -> list[float]:
    """The second at which each word begins; none where the letters are not those of the text."""
    if alignment is None or "".join(alignment.characters) != text:
        return []
    starts: dict[int, float] = {}
    at = 0
    for characters, second in zip(alignment.characters, alignment.character_start_times_seconds, strict=False):
        starts[at] = second
        at += len(characters)
    return [starts[start] for start, _ in spans if start in starts]
