"""The chain of one picture: words, drawing, storage, check."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import NamedTuple

from storybook.core.metrics import trying
from storybook.domain.book_spec import BookSpec
from storybook.domain.characters import CastSheet
from storybook.domain.jobs import Step
from storybook.domain.moderation import Verdict
from storybook.domain.pictures import Picture, PicturePrompt
from storybook.domain.story import PORTRAIT, Actor, Scene
from storybook.pipeline.steps import generate_images
from storybook.pipeline.steps.generate_image_prompts import generate_image_prompt
from storybook.pipeline.steps.generate_images import StoredPicture
from storybook.pipeline.steps.moderate_output import judge_picture
from storybook.pipeline.workbench import Workbench
from storybook.services.files import folder_of

Slots = asyncio.Semaphore | AbstractAsyncContextManager[None]
NO_LIMIT = nullcontext()


class Look(NamedTuple):
    """What all pictures of a book have in common; `names` are those of its request, `portrait` is the hero's, for
    painters that keep to one.
    """

    spec: BookSpec
    cast: CastSheet
    names: tuple[str, ...]
    portrait: Picture | None


class CheckedPicture(NamedTuple):
    prompt: PicturePrompt
    stored: StoredPicture
    verdict: Verdict


async def put_into_words(bench: Workbench, number: int, scene: Scene, look: Look) -> PicturePrompt:
    """The prompt of one picture; made once."""

    async def word() -> PicturePrompt:
        forbidden = look.spec.forbidden_elements or ()
        with trying(Step.GENERATE_IMAGE_PROMPTS):
            return await generate_image_prompt(number, scene, look.cast, look.spec.style, forbidden, bench.claim.seed)

    return await bench.once(Step.GENERATE_IMAGE_PROMPTS, PicturePrompt, word, page=number)


async def make_picture(
    bench: Workbench,
    number: int,
    scene: Scene,
    look: Look,
    slots: Slots = NO_LIMIT,
    then_at: Callable[[], tuple[Step, int]] | None = None,
) -> tuple[CheckedPicture, Picture | None]:
    """One picture, drawn inside one of the slots, and its bytes where it was drawn just now. Readers may see it when
    its verdict is stored, and that the job is `then_at` a step and so many per cent.
    """
    async with slots:
        prompt = await put_into_words(bench, number, scene, look)
        drawn: list[Picture] = []

        async def put(picture: Picture) -> StoredPicture:
            drawn.append(picture)
            stored = generate_images.place(picture, number, folder_of(bench.claim.asset_token))
            await bench.put(stored.key, picture.data, picture.media_type)
            return stored

        stored = await bench.once_put(
            Step.GENERATE_IMAGES, StoredPicture, lambda: _draw(bench, prompt, look), put, page=number
        )

    new = drawn[-1] if drawn else None

    async def judge() -> Verdict:
        picture = new or await generate_images.fetch(stored, bench.kit.storage)
        moderation = bench.kit.providers.moderation
        return await bench.attempt(
            Step.MODERATE_OUTPUT,
            lambda: judge_picture(picture, prompt, look.spec, look.names, moderation),
            page=number,
        )

    verdict = await bench.once(Step.MODERATE_OUTPUT, Verdict, judge, page=number, then_at=then_at)
    return CheckedPicture(prompt, stored, verdict), new


async def make_portrait_of_hero(bench: Workbench, look: Look) -> Picture:
    """The hero alone, which the painter keeps to in all pictures. It is judged like any picture, and shown nowhere."""
    hero = Actor(name=look.cast.characters[0].name)
    scene = Scene(description="A character study on a plain background", place="studio", actors=(hero,))
    checked, drawn = await make_picture(bench, PORTRAIT, scene, look)
    return drawn or await generate_images.fetch(checked.stored, bench.kit.storage)


async def _draw(bench: Workbench, prompt: PicturePrompt, look: Look) -> Picture:
    number, image = prompt.page_number, bench.kit.providers.image
    if number != PORTRAIT:
        await bench.show(Step.GENERATE_IMAGES)
    return await bench.attempt(
        Step.GENERATE_IMAGES,
        lambda: generate_images.draw(prompt, look.spec.style, look.cast, look.names, image, look.portrait),
        page=number,
    )
