"""The narration of one text: its phrases are recorded, joined with pauses, and timed word by word."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, pairwise

import numpy as np

from storybook.core.errors import ErrorCode, ProviderError
from storybook.core.settings import STUDIO
from storybook.domain.speech import Speech, WordTiming
from storybook.providers.base import SpeechRequest
from storybook.providers.studio.narrator import booth, delivery, mixing
from storybook.providers.studio.narrator.booth import SAMPLE_RATE, Take
from storybook.providers.studio.narrator.phrases import Phrase, phrases_of
from storybook.providers.studio.narrator.words import has_letters, words_of


def speak(request: SpeechRequest) -> Speech:
    """The text, spoken: MP3, mono, 22.05 kHz, 64 kbit/s, the same bytes for the same request.

    Words are timed in all languages, in Japanese by phrase. Where there is nothing to say (only emoji or punctuation)
    it is a second of silence. Raises ProviderError (UNKNOWN) where the text is in a script that the voice cannot read,
    or where the voice fails.
    """
    phrases = list(phrases_of(request.text, words_of(request.text, request.language)))
    if not phrases and has_letters(request.text):
        raise ProviderError("The narrator cannot read the script of this text.", code=ErrorCode.UNKNOWN)
    return _Narration(request).of(phrases)


class _Narration:
    """A sound that grows phrase by phrase."""

    def __init__(self, request: SpeechRequest) -> None:
        self._request = request
        self._sound: list[mixing.Sound] = []
        self._length = 0
        self._words: list[tuple[int, int, int, int]] = []

    def of(self, phrases: list[Phrase]) -> Speech:
        silence = delivery.silence()
        if not phrases:
            self._add(mixing.silence(silence.nothing_to_say))
            return self._finished()
        language, age = self._request.language, self._request.target_age
        lines = [delivery.line(phrase, language, age) for phrase in phrases]
        self._add(mixing.silence(silence.before))
        for phrase, take in zip(phrases, booth.record(lines, delivery.voice(language)), strict=True):
            self._say(phrase, take)
            self._add(mixing.silence(delivery.milliseconds_after(phrase.pause, age)))
        self._drop_last_pause()
        self._add(mixing.silence(silence.after))
        return self._finished()

    def _say(self, phrase: Phrase, take: Take) -> None:
        sound, cut = mixing.trimmed(take.samples)
        begins = [min(max(0, begin - cut), len(sound)) for begin in _beginnings(phrase, take)]
        for word, (begin, end) in zip(phrase.words, pairwise([*begins, len(sound)]), strict=True):
            self._words.append((word.start, word.end, self._length + begin, self._length + end))
        self._add(sound)

    def _add(self, sound: mixing.Sound) -> None:
        self._sound.append(sound)
        self._length += len(sound)

    def _drop_last_pause(self) -> None:
        self._length -= len(self._sound.pop())

    def _finished(self) -> Speech:
        data = mixing.mp3(mixing.mastered(np.concatenate(self._sound)))
        return Speech(
            data=data,
            milliseconds=len(data) * 8 // mixing.KILOBITS,
            made_by=STUDIO,
            words=tuple(
                WordTiming(start=start, end=end, begin_ms=_heard_at(begin), end_ms=_heard_at(finish))
                for start, end, begin, finish in self._words
            ),
        )


def _heard_at(sample: int) -> int:
    return (sample + mixing.ENCODER_DELAY) * 1000 // SAMPLE_RATE


def _beginnings(phrase: Phrase, take: Take) -> Iterator[int]:
    """At which sample each word of a phrase begins.

    Where the voice runs words together it names only the first of them; the time is then shared out by their letters.
    """
    lengths = [len(word.spoken) + 1 for word in phrase.words]
    starts = [0, *accumulate(lengths)]
    known = {0: 0}
    for position, sample in take.words:
        index = min(bisect_right(starts, position) - 1, len(lengths) - 1)
        known.setdefault(index, max(sample, *known.values(), 0))
    known[len(lengths)] = max(len(take.samples), *known.values(), 0)
    for here, there in pairwise(sorted(known)):
        share = (known[there] - known[here]) / (starts[there] - starts[here])
        yield from (round(known[here] + share * (starts[word] - starts[here])) for word in range(here, there))
