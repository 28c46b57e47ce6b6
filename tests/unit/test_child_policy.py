"""What judges and writers are told for the sake of children, word for word as a grown-up has read it."""

from pathlib import Path

import pytest

from storybook.core.templates import render
from storybook.domain.book_spec import Language, Style, TargetAge
from storybook.domain.pictures import Picture
from storybook.domain.story import CastMember, Role
from storybook.providers import questions, sight
from storybook.providers.base import DescriptionRequest, PictureCheck, RewriteRequest, SheetRequest, TextCheck
from storybook.providers.judge import about_picture, about_texts
from tests.fakes import draft_for
from tests.fixtures_calls import PROMPT
from tests.fixtures_language import a_request

READ = Path(__file__).with_name("child_policy.txt")
ABOUT = {
    "request": {"words", "request"},
    "story": {"words", "story"},
    "plain": {"picture", "plain"},
    "unwanted": {"picture", "unwanted"},
}
PICTURE = Picture(data=b"", media_type="image/jpeg", width=1, height=1, made_by="nobody")


def expected(subject: str, age: TargetAge) -> list[str]:
    about = {"all", *ABOUT[subject], age.value}
    told = [line.split(maxsplit=1) for line in READ.read_text(encoding="utf-8").splitlines()]
    return [words[1] for words in told if words and words[0] in about]


def judged_by(subject: str, age: TargetAge) -> list[str]:
    """What the judge is told, without blank lines."""
    if "picture" in ABOUT[subject]:
        forbidden = ("spiders",) if subject == "unwanted" else ()
        shown = PictureCheck(picture=PICTURE, prompt=PROMPT, language=Language.KO, target_age=age, forbidden=forbidden)
        system = about_picture(shown, hides_names=True).system
    else:
        texts = TextCheck(texts=("A fox.",), language=Language.KO, target_age=age)
        system = about_texts(subject, texts, hides_names=True).system
    return list(filter(None, system.splitlines()))


@pytest.mark.parametrize("age", TargetAge)
@pytest.mark.parametrize("subject", ABOUT)
def test_the_judge_is_told_what_a_grown_up_has_read(subject: str, age: TargetAge) -> None:
    first, *told = judged_by(subject, age)
    assert ("grown-ups" if age is TargetAge.ADULT else f"children of {age} years") in first
    assert "For each category you say `true` where it must not be shown to them, else `false`." in first
    assert told == expected(subject, age), f"read what has changed, and write it into {READ.name}"


@pytest.mark.parametrize("age", TargetAge)
def test_whoever_writes_is_told_what_no_page_may_hold(age: TargetAge) -> None:
    story = a_request(target_age=age)
    page = RewriteRequest(story=story, draft=draft_for(story), page_number=1, feedback=None, seed=1)
    member = CastMember(name="Luna", role=Role.HERO, kind="fox", look="red", traits=())
    cast = SheetRequest(cast=(member,), style=Style.CARTOON, seed=1, forbidden=())
    picture = DescriptionRequest(picture=PICTURE, scene=None, language=Language.EN, target_age=age)
    asked = [questions.story(story).question, questions.page(page).question, questions.scene(page).question]
    for question in (*asked, sight.question_about(picture)):
        assert policy_of(age) in question.system
    assert policy_of(TargetAge.EARLY_READER) in questions.cast(cast).question.system


def policy_of(age: TargetAge) -> str:
    return render("_child_policy.jinja2", {"age": age.value}).strip()
