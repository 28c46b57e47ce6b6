"""A book is in its language, and each of its pages has words of its own."""

from typing import Any

import pytest

from storybook.domain.book_spec import BookSpec, Language
from storybook.domain.story import StoryDraft
from storybook.domain.wanted import story_faults
from storybook.providers.base import StoryRequest
from tests.fakes import draft_for

HERO = "Oliver Fox"


def spec_in(language: Language) -> BookSpec:
    return BookSpec(topic="a fox", target_age="5-7", style="watercolor", language=language, page_count=4)


def draft_in(language: Language, *, page: str = "", hero: str = HERO, **changes: Any) -> StoryDraft:
    """A good story of Oliver Fox, changed: its second page, its title or its moral."""
    written = draft_for(StoryRequest(spec=spec_in(language), seed=1)).model_dump_json().replace("Luna", hero)
    draft = StoryDraft.model_validate_json(written)
    first, second, *rest = draft.pages
    told = second.model_copy(update={"text": page or second.text})
    return draft.model_copy(update={"pages": (first, told, *rest), **changes})


@pytest.mark.parametrize(
    ("language", "changes", "fault"),
    [
        ("ja", {"page": "Oliver走进森林。月亮很明亮。"}, "page 2 is not in Japanese"),
        ("ko", {"title": "Oliver and the Moon"}, "title is not in Korean"),
        ("ja", {"title": "Oliver and the Moon"}, "title is not in Japanese"),
        ("ko", {"moral": "Small lights help."}, "moral is not in Korean"),
        ("en", {"title": "달빛"}, "title is not in English"),
    ],
)
def test_what_is_in_another_language_is_a_fault(language: Language, changes: dict[str, Any], fault: str) -> None:
    assert story_faults(draft_in(language, **changes), spec_in(language), ()) == [fault]


@pytest.mark.parametrize(
    ("language", "changes"),
    [
        ("ko", {"title": "Oliver"}),
        ("ko", {"title": "Oliver와 UFO, BINGO!"}),
        ("ja", {"title": "月夜"}),
        ("ja", {"title": "…"}),
        ("ko", {"page": "Oliver Fox는 달려요. Oliver도 가요."}),
        ("ja", {"page": "ドーン。Oliver Fox!"}),
        ("en", {"title": "Oliver and the 김치"}),
    ],
)
def test_names_and_sounds_may_be_in_any_script(language: Language, changes: dict[str, Any]) -> None:
    assert story_faults(draft_in(language, **changes), spec_in(language), ()) == []


@pytest.mark.parametrize(
    ("language", "hero", "page"),
    [
        *(("en", hero, "{0} ran, and {0} met {0}. Then {0}! Home with {0}.") for hero in ("Jack Jr.", "Emma!")),
        *(("ko", hero, "{0}는 달렸어요. {0}가 왔어요. 달이 떴어요.") for hero in ("지우!", "지우…", "Capt. 지우")),
        *(("ja", hero, "{0}は はしりました。{0}が きました。つきが でました。") for hero in ("ゆい！", "ゆい。")),
        ("en", "Anna Maria Lopez", "{0} and {0} ran. " + "The fox saw the moon, " * 7 + "{0}."),
    ],
)
def test_a_name_counts_as_one_word_and_ends_no_sentence(language: Language, hero: str, page: str) -> None:
    assert story_faults(draft_in(language, hero=hero, page=page.format(hero)), spec_in(language), ()) == []


def test_two_pages_with_the_same_words_are_a_fault() -> None:
    draft = draft_in(Language.EN)
    again = draft_in(Language.EN, page=draft.pages[3].text.upper().replace(" ", "  "))
    assert story_faults(again, spec_in(Language.EN), ()) == ["page 4 has the same words as page 2"]
