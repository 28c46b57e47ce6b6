"""A text spoken aloud."""

from storybook.domain.values import Strict


class WordTiming(Strict):
    """When one word sounds: characters (code points) `start` to `end` of the text, milliseconds of the sound."""

    start: int
    end: int
    begin_ms: int
    end_ms: int


class Speech(Strict):
    """An MP3 that phones play. `words` is empty where the voice cannot say when it speaks which."""

    data: bytes
    media_type: str = "audio/mpeg"
    milliseconds: int
    made_by: str
    words: tuple[WordTiming, ...] = ()
