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
        ("Wait... what?!", 1),
        ("A fox", 1),
        ("「こわいよ。」と、ルルは言いました。月が光っています。", 2),
        ("“무서워!” 하고 여우가 말했어요. 달이 웃었어요.", 2),
        ("...", 0),
    ],
)
def test_a_sentence_quoted_inside_another_is_not_counted_again(text: str, sentences: int) -> None:
    assert count_sentences(text) == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("T.J. ran to D.W.’s house. T.J., the fox, ran home.", 2),
        ("T.J. Fox met Samuel L. Bear. They ran.", 2),
        ("T.J.는 달렸어요. 곰도 달렸어요.", 2),
        ("ねえ、T.J.、はしろう。T.J.は はしった。", 2),
        ("Mr. Bear met Mrs. Fox and Dr. Owl.", 1),
        ("He weighed 2.5 kilos at 3.30 p.m. today.", 1),
        ("It was 3 p.m. Then they ate.", 2),
        ("Luna is taller than I. Then she sat.", 2),
        ("곰은 비타민 C. 여우는 우유.", 2),
        ("They ran to house 2. 3 foxes slept.", 2),
        ("그는 2. 나는 3. 끝.", 3),
        ("月は3.きつねは2.", 2),
    ],
)
def test_a_dot_inside_a_name_a_number_or_a_short_form_ends_no_sentence(text: str, sentences: int) -> None:
    assert count_sentences(text) == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Fox took one step... then two... then three. Hooray!", 2),
        ("Fox looked up… and up. Then… he slept.", 2),
        ("Fox waited... The moon rose…", 2),
        ("“I am so tired…” Fox yawned. “I…” said Bear.", 3),
        ("그런데… 어디선가 소리가 났어요. 똑똑똑!", 2),
        ("“무서워…” 지우가 말했어요. 그때… 달이 웃었어요…", 2),
        ("そして… つきが でました。ほしも……ぴかぴか。", 2),
        ("어…? 달이 웃어요…! 별도요.", 3),
    ],
)
def test_an_ellipsis_ends_a_sentence_only_where_another_begins(text: str, sentences: int) -> None:
    assert count_sentences(text) == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("‘Wait!’ said Fox. ‘Come!’ she cried.", 2),
        ("'Wait! It's me!' said Fox. 'Come!' she cried.", 2),
        ("The foxes’ den was dark. The bears’ den was light.", 2),
        ("‘Wait!’ Luna ran.", 2),
        ("‘무서워!’ 달이 웃었어요.", 1),
        ("‘무서워. 어떡하지?’ 지우는 생각했어요. 그때 반딧불이 왔어요.", 2),
        ("'가자!'라고 지우는 외쳤어요. ‘괜찮아.’", 2),
        ("‘こわいな。どうしよう？’とルルは おもいました。つきが でました。", 2),
    ],
)
def test_what_is_said_in_single_quotation_marks_is_part_of_the_sentence_that_goes_on(text: str, sentences: int) -> None:
    assert count_sentences(text) == sentences


def test_a_page_fits_where_its_ellipsis_may_end_a_sentence() -> None:
    assert complaints("지우는 기다렸어요… 달이 떴어요.", TargetAge.EARLY_READER, Language.KO) == []
    assert complaints("지우는… 아주 천천히… 갔어요. 달이 떴어요.", TargetAge.TODDLER, Language.KO) == []


def test_a_page_fits_where_the_dot_of_an_initial_may_make_it_fit() -> None:
    whole, two = "T.J. Fox ran. T.J. Fox sat. T.J. Fox slept.", "The bear met T.J. They ran."
    assert complaints(whole, TargetAge.EARLY_READER, Language.EN) == []
    assert complaints(two, TargetAge.EARLY_READER, Language.EN) == []
    assert complaints("The bear met T.J. today.", TargetAge.EARLY_READER, Language.EN) != []


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
