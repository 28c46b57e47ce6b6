"""The pipeline of a book: which step waits for which."""

import asyncio
from typing import NamedTuple

from storybook.core.errors import ErrorCode, JobFailed, NotFound
from storybook.domain.characters import CastSheet
from storybook.domain.jobs import Step, progress_of_pictures
from storybook.domain.moderation import Verdict
from storybook.domain.orders import BookOrder, Claim
from storybook.domain.pictures import Picture, PicturePrompt
from storybook.domain.story import StoryDraft
from storybook.pipeline.kit import Kit
from storybook.pipeline.steps import generate_images
from storybook.pipeline.steps.generate_character_sheet import generate_character_sheet
from storybook.pipeline.steps.generate_image_prompts import generate_image_prompt
from storybook.pipeline.steps.generate_images import StoredPicture
from storybook.pipeline.steps.generate_story import generate_story, judge_story
from storybook.pipeline.steps.moderate_input import moderate_input
from storybook.pipeline.steps.moderate_output import BookVerdict, judge_book, judge_picture
from storybook.pipeline.steps.normalize import Request, normalize
from storybook.pipeline.steps.package import assemble
from storybook.pipeline.workbench import Workbench
from storybook.services import books, characters
from storybook.services.files import folder_of


class CheckedPicture(NamedTuple):
    prompt: PicturePrompt
    stored: StoredPicture
    verdict: Verdict


async def make_book(claim: Claim, order: BookOrder, kit: Kit) -> None:
    """Makes the book of a job, from its request to the shelf; what was made before is not made again.

    A tidies the request. B judges it while C writes. D settles the looks. Then every picture goes its own way
    through E, F and G, some of them at once. G judges the whole, H puts it on the shelf.
    """
    bench = await Workbench.open(claim, kit)
    text, moderation = kit.providers.text, kit.providers.moderation

    async def judge_request() -> Verdict:
        return await bench.attempt(Step.MODERATE_INPUT, lambda: moderate_input(request, moderation))

    async def pass_request() -> None:
        await bench.once(Step.MODERATE_INPUT, Verdict, judge_request)
        passed.set()

    async def design_cast() -> CastSheet:
        return await bench.attempt(
            Step.GENERATE_CHARACTER_SHEET, lambda: generate_character_sheet(request, draft, claim.seed, text)
        )

    request = await bench.once(Step.NORMALIZE, Request, lambda: _normalize(claim, order, kit))
    passed = asyncio.Event()
    async with asyncio.TaskGroup() as both:
        both.create_task(pass_request())
        writing = both.create_task(bench.once(Step.GENERATE_STORY, StoryDraft, lambda: _write(bench, request, passed)))
    draft = writing.result()
    cast = await bench.once(Step.GENERATE_CHARACTER_SHEET, CastSheet, design_cast)
    checked = await _picture_all(bench, request, draft, cast)
    await bench.once(
        Step.MODERATE_OUTPUT,
        BookVerdict,
        lambda: judge_book(tuple(picture.verdict for picture in checked), len(draft.scenes())),
    )
    await _put_on_the_shelf(bench, order, draft, cast, checked)


async def _normalize(claim: Claim, order: BookOrder, kit: Kit) -> Request:
    try:
        async with kit.database.session() as session:
            chosen = await characters.require_all(session, claim.user_id, order.spec.chosen_characters)
    except NotFound as error:
        raise JobFailed(ErrorCode.UNKNOWN, "a chosen character was deleted") from error
    return await normalize(order.spec, tuple(characters.sheet_of(character) for character in chosen), order.earlier)


async def _write(bench: Workbench, request: Request, passed: asyncio.Event) -> StoryDraft:
    """The story, judged once its request has passed; it is not written again when its judge has to be asked again."""
    providers = bench.kit.providers
    draft = await bench.attempt(Step.GENERATE_STORY, lambda: generate_story(request, bench.claim.seed, providers.text))
    await passed.wait()
    await bench.attempt(Step.MODERATE_OUTPUT, lambda: judge_story(draft, request, providers.moderation))
    return draft


async def _picture_all(bench: Workbench, request: Request, draft: StoryDraft, cast: CastSheet) -> list[CheckedPicture]:
    """All pictures of the book, each drawn and checked on its own; the cover first."""
    numbers = sorted(draft.scenes())
    slots = asyncio.Semaphore(bench.kit.pictures_at_once)
    ready: list[int] = []
    await bench.show(Step.GENERATE_IMAGE_PROMPTS)

    async def picture(number: int) -> CheckedPicture:
        checked = await _picture_one(bench, number, request, draft, cast, slots)
        ready.append(number)
        await bench.show(Step.GENERATE_IMAGES, progress_of_pictures(len(ready), len(numbers)))
        return checked

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(picture(number)) for number in numbers]
    return [task.result() for task in tasks]


async def _picture_one(
    bench: Workbench, number: int, request: Request, draft: StoryDraft, cast: CastSheet, slots: asyncio.Semaphore
) -> CheckedPicture:
    """The chain of one picture: words, drawing, storage, check. Readers may see it when its verdict is stored."""
    spec, kit, claim = request.spec, bench.kit, bench.claim
    folder = folder_of(claim.asset_token)
    drawn: list[Picture] = []

    async def draw_and_store() -> StoredPicture:
        await bench.show(Step.GENERATE_IMAGES)
        drawn.append(
            await bench.attempt(
                Step.GENERATE_IMAGES,
                lambda: generate_images.draw(prompt, spec.style, cast, kit.providers.image),
            )
        )
        return await generate_images.store(drawn[-1], number, folder, kit.storage, kit.storage_waits)

    async def judge() -> Verdict:
        picture = drawn[-1] if drawn else await generate_images.fetch(stored, kit.storage)
        return await bench.attempt(
            Step.MODERATE_OUTPUT,
            lambda: judge_picture(picture, prompt, spec.target_age, kit.providers.moderation),
        )

    async with slots:
        prompt = await bench.once(
            Step.GENERATE_IMAGE_PROMPTS,
            PicturePrompt,
            lambda: generate_image_prompt(
                number, draft.scenes()[number], cast, spec.style, spec.forbidden_elements or (), claim.seed
            ),
            page=number,
        )
        stored = await bench.once(Step.GENERATE_IMAGES, StoredPicture, draw_and_store, page=number)
    verdict = await bench.once(Step.MODERATE_OUTPUT, Verdict, judge, page=number)
    return CheckedPicture(prompt, stored, verdict)


async def _put_on_the_shelf(
    bench: Workbench, order: BookOrder, draft: StoryDraft, cast: CastSheet, checked: list[CheckedPicture]
) -> None:
    await bench.show(Step.PACKAGE)
    providers = bench.kit.providers
    made_by = {
        "text": providers.text.name,
        "image": checked[0].stored.made_by,
        "moderation": providers.moderation.name,
    }
    finished = assemble(
        draft, cast, [picture.prompt for picture in checked], [picture.stored for picture in checked], made_by
    )

    async def package() -> None:
        async with bench.kit.database.session() as session:
            await books.package(session, bench.claim, order, finished)

    await bench.attempt(Step.PACKAGE, package)
