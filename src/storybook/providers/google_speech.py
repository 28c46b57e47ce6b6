"""Voices of Google Cloud Text-to-Speech. Marks in the text bring back when each word sounds.

A voice is named `ko-KR-Neural2-A`, and its third part decides the price. Marks are free of charge, other tags and
escapes count as characters (cloud.google.com/text-to-speech/pricing).
"""

from xml.sax.saxutils import escape

from pydantic import Base64Bytes, BaseModel, FiniteFloat, ValidationError

from storybook.domain.book_spec import Language
from storybook.domain.calls import Kind
from storybook.domain.reading_level import word_spans
from storybook.domain.speech import Speech
from storybook.providers.base import SpeechRequest
from storybook.providers.http import MAX_MEDIA_BYTES, send
from storybook.providers.language import Terms, terms
from storybook.providers.speaking import PACE, Booth, Span, finished, spoiled, voices_of

DEFAULT_MODEL = "neural2"
MAX_BYTES = 5000
_USUAL = {Language.KO: ("ko-KR", "A"), Language.EN: ("en-US", "F"), Language.JA: ("ja-JP", "B")}


class _Timepoint(BaseModel):
    markName: str  # noqa: N815 - the vendor's name
    timeSeconds: FiniteFloat = 0.0  # noqa: N815 - the same; zero is left out


class _Answer(BaseModel):
    audioContent: Base64Bytes  # noqa: N815 - the vendor's name
    timepoints: list[_Timepoint] = []


class GoogleNarrator:
    def __init__(self, booth: Booth) -> None:
        self._booth = booth
        self._vendor = booth.line.vendor
        self.name = self._vendor.name
        kind = (booth.choice.model or DEFAULT_MODEL).capitalize()
        self._voices = voices_of(booth, {of: f"{place}-{kind}-{letter}" for of, (place, letter) in _USUAL.items()})
        self._terms = {language: self._terms_of(voice) for language, voice in self._voices.items()}

    async def speak(self, request: SpeechRequest) -> Speech:
        on = self._terms[request.language]
        spans = list(word_spans(request.text, request.language))
        marked = _marked(request.text, spans)
        if len(marked.encode()) > MAX_BYTES:
            spans, marked = [], _marked(request.text, [])
        bill = on.price.spoken(len(_marked(request.text, [])))
        async with self._booth.line.call(on.model, bill.micro_dollars) as call:
            answer = await self._post(marked, request, on)
            call.costs(bill)
            seconds = {point.markName: point.timeSeconds for point in answer.timepoints}
            begins = [seconds[str(word)] for word in range(len(spans)) if str(word) in seconds]
            return finished(answer.audioContent, self._vendor, spans, begins)

    async def _post(self, marked: str, request: SpeechRequest, on: Terms) -> _Answer:
        voice = self._voices[request.language]
        body = {
            "input": {"ssml": marked},
            "voice": {"languageCode": "-".join(voice.split("-")[:2]), "name": voice},
            "audioConfig": {"audioEncoding": "MP3", "speakingRate": PACE[request.target_age]},
            "enableTimePointing": ["SSML_MARK"],
        }
        client, address = self._booth.client, f"{self._vendor.base_url}/text:synthesize"
        post = client.build_request("POST", address, json=body, headers={"X-Goog-Api-Key": on.api_key})
        response = await send(client, post, self._vendor, Kind.SPEECH, most=MAX_MEDIA_BYTES)
        try:
            return _Answer.model_validate_json(response.content)
        except ValidationError:
            raise spoiled("the answer is malformed", self._vendor) from None

    def _terms_of(self, voice: str) -> Terms:
        kind = voice.split("-")[2].lower() if voice.count("-") > 2 else voice
        return terms(self._booth.choice._replace(model=kind), DEFAULT_MODEL, Kind.SPEECH)


def make(booth: Booth) -> GoogleNarrator:
    """Raises SetupError for a missing key, or a voice that can be none or has no price."""
    return GoogleNarrator(booth)


def _marked(text: str, spans: list[Span]) -> str:
    """The text as SSML with a mark before each word, named after its number."""
    starts = [start for start, _ in spans]
    pieces = [escape(text[: starts[0]] if starts else text)]
    for word, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=False)):
        pieces.append(f'<mark name="{word}"/>{escape(text[start:end])}')
    return f"<speak>{''.join(pieces)}</speak>"
