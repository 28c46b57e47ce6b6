"""The prompts, to be read and to be measured."""

import asyncio
import time
import tomllib
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from storybook.core.cpu import CpuPool
from storybook.core.errors import ProviderError
from storybook.core.paths import bundled
from storybook.core.settings import Settings
from storybook.core.templates import render
from storybook.domain.book_spec import BookSpec, HeroSpec, Language, Style, TargetAge
from storybook.domain.calls import DOLLAR
from storybook.domain.jobs import Step
from storybook.domain.pictures import Picture
from storybook.domain.score import Score, score
from storybook.domain.story import Actor, CastMember, Role, Scene, StoryDraft, StoryPage
from storybook.providers import questions, sight
from storybook.providers.base import (
    RewriteRequest,
    SheetRequest,
    SightRequest,
    StoryRequest,
    TextCheck,
    TextProvider,
)
from storybook.providers.http import make_client
from storybook.providers.judge import about_picture, about_texts
from storybook.providers.language import Question
from storybook.providers.registry import Workshop, make_author
from storybook.providers.unmetered import Unmetered

AT_ONCE = 4
SECONDS_PER_STORY = 180


class Shown(StrEnum):
    """The steps that have prompts, the page that is told or staged anew, the judge, and the look at a photo."""

    GENERATE_STORY = Step.GENERATE_STORY
    REWRITE_PAGE = "rewrite_page"
    RESTAGE_PAGE = "restage_page"
    GENERATE_CHARACTER_SHEET = Step.GENERATE_CHARACTER_SHEET
    GENERATE_IMAGE_PROMPTS = Step.GENERATE_IMAGE_PROMPTS
    JUDGE = "judge"
    DESCRIBE_PHOTO = "describe_photo"


class Told(NamedTuple):
    """One story of the golden set: its score, or why there is none."""

    order: BookSpec
    score: Score
    seconds: float
    failed: str = ""


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


async def measure(settings: Settings, provider: str, console: Console) -> int:
    """Has the golden set written by the provider, or the configured one, and prints a score of each book.

    The exit code is 1 when a book could not be had.
    """
    if provider:
        settings = settings.model_copy(update={"llm_provider": provider})
    meter, cpu = Unmetered(), CpuPool(1)
    try:
        async with make_client() as client:
            author = make_author(Workshop(settings, cpu, client, meter))
            told = await _tell_all(author, golden(), console)
    finally:
        cpu.close()
    console.print(_table(told))
    for one in told:
        if one.failed:
            console.print(f"{one.order.topic}: {one.failed}", markup=False, highlight=False, soft_wrap=True)
    mean = sum(one.score.mean for one in told) / len(told)
    console.print(f"{author.name}: {mean:.1%} in the mean, {meter.spent / DOLLAR:.4f} dollars", highlight=False)
    return int(any(one.failed for one in told))


def golden() -> list[BookSpec]:
    """The orders of the golden set."""
    text = (bundled("prompts") / "golden.toml").read_text(encoding="utf-8")
    return [BookSpec.model_validate(order) for order in tomllib.loads(text)["order"]]


async def _tell_all(author: TextProvider, orders: list[BookSpec], console: Console) -> list[Told]:
    """A few at a time, in the order of the set."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def tell(seed: int, order: BookSpec) -> Told:
        async with turns:
            return await _tell(author, StoryRequest(spec=order, seed=seed))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(tell(seed, order)) for seed, order in enumerate(orders, start=1)]
        for task in track(tasks, "Writing", console=console, transient=True):
            await task
    return [task.result() for task in tasks]


async def _tell(author: TextProvider, request: StoryRequest) -> Told:
    began = time.monotonic()
    try:
        async with asyncio.timeout(SECONDS_PER_STORY):
            draft = await author.write_story(request)
    except (ProviderError, TimeoutError) as error:
        reason = str(error) or "took too long"
        return Told(request.spec, Score(), time.monotonic() - began, failed=reason)
    return Told(request.spec, score(draft, request.spec), time.monotonic() - began)


def _table(told: list[Told]) -> Table:
    """Shares are percents."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("order", no_wrap=True, max_width=40)
    for column in ("", "age", *Score._fields, "mean", "s"):
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    for one in told:
        shares = [f"{100 * share:.0f}" for share in (*one.score, one.score.mean)]
        table.add_row(one.order.topic, one.order.language, one.order.target_age, *shares, f"{one.seconds:.1f}")
    return table


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
    draft = _example(request.spec)
    looks = {"name": draft.cast[0].name, "master_description": draft.cast[0].look}
    values = {
        "scene": draft.cover,
        "actors": [(draft.cover.actors[0], looks)],
        "style": request.spec.style,
        "is_cover": True,
        "forbidden": request.spec.forbidden_elements,
    }
    return {part: render(f"generate_image_prompts.{part}.jinja2", values) for part in ("positive", "negative")}


def _judge_prompts(request: StoryRequest) -> dict[str, str]:
    """Of texts and of a picture, which differ."""
    spec = request.spec
    texts = tuple(page.text for page in _example(spec).pages)
    check = TextCheck(
        texts=texts,
        language=spec.language,
        target_age=spec.target_age,
        forbidden=spec.forbidden_elements or (),
        names=request.names,
    )
    picture = Picture(data=b"", media_type="image/jpeg", width=1, height=1, made_by="nobody")
    seen = _as_asked(about_picture(picture, spec.target_age))
    told = _as_asked(about_texts("story", check, hides_names=True))
    return {f"{part}, for texts": text for part, text in told.items()} | {
        f"{part}, for a picture": text for part, text in seen.items()
    }


def _photo_prompts(request: StoryRequest) -> dict[str, str]:
    spec = request.spec
    asked = SightRequest(photo=b"", name=None, gender=None, style=spec.style, language=spec.language, seed=1)
    return _as_asked(sight.question(asked))


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


_SHOWN: dict[Shown, Callable[[StoryRequest], dict[str, str]]] = {
    Shown.GENERATE_STORY: _story_prompts,
    Shown.REWRITE_PAGE: _page_prompts,
    Shown.RESTAGE_PAGE: _scene_prompts,
    Shown.GENERATE_CHARACTER_SHEET: _sheet_prompts,
    Shown.GENERATE_IMAGE_PROMPTS: _picture_prompts,
    Shown.JUDGE: _judge_prompts,
    Shown.DESCRIBE_PHOTO: _photo_prompts,
}
