"""Korean particles follow the sound that a word ends in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storybook.domain.korean import with_particle


@pytest.mark.parametrize(
    ("word", "particle", "expected"),
    [
        ("여우", "은/는", "여우는"),
        ("곰", "은/는", "곰은"),
        ("토끼", "이/가", "토끼가"),
        ("별", "을/를", "별을"),
        ("숲", "으로/로", "숲으로"),
        ("바다", "으로/로", "바다로"),
        ("들", "으로/로", "들로"),
        ("민준", "이/", "민준이"),
        ("미나", "이/", "미나"),
        ("하늘", "아/야", "하늘아"),
        ("Tom", "은/는", "Tom은"),
        ("Mia", "은/는", "Mia는"),
        ("Peter", "은/는", "Peter는"),
        ("Oliver", "이/가", "Oliver가"),
        ("3", "을/를", "3을"),
        ("2", "을/를", "2를"),
        ("“곰”", "은/는", "“곰”은"),
        ("「나비」", "이/가", "「나비」가"),
    ],
)
def test_the_right_particle_is_chosen(word: str, particle: str, expected: str) -> None:
    assert with_particle(word, particle) == expected


@given(st.text(), st.sampled_from(["은/는", "이/가", "을/를", "과/와", "으로/로", "이/", "아/야"]))
def test_any_word_takes_one_of_the_two(word: str, particle: str) -> None:
    assert with_particle(word, particle).removeprefix(word) in particle.split("/")
