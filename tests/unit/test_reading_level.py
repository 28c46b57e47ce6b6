"""Sentences, words and age bands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storybook.domain.book_spec import Language, TargetAge
from storybook.domain.reading_level import BANDS, complaints, count_sentences, count_words


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("The fox ran. The moon smiled!", 2),
        ("“I am afraid!” said Fox. The moon smiled.", 2),
        ("“Stop! Wait! Come back!” called Mia.", 1),
        ("“Who is there?” “It is me.”", 2),
        ("Wait... what?!", 2),
        ("A fox", 1),
        ("「こわいよ。」と、ルルは言いました。月が光っています。", 2),
        ("“무서워!” 하고 여우가 말했어요. 달이 웃었어요.", 2),
        ("...", 0),
    ],
)
def test_a_sentence_quoted_inside_another_is_not_counted_again(text: str, sentences: int) -> None:
    assert count_sentences(text) == sentences


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("The little fox ran — fast.", "en", 5),
        ("작은 여우가 빨리 달려요.", "ko", 4),
        ("きつねのルナが森を歩きます。", "ja", 4),
    ],
)
def test_words_are_counted_by_the_rule_of_the_language(text: str, language: str, words: int) -> None:
    assert count_words(text, Language(language)) == words


@given(st.integers(1, 8), st.sampled_from(TargetAge), st.sampled_from(Language))
def test_the_number_of_sentences_decides_at_both_ends_of_a_band(
    sentences: int, age: TargetAge, language: Language
) -> None:
    band = BANDS[age]
    fits = band.min_sentences <= sentences <= band.max_sentences
    assert (complaints("Go. " * sentences, age, language) == []) is fits


@given(st.integers(1, 80), st.sampled_from([age for age in TargetAge if BANDS[age].max_words]))
def test_the_number_of_words_decides_at_the_top_of_a_band(words: int, age: TargetAge) -> None:
    band = BANDS[age]
    text = "a " * (words - band.min_sentences) + "a. " * band.min_sentences
    if words >= band.min_sentences:
        assert (complaints(text, age, Language.EN) == []) is (words <= (band.max_words or 0))


def test_grown_ups_read_as_many_words_as_there_are() -> None:
    assert complaints("word " * 500 + "a. b. c.", TargetAge.ADULT, Language.EN) == []
