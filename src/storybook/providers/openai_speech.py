"""Voices of OpenAI, and of every server that speaks its audio API. They do not say when they speak which word."""

from openai import APIConnectionError, APIStatusError, AsyncOpenAI, omit

from storybook.domain.book_spec import ENGLISH_NAMES, Language, TargetAge
from storybook.domain.calls import Kind
from storybook.domain.speech import Speech
from storybook.providers.base import SpeechRequest
from storybook.providers.http import MAX_MEDIA_BYTES, refusal
from storybook.providers.language import Terms, terms
from storybook.providers.packages import client_for_packages, unwrapped
from storybook.providers.speaking import Booth, finished, voices_of

DEFAULT_MODEL = "gpt-4o-mini-tts"
_VOICES = {Language.KO: "coral", Language.EN: "coral", Language.JA: "coral"}
_CANNOT_BE_DIRECTED = ("tts-1",)
_SAID_TO = {
    TargetAge.TODDLER: "a child of three to five years: slowly, with playful sounds and clear pauses",
    TargetAge.EARLY_READER: "a child of five to seven years: unhurried and lively",
    TargetAge.READER: "a child of seven to nine years: lively, with a little suspense",
    TargetAge.ADULT: "a grown-up who loves picture books: calm and unadorned",
}


class OpenAINarrator:
    def __init__(self, booth: Booth, on: Terms) -> None:
        self._line = booth.line
        self.name = self._line.vendor.name
        self._terms = on
        self._voices = voices_of(booth, _VOICES)
        self._package = AsyncOpenAI(
            api_key=on.api_key,
            base_url=self._line.vendor.base_url,
            max_retries=0,
            http_client=client_for_packages(booth.client, self._line, most=MAX_MEDIA_BYTES),
        )

    async def speak(self, request: SpeechRequest) -> Speech:
        bill = self._terms.price.spoken(len(request.text))
        async with self._line.call(self._terms.model, bill.micro_dollars) as call:
            data = await self._post(request)
            call.costs(bill)
            return finished(data, self._line.vendor)

    async def _post(self, request: SpeechRequest) -> bytes:
        directed = not self._terms.model.startswith(_CANNOT_BE_DIRECTED)
        try:
            with unwrapped(APIConnectionError):
                response = await self._package.audio.speech.with_raw_response.create(
                    input=request.text,
                    model=self._terms.model,
                    voice=self._voices[request.language],
                    response_format="mp3",
                    instructions=_directions(request) if directed else omit,
                )
        except APIStatusError as error:
            raise refusal(error.status_code, error.response.headers, self._line.vendor, self._line.kind) from None
        return response.content


def make(booth: Booth) -> OpenAINarrator:
    """Raises SetupError for a missing key, a model without a price, or a voice that can be none."""
    return OpenAINarrator(booth, terms(booth.choice, DEFAULT_MODEL, Kind.SPEECH))


def _directions(request: SpeechRequest) -> str:
    return (
        f"Read this page of a picture book aloud in {ENGLISH_NAMES[request.language]}, warmly, word for word, as a "
        f"parent would at bedtime to {_SAID_TO[request.target_age]}."
    )
