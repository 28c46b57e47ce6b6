"""The pipeline of a book: which step waits for which."""

import asyncio

from storybook.core.errors import ErrorCode, JobFailed, NotFound
from storybook.core.metrics import trying
from storybook.domain.characters import CastSheet
from storybook.domain.jobs import Step, progress_of_pictures
from storybook.domain.moderation import Verdict
from storybook.domain.orders import BookOrder, Claim
from storybook.domain.story import FIRST_PAGE, StoryDraft
from storybook.models.jobs import UNJUDGED, WHOLE_BOOK
from storybook.pipeline.kit import Kit
from storybook.pipeline.picture import CheckedPicture, Look, make_picture, make_portrait_of_hero, put_into_words
from storybook.pipeline.steps.generate_character_sheet import generate_character_sheet, judge_looks
from storybook.pipeline.steps.generate_story import generate_story, judge_story
from storybook.pipeline.steps.moderate_input import moderate_input, screen_input
from storybook.pipeline.steps.moderate_output import BookVerdict, judge_book
from storybook.pipeline.steps.normalize import Request, normalize
from storybook.pipeline.steps.package import assemble
from storybook.pipeline.workbench import Workbench, together
from storybook.services import books, characters


async def make_book(claim: Claim, order: BookOrder, kit: Kit) -> None:
    """Makes the book of a job, from its request to the shelf; what was made before is not made again.

    A tidies the request. B judges it: our own rules before any vendor reads it, the others while C writes. D settles
    the looks. Then every picture goes its own way through E, F and G, some of them at once. G judges the whole, H puts
    it on the shelf.
    """
    bench = await Workbench.open(claim, kit, Step.NORMALIZE)
    moderation = kit.providers.moderation

    async def judge_request() -> Verdict:
        return await bench.attempt(Step.MODERATE_INPUT, lambda: moderate_input(request, moderation))

    async def pass_request() -> Verdict:
        return await bench.once(Step.MODERATE_INPUT, Verdict, judge_request)

    request = await bench.once(Step.NORMALIZE, Request, lambda: _normalize(claim, order, kit))
    await bench.attempt(Step.MODERATE_INPUT, lambda: screen_input(request, moderation))
    await together(pass_request(), _write(bench, request))
    draft = await bench.once(Step.GENERATE_STORY, StoryDraft, lambda: _judged_story(bench, request))
    cast = await _design(bench, request, draft)
    look = Look(request.spec, cast, request.names, None)
    if kit.providers.image.takes_reference:
        look = await _with_portrait(bench, request, draft, look)
    else:
        await _pass_looks(bench, request, cast)
    checked = await _picture_all(bench, draft, look)
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
            told_names = await characters.told_names(session, claim.user_id)
    except NotFound as error:
        raise JobFailed(ErrorCode.UNKNOWN, "a chosen character was deleted") from error
    with trying(Step.NORMALIZE):
        sheets = tuple(characters.sheet_of(character) for character in chosen)
        return await normalize(order.spec, sheets, order.earlier, told_names)


async def _write(bench: Workbench, request: Request) -> StoryDraft:
    """The story as it comes from its writer; it is kept, so that it is not paid for again when its judge is away."""
    await bench.show(Step.GENERATE_STORY)

    async def write() -> StoryDraft:
        return await bench.attempt(
            Step.GENERATE_STORY, lambda: generate_story(request, bench.claim.seed, bench.kit.providers.text)
        )

    return await bench.once(Step.GENERATE_STORY, StoryDraft, write, page=UNJUDGED)


async def _judged_story(bench: Workbench, request: Request) -> StoryDraft:
    draft = await _write(bench, request)
    moderation = bench.kit.providers.moderation
    await bench.attempt(Step.MODERATE_OUTPUT, lambda: judge_story(draft, request, moderation))
    return draft


async def _design(bench: Workbench, request: Request, draft: StoryDraft) -> CastSheet:
    """How everyone looks, as its writer says it; it is kept as the story is."""
    if judged := bench.kept(Step.GENERATE_CHARACTER_SHEET, CastSheet, WHOLE_BOOK):
        return judged
    await bench.show(Step.GENERATE_CHARACTER_SHEET)
    claim, text = bench.claim, bench.kit.providers.text

    async def design() -> CastSheet:
        return await bench.attempt(
            Step.GENERATE_CHARACTER_SHEET, lambda: generate_character_sheet(request, draft, claim.seed, text)
        )

    return await bench.once(Step.GENERATE_CHARACTER_SHEET, CastSheet, design, page=UNJUDGED)


async def _pass_looks(bench: Workbench, request: Request, cast: CastSheet) -> None:
    """Has the words for how everyone looks judged; no page is shown before."""
    moderation = bench.kit.providers.moderation

    async def judged() -> CastSheet:
        await bench.attempt(Step.MODERATE_OUTPUT, lambda: judge_looks(cast, request, moderation))
        return cast

    await bench.once(Step.GENERATE_CHARACTER_SHEET, CastSheet, judged)


async def _with_portrait(bench: Workbench, request: Request, draft: StoryDraft, look: Look) -> Look:
    """The look with the hero's portrait; while that is drawn, the looks are judged and all pictures put into words."""

    async def word_all() -> None:
        await bench.show(Step.GENERATE_IMAGE_PROMPTS)
        for number, scene in sorted(draft.scenes().items()):
            await put_into_words(bench, number, scene, look)
        await bench.show(Step.GENERATE_IMAGES)

    judging = _pass_looks(bench, request, look.cast)
    _, portrait, _ = await together(judging, make_portrait_of_hero(bench, look), word_all())
    return look._replace(portrait=portrait)


async def _picture_all(bench: Workbench, draft: StoryDraft, look: Look) -> list[CheckedPicture]:
    """All pictures of the book by their numbers, each drawn and checked on its own. The first page begins first: its
    reader need not wait for the cover.
    """
    scenes = draft.scenes()
    slots = asyncio.Semaphore(bench.kit.pictures_at_once)
    ready: set[int] = set()
    if look.portrait is None:
        await bench.show(Step.GENERATE_IMAGE_PROMPTS)

    def then_at(number: int) -> tuple[Step, int]:
        return Step.GENERATE_IMAGES, progress_of_pictures(len(ready | {number}), len(scenes))

    async def picture(number: int) -> CheckedPicture:
        checked, _ = await make_picture(bench, number, scenes[number], look, slots, lambda: then_at(number))
        ready.add(number)
        return checked

    begun = sorted(scenes, key=lambda number: (number != FIRST_PAGE, number))
    checked = dict(zip(begun, await together(*map(picture, begun)), strict=True))
    return [checked[number] for number in sorted(scenes)]


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
