"""The studio's narrator: what it says, in which order and when, and that phones can play it."""

import pickle
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storybook.core.cpu import CpuPool
from storybook.core.errors import ErrorCode, ProviderError
from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.speech import Speech
from storybook.providers.base import SpeechRequest
from storybook.providers.studio.narrator import booth, delivery, japanese, korean, mixing, speak
from storybook.providers.studio.narrator.phrases import Pause, phrases_of
from storybook.providers.studio.narrator.words import words_of

PAGES = {
    Language.EN: "Once upon a time, a fox lived here. “Hello!” said Mina's cat. “Where is my star?” The fox smiled.",
    Language.KO: "옛날 옛적에, 작은 여우가 살았어요. “안녕!” 하고 미나가 말했어요. “내 별은 어디?” 여우가 웃었어요.",
    Language.JA: "昔々、小さな狐が住んでいました。「やあ！」とミナは言いました。「私の星はどこ？」狐は笑いました。",
}
MPEG_2_BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
MPEG_2_RATES = (22_050, 24_000, 16_000)


class Frame(NamedTuple):
    kilobits: int
    sample_rate: int
    mono: bool


def frames_of(data: bytes) -> list[Frame]:
    """The frames of an MPEG-2 layer III file that holds nothing else."""
    frames, at = [], 0
    while at < len(data):
        head = int.from_bytes(data[at : at + 4])
        assert head >> 17 == 0b111111111111001, "no frame of MPEG-2 layer III begins here"
        kilobits = MPEG_2_BITRATES[head >> 12 & 15]
        sample_rate = MPEG_2_RATES[head >> 10 & 3]
        frames.append(Frame(kilobits, sample_rate, mono=head >> 6 & 3 == 3))
        at += 72 * kilobits * 1000 // sample_rate + (head >> 9 & 1)
    assert at == len(data)
    return frames


def read_aloud(text: str, language: Language = Language.EN, age: TargetAge = TargetAge.EARLY_READER) -> Speech:
    return speak(SpeechRequest(text=text, language=language, target_age=age))


def said(text: str, language: Language) -> list[str]:
    return [word.spoken for word in words_of(text, language)]


def timed_words(text: str, speech: Speech) -> list[str]:
    return [text[word.start : word.end] for word in speech.words]


def assert_sound(text: str, speech: Speech) -> None:
    frames = frames_of(speech.data)
    assert set(frames) == {Frame(64, 22_050, mono=True)}
    assert speech.milliseconds == pytest.approx(len(frames) * 576 / 22.05, abs=27)
    for word in speech.words:
        assert 0 <= word.start < word.end <= len(text)
        assert 0 <= word.begin_ms <= word.end_ms <= speech.milliseconds
    for word, following in pairwise(speech.words):
        assert word.end <= following.start and word.end_ms <= following.begin_ms


@pytest.mark.parametrize("language", Language)
def test_a_page_is_an_mp3_that_phones_play_with_every_word_timed(language: Language) -> None:
    text = PAGES[language]
    speech = read_aloud(text, language)
    assert_sound(text, speech)
    assert (speech.media_type, speech.made_by) == ("audio/mpeg", "studio")
    assert timed_words(text, speech) == [text[word.start : word.end] for word in words_of(text, language)]
    assert speech.words[0].begin_ms >= 200
    assert speech.milliseconds - speech.words[-1].end_ms >= 400
    assert all(word.end_ms - word.begin_ms >= 40 for word in speech.words)


@pytest.mark.parametrize("language", Language)
def test_the_voice_sounds_like_speech_and_never_clips(language: Language) -> None:
    lines = [
        delivery.line(phrase, language, TargetAge.READER)
        for phrase in phrases_of(PAGES[language], words_of(PAGES[language], language))
    ]
    takes = booth.record(lines, delivery.voice(language))
    assert len({take.samples.tobytes() for take in takes}) == len(lines)
    sound = mixing.mastered(np.concatenate([mixing.trimmed(take.samples).sound for take in takes]))
    assert np.abs(sound).max() < 0.8
    assert 0.05 < np.sqrt((sound**2).mean()) < 0.2
    energy = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / booth.SAMPLE_RATE)
    assert energy[(frequency > 100) & (frequency < 4000)].sum() > 0.9 * energy.sum()
    assert energy[frequency > 3000].sum() > 0.01 * energy.sum()


def test_loud_and_quiet_recordings_come_out_equally_loud() -> None:
    tone = np.sin(np.arange(22_050) * 0.1)
    assert np.allclose(mixing.mastered(tone * 0.01), mixing.mastered(tone * 0.9))


def test_the_same_request_gives_the_same_bytes_and_another_text_others() -> None:
    assert read_aloud("The fox sleeps.") == read_aloud("The fox sleeps.")
    assert read_aloud("The fox sleeps.").data != read_aloud("The fox sings.").data


@pytest.mark.parametrize("language", Language)
def test_the_younger_the_child_the_slower_the_voice(language: Language) -> None:
    lengths = [read_aloud(PAGES[language], language, age).milliseconds for age in TargetAge]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 1.2 * lengths[-1]


@pytest.mark.parametrize(
    ("text", "language", "spoken"),
    [
        ("<b>light</b> & [[dark]] \x01", Language.EN, ["b", "light", "b", "&", "dark"]),
        ("Mina’s well-known 3.5 cakes 🦊!", Language.EN, ["Mina's", "well-known", "3.5", "cakes"]),
        ("별 12개와 3마리, 20살 100명 ㅋㅋ", Language.KO, ["별", "열두 개와", "세 마리", "스무 살", "100명", "ㅋㅋ"]),
        ("お母さんは、森へ行きました。", Language.JA, ["オカアサンワ", "モリエ", "イキマシタ"]),
        ("明日、３匹の子猫と会おう。", Language.JA, ["アシタ", "サンビキノ", "コネコト", "アオー"]),
        (
            "すごぉい！1,380円、3.5と cat",
            Language.JA,
            ["スゴーイ", "センサンビャクハチジュー", "エン", "サンテンゴト", "cat"],
        ),
    ],
)
def test_words_are_told_to_the_voice_as_they_are_said(text: str, language: Language, spoken: list[str]) -> None:
    assert said(text, language) == spoken


def test_numbers_as_they_are_said() -> None:
    numbers = {"0": "ゼロ", "14": "ジューヨン", "8600": "ハッセンロッピャク", "20010": "ニマンジュー"}
    assert {digits: japanese.number(digits) for digits in numbers} == numbers
    assert korean.counted("39개") == "서른아홉 개" and korean.counted("3월") == "3월"


def test_a_text_is_said_in_breaths_with_its_quotations_in_another_tone() -> None:
    text = "He came, “Hi!” he said. “Go?”\nYes"
    found = [
        (" ".join(word.spoken for word in phrase.words), phrase.ending, phrase.pause, phrase.quoted)
        for phrase in phrases_of(text, words_of(text, Language.EN))
    ]
    assert found == [
        ("He came", ",", Pause.QUOTE, False),
        ("Hi", "!", Pause.QUOTE, True),
        ("he said", ".", Pause.SENTENCE, False),
        ("Go", "?", Pause.LINE, True),
        ("Yes", ".", Pause.LINE, False),
    ]


def test_punctuation_is_heard_as_a_pause() -> None:
    def gap(text: str) -> int:
        first, second = read_aloud(text).words
        return second.begin_ms - first.end_ms

    assert gap("Foxes sing") == 0
    assert 150 < gap("Foxes, sing") < gap("Foxes. Sing") < gap("Foxes\nsing") < 1000


@pytest.mark.parametrize("text", ["🦊🌟", "...!?", "“”", " \n", "\u200b"])
def test_where_there_is_nothing_to_say_there_is_silence(text: str) -> None:
    speech = read_aloud(text)
    assert_sound(text, speech)
    assert speech.words == () and 900 < speech.milliseconds < 1200


@pytest.mark.parametrize("text", ["Привет", "مرحبا", "日本"])
def test_a_script_that_the_voice_cannot_read_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ProviderError, match="cannot read the script") as refusal:
        read_aloud(text)
    assert refusal.value.code is ErrorCode.UNKNOWN


@pytest.mark.parametrize(
    ("text", "language"),
    [("a" * 600, Language.EN), ("x " * 300, Language.EN), ("값" * 600, Language.KO), ("漢" * 90 + "?!", Language.JA)],
)
def test_the_longest_texts_are_read(text: str, language: Language) -> None:
    speech = read_aloud(text, language)
    assert_sound(text, speech)
    assert speech.words


@settings(max_examples=25, deadline=None)
@given(text=st.text(max_size=40).filter(bool), language=st.sampled_from(Language))
def test_any_text_is_playable_or_refused(text: str, language: Language) -> None:
    try:
        speech = read_aloud(text, language)
    except ProviderError as refusal:
        reason = str(refusal)
    else:
        assert_sound(text, speech)
        reason = ""
    assert reason in {"", "The narrator cannot read the script of this text."}


HELLO = [booth.Line("hello", 150, 50, 50)]


def test_a_voice_that_fails_is_a_providers_failure(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="has no voice of-nobody"):
        booth.record(HELLO, "of-nobody")
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time; time.sleep(60)")
    with pytest.raises(ProviderError, match="took too long") as failure:
        booth.record(HELLO, delivery.voice(Language.EN), booth.Voice(sleeper, seconds=0.2))
    assert failure.value.retryable


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b'{"sample_rate": 22050, "takes": [{"samples": 9}]}\n'])
def test_an_answer_that_makes_no_sense_is_a_providers_failure(tmp_path: Path, answer: bytes) -> None:
    babbler = tmp_path / "babbler.py"
    babbler.write_text(f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write({answer!r})")
    with pytest.raises(ProviderError, match="makes no sense"):
        booth.record(HELLO, delivery.voice(Language.EN), booth.Voice(babbler))


async def test_it_speaks_in_a_worker_process() -> None:
    request = SpeechRequest(text="안녕, 여우야!", language=Language.KO, target_age=TargetAge.TODDLER)
    assert pickle.loads(pickle.dumps(speak)) is speak  # noqa: S301 - our own pickle
    pool = CpuPool(1)
    try:
        assert await pool.run(speak, request) == speak(request)
    finally:
        pool.close()
