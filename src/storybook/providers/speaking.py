"""What narrators of all vendors have in common: a voice a language, sound that plays, words that are timed."""

import math
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from typing import NamedTuple

import httpx

from storybook.core.errors import SetupError
from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.calls import Kind
from storybook.domain.speech import Speech, WordTiming
from storybook.providers.base import SpeechProvider
from storybook.providers.choices import Choice
from storybook.providers.http import CallFailed, unusable
from storybook.providers.line import Line
from storybook.providers.mp3 import NotAnMp3, milliseconds
from storybook.providers.vendors import Vendor

MODULES = {
    name: f"storybook.providers.{module}"
    for name, module in {"openai": "openai_speech", "google": "google_speech", "elevenlabs": "elevenlabs"}.items()
}
PACE = {TargetAge.TODDLER: 0.85, TargetAge.EARLY_READER: 0.9, TargetAge.READER: 0.95, TargetAge.ADULT: 1.0}
"""How fast to read to whom; 1 is the voice's own pace."""

Voices = Mapping[Language, str]
Span = tuple[int, int]
_VOICE = re.compile(r"[A-Za-z0-9._-]{1,80}")


class Booth(NamedTuple):
    """What a narrator is made with. `voices` are those that the operator chose, by language."""

    line: Line
    client: httpx.AsyncClient
    choice: Choice
    voices: Mapping[str, str]


def narrator(booth: Booth) -> SpeechProvider:
    """The narrator of the choice; raises SetupError. Only the vendor's package that is used is loaded."""
    made: SpeechProvider = import_module(MODULES[booth.choice.provider]).make(booth)
    return made


def voices_of(booth: Booth, usual: Voices) -> Voices:
    """A voice for every language; raises SetupError for languages that there are not and names that can be none."""
    languages = ", ".join(Language)
    for language, voice in booth.voices.items():
        if language not in list(Language):
            raise SetupError(f"TTS_VOICES: a language there is unknown; there are {languages}.")
        if not _VOICE.fullmatch(voice):
            raise SetupError(f"TTS_VOICES: what it says for {language} cannot be the name of a voice.")
    return {language: booth.voices.get(language, usual[language]) for language in Language}


def finished(data: bytes, vendor: Vendor, spans: Sequence[Span] = (), begins: Sequence[float] = ()) -> Speech:
    """The sound, with its words as far as they are timed; raises CallFailed where it is no sound MP3.

    `spans` are where the words stand in the text, `begins` the seconds at which each of them begins to sound. Times
    that make no sense are left out: they are of use only if they are right.
    """
    try:
        length = milliseconds(data)
    except NotAnMp3:
        raise spoiled("the result is no MP3", vendor) from None
    return Speech(data=data, milliseconds=length, made_by=vendor.name, words=_timed(spans, begins, length))


def spoiled(reason: str, vendor: Vendor) -> CallFailed:
    """The vendor spoke and charged, but nobody can hear it; it is worth one more."""
    return unusable(reason, vendor, Kind.SPEECH, retryable=True)


def _timed(spans: Sequence[Span], begins: Sequence[float], length: int) -> tuple[WordTiming, ...]:
    if len(spans) != len(begins) or not all(map(math.isfinite, begins)):
        return ()
    moments = [*(round(second * 1000) for second in begins), length]
    if moments != sorted(moments) or moments[0] < 0:
        return ()
    return tuple(
        WordTiming(start=start, end=end, begin_ms=begin, end_ms=then)
        for (start, end), (begin, then) in zip(spans, pairwise(moments), strict=True)
    )
