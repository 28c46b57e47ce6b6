"""The studio's screen lets the studio's own stories pass: each is prose that was checked beforehand."""

from itertools import product

import pytest

from storybook.domain.book_spec import BookSpec, Language, Style, TargetAge
from storybook.providers.base import StoryRequest
from storybook.providers.studio import screen, writer

TOPICS = {
    Language.EN: ["a bear", "a fox who is afraid of the dark", "a robot wants a friend", "a whale at sea"],
    Language.KO: ["곰", "어둠이 무서운 여우", "이 닦기", "길 잃은 고양이"],
    Language.JA: ["くま", "くらやみがこわいきつね", "はみがき", "友だちがほしいロボット"],
}
SEEDS = [1, 7919, 15838, 63352, 1154688680]


@pytest.mark.parametrize(("language", "age"), list(product(Language, TargetAge)))
def test_no_story_of_the_studio_is_flagged_by_its_own_screen(language: Language, age: TargetAge) -> None:
    for topic, seed in product(TOPICS[language], SEEDS):
        spec = BookSpec(topic=topic, language=language, target_age=age, style=Style.CARTOON, page_count=12)
        draft = writer.write_story(StoryRequest(spec=spec, seed=seed))
        texts = (draft.title, draft.moral, *(page.text for page in draft.pages))
        assert [text for text in texts if screen.judge((text,), target_age=age)] == []
