"""The specification of a book, and how it is brought into one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from storybook.domain.book_spec import BookSpec, HeroSpec, Style, TargetAge
from storybook.domain.normalize import normalize_spec, tidy

printable = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn")), min_size=1)
topics = printable.filter(lambda text: text.strip() and len(text) <= 200)
words = printable.filter(lambda text: text.strip() and len(text) <= 40)


@st.composite
def specs(draw: st.DrawFn) -> BookSpec:
    return BookSpec(
        topic=draw(topics),
        target_age=draw(st.sampled_from(TargetAge)),
        style=draw(st.sampled_from(Style)),
        page_count=draw(st.integers(4, 12)),
        character=draw(st.none() | st.builds(HeroSpec, name=words, appearance=st.none() | words)),
        forbidden_elements=draw(st.none() | st.lists(words, max_size=20)),
        series_context=draw(st.none() | topics),
    )


@given(specs())
def test_normalizing_twice_is_normalizing_once(spec: BookSpec) -> None:
    once = normalize_spec(spec)
    assert normalize_spec(once) == once


@given(specs())
def test_normalizing_keeps_what_was_asked_for(spec: BookSpec) -> None:
    normal = normalize_spec(spec)
    assert (normal.target_age, normal.style, normal.page_count) == (spec.target_age, spec.style, spec.page_count)
    assert "".join(normal.topic.split()) == "".join(tidy(spec.topic).split())
    for word in spec.forbidden_elements or ():
        assert tidy(word).casefold() in [kept.casefold() for kept in normal.forbidden_elements or ()]


@given(topics)
def test_a_tidy_text_has_single_blanks_and_no_edges(text: str) -> None:
    assert tidy(text) == tidy(text).strip()
    assert "  " not in tidy(text)
    assert "\n" not in tidy(text)


@given(
    st.text(st.characters(categories=("Cc", "Cf", "Cs", "Co")), min_size=1).filter(
        lambda t: t.strip("\n\t\u200c\u200d")
    )
)
def test_a_topic_that_cannot_be_printed_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        BookSpec(topic=f"a fox{text}", target_age="3-5", style="pixel")


def test_a_family_emoji_and_indian_joiners_are_text() -> None:
    assert BookSpec(topic="👨‍👩‍👧 क्‍ष", target_age="3-5", style="pixel").topic
