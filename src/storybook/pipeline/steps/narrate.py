"""Reads one page aloud; the sound has its place in our own storage."""

from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.speech import Speech, WordTiming
from storybook.domain.values import Strict
from storybook.providers.base import SpeechProvider, SpeechRequest
from storybook.storage.base import new_token


class StoredSpeech(Strict):
    """A page's voice in our storage, the text that it speaks, and when each word of it sounds."""

    text: str
    key: str
    milliseconds: int
    made_by: str
    words: tuple[WordTiming, ...] = ()


async def narrate_page(text: str, language: Language, age: TargetAge, speech: SpeechProvider) -> Speech:
    """The page's voice."""
    return await speech.speak(SpeechRequest(text=text, language=language, target_age=age))


def place(spoken: Speech, page_number: int, text: str, folder: str) -> StoredSpeech:
    """Where in the storage the page's voice is to be, under the job's own folder."""
    key = f"{folder}/page_{page_number}-{new_token()}.mp3"
    told = spoken.model_dump(include={"milliseconds", "made_by", "words"})
    return StoredSpeech(text=text, key=key, **told)
