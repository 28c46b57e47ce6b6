"""The prompts, to be read."""

from collections.abc import Callable
from enum import StrEnum

from rich.console import Console

from storybook.core.templates import render
from storybook.domain.book_spec import BookSpec, HeroSpec, Language, Style, TargetAge
from storybook.domain.jobs import Step
from storybook.domain.pictures import Picture, PicturePrompt
from storybook.domain.story import COVER, Actor, CastMember, Role, Scene, StoryDraft, StoryPage
from storybook.providers import questions, sight
from storybook.providers.base import (
    DescriptionRequest,
    PictureCheck,
    PictureRequest,
    RewriteRequest,
    SheetRequest,
    SightRequest,
    StoryRequest,
    TextCheck,
)
from storybook.providers.judge import about_picture, about_texts
from storybook.providers.language import Question
from storybook.providers.painting import KEEP, words_of


class Shown(StrEnum):
    """The steps that have prompts, the page that is told or staged anew, the judge of all, and the looks at a photo and
    at a picture.
    """

    MODERATE_INPUT = Step.MODERATE_INPUT
    GENERATE_STORY = Step.GENERATE_STORY
    REWRITE_PAGE = "rewrite_page"
    RESTAGE_PAGE = "restage_page"
    GENERATE_CHARACTER_SHEET = Step.GENERATE_CHARACTER_SHEET
    GENERATE_IMAGE_PROMPTS = Step.GENERATE_IMAGE_PROMPTS
    MODERATE_OUTPUT = Step.MODERATE_OUTPUT
    JUDGE = "judge"
    DESCRIBE_PHOTO = "describe_photo"
    DESCRIBE_PICTURE = "describe_picture"


def show(step: Shown, language: Language, age: TargetAge, console: Console) -> int:
    """Prints what a model is asked in this step for an example. Nothing is sent."""
    spec = BookSpec(
        topic="Mina and the lamp that went out",
        language=language,
        target_age=age,
        style=Style.WATERCOLOR,
        character=HeroSpec(name="Mina", appearance="curly black hair, red boots"),
        forbidden_elements=("spiders",),
    )
    for title, text in _SHOWN[step](StoryRequest(spec=spec, seed=1)).items():
        console.rule(title)
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    return 0


def _story_prompts(request: StoryRequest) -> dict[str, str]:
    return _as_asked(questions.story(request).question)


def _page_prompts(request: StoryRequest) -> dict[str, str]:
    return _as_asked(questions.page(_wish(request)).question)


def _scene_prompts(request: StoryRequest) -> dict[str, str]:
    return _as_asked(questions.scene(_wish(request)).question)


def _sheet_prompts(request: StoryRequest) -> dict[str, str]:
    spec = request.spec
    wanted = SheetRequest(cast=_example(spec).cast, style=spec.style, seed=1, forbidden=spec.forbidden_elements or ())
    return _as_asked(questions.cast(wanted).question)


def _picture_prompts(request: StoryRequest) -> dict[str, str]:
    """As a vendor that may not see names is asked."""
    draft = _example(request.spec)
    values = {
        "scene": draft.cover,
        "actors": [(draft.cover.actors[0], draft.cast[0].look)],
        "style": request.spec.style,
        "is_cover": True,
        "forbidden": request.spec.forbidden_elements,
    }
    texts = {part: render(f"generate_image_prompts.{part}.jinja2", values) for part in ("positive", "negative")}
    wanted = PictureRequest(
        prompt=PicturePrompt(page_number=COVER, scene=draft.cover, seed=1, **texts),
        style=request.spec.style,
        sheets=(),
        width=1024,
        height=1024,
        names=request.names,
    )
    positive, negative = words_of(wanted, hides_names=True)
    return {"positive": positive, "positive, with a picture of the hero": KEEP + positive, "negative": negative}


def _wish_judged(request: StoryRequest) -> dict[str, str]:
    told = _check((request.spec.topic, *request.names), request)
    return _for("a request", about_texts("request", told, hides_names=True))


def _work_judged(request: StoryRequest) -> dict[str, str]:
    """Of texts and of a picture, which differ."""
    draft = _example(request.spec)
    told = _check((draft.title, draft.moral, *(page.text for page in draft.pages)), request)
    return _for("a story", about_texts("story", told, hides_names=True)) | _for(
        "a picture", about_picture(_look(draft, request), hides_names=True)
    )


def _judge_prompts(request: StoryRequest) -> dict[str, str]:
    return _wish_judged(request) | _work_judged(request)


def _check(texts: tuple[str, ...], request: StoryRequest) -> TextCheck:
    spec = request.spec
    return TextCheck(
        texts=texts,
        language=spec.language,
        target_age=spec.target_age,
        forbidden=spec.forbidden_elements or (),
        names=request.names,
    )


def _look(draft: StoryDraft, request: StoryRequest) -> PictureCheck:
    spec = request.spec
    prompt = PicturePrompt(
        page_number=COVER, scene=draft.cover, positive=draft.cover.description, negative="text, letters", seed=1
    )
    return PictureCheck(
        picture=_PICTURE,
        prompt=prompt,
        language=spec.language,
        target_age=spec.target_age,
        forbidden=spec.forbidden_elements or (),
        names=request.names,
    )


def _for(subject: str, question: Question) -> dict[str, str]:
    return {f"{part}, for {subject}": text for part, text in _as_asked(question).items()}


def _photo_prompts(request: StoryRequest) -> dict[str, str]:
    spec = request.spec
    asked = SightRequest(photo=b"", name=None, gender=None, style=spec.style, language=spec.language, seed=1)
    return _as_asked(sight.question(asked))


def _description_prompts(request: StoryRequest) -> dict[str, str]:
    spec = request.spec
    asked = DescriptionRequest(picture=_PICTURE, scene=None, language=spec.language, target_age=spec.target_age)
    return _as_asked(sight.question_about(asked))


def _wish(request: StoryRequest) -> RewriteRequest:
    return RewriteRequest(
        story=request, draft=_example(request.spec), page_number=2, feedback="Mina should laugh more", seed=1
    )


def _as_asked(question: Question) -> dict[str, str]:
    users = {f"user {number}": message.text for number, message in enumerate(question.messages, start=1)}
    return {"system": question.system, **users, "schema of the answer": questions.quoted(question.schema)}


def _example(spec: BookSpec) -> StoryDraft:
    scene = Scene(
        description="a girl holds a dark lamp on the stairs", place="an old staircase", actors=(Actor(name="Mina"),)
    )
    return StoryDraft(
        title="The Lamp",
        moral="A small light is enough.",
        language=spec.language,
        target_age=spec.target_age,
        cast=(CastMember(name="Mina", role=Role.HERO, kind="girl", look="a girl with curly black hair and red boots"),),
        cover=scene,
        pages=tuple(
            StoryPage(page_number=number, text=f"Mina climbed stair number {number}.", scene=scene)
            for number in range(1, spec.page_count + 1)
        ),
    )


_PICTURE = Picture(data=b"", media_type="image/jpeg", width=1, height=1, made_by="nobody")
_SHOWN: dict[Shown, Callable[[StoryRequest], dict[str, str]]] = {
    Shown.MODERATE_INPUT: _wish_judged,
    Shown.GENERATE_STORY: _story_prompts,
    Shown.REWRITE_PAGE: _page_prompts,
    Shown.RESTAGE_PAGE: _scene_prompts,
    Shown.GENERATE_CHARACTER_SHEET: _sheet_prompts,
    Shown.GENERATE_IMAGE_PROMPTS: _picture_prompts,
    Shown.MODERATE_OUTPUT: _work_judged,
    Shown.JUDGE: _judge_prompts,
    Shown.DESCRIBE_PHOTO: _photo_prompts,
    Shown.DESCRIBE_PICTURE: _description_prompts,
}
