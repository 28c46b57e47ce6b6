"""Reads one page aloud and puts the sound into our own storage."""

from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.values import Strict
from storybook.providers.base import SpeechProvider, SpeechRequest
from storybook.storage.base import Storage, new_token


class StoredSpeech(Strict):
    """A page's voice in our storage, and the words that it speaks."""

    text: str
    key: str
    milliseconds: int
    made_by: str


async def narrate_page(
    page_number: int,
    text: str,
    language: Language,
    age: TargetAge,
    folder: str,
    speech: SpeechProvider,
    storage: Storage,
) -> StoredSpeech:
    """The page's voice, stored under the job's own folder."""
    spoken = await speech.speak(SpeechRequest(text=text, language=language, target_age=age))
    key = f"{folder}/page_{page_number}-{new_token()}.mp3"
    await storage.put(key, spoken.data, spoken.media_type)
    return StoredSpeech(text=text, key=key, milliseconds=spoken.milliseconds, made_by=spoken.made_by)
