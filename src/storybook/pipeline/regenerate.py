"""One page of a finished book, made again: its words, its picture or both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storybook.core.errors import ErrorCode, JobFailed, NotFound
from storybook.domain.characters import CastSheet
from storybook.domain.failures import wish_not_understood
from storybook.domain.jobs import Step
from storybook.domain.moderation import Verdict
from storybook.domain.orders import Claim, PageOrder, RegenerateMode
from storybook.domain.story import PORTRAIT, Scene, StoryDraft, StoryPage
from storybook.models import Page
from storybook.models.jobs import UNJUDGED, WHOLE_BOOK
from storybook.pipeline.kit import Kit
from storybook.pipeline.picture import CheckedPicture, Look, make_picture
from storybook.pipeline.steps import generate_images
from storybook.pipeline.steps.generate_images import StoredPicture
from storybook.pipeline.steps.moderate_input import moderate_wish
from storybook.pipeline.steps.normalize import Request
from storybook.pipeline.steps.rewrite_page import judge_page, restage_page, rewrite_page
from storybook.pipeline.workbench import Workbench
from storybook.providers.base import Revision, RewriteRequest, StoryRequest
from storybook.providers.names import Names
from storybook.services import artifacts, books, characters, jobs
from storybook.services.books import NewPage


class Original(NamedTuple):
    """What the book was made from."""

    story: StoryRequest
    draft: StoryDraft
    cast: CastSheet
    portrait: StoredPicture | None


@dataclass(frozen=True)
class _Task:
    claim: Claim
    order: PageOrder
    kit: Kit
    bench: Workbench
    original: Original


async def regenerate_page(claim: Claim, order: PageOrder, kit: Kit) -> None:
    """Replaces the page when all of it is made and checked; until then the book stays as it was."""
    bench = await Workbench.open(claim, kit, Step.MODERATE_INPUT)
    original = await _original(claim, order, kit)
    task = _Task(claim, order, kit, bench, original)
    await bench.once(Step.MODERATE_INPUT, Verdict, lambda: _judge_wish(task))
    revision = await bench.once(Step.GENERATE_STORY, Revision, lambda: _judged_revision(task))
    page = revision.page
    picture = await _redraw(task, page.scene) if order.mode is not RegenerateMode.TEXT else None
    await bench.show(Step.PACKAGE)
    async with kit.database.session() as session:
        new = NewPage(
            page_number=order.page_number,
            text=page.text if order.mode is not RegenerateMode.IMAGE else None,
            image_key=picture.stored.key if picture else None,
            image_prompt=picture.prompt.positive if picture else None,
            scene=page.scene,
            note=None if revision.understood else wish_not_understood(order.language),
        )
        try:
            await books.replace_page(session, claim, order.book_id, new)
        except NotFound as error:
            raise JobFailed(ErrorCode.UNKNOWN, "the book was deleted") from error


async def _original(claim: Claim, order: PageOrder, kit: Kit) -> Original:
    try:
        async with kit.database.session() as session:
            book = await books.get(session, claim.user_id, order.book_id)
            job = await jobs.get(session, claim.user_id, book.job_id)
            stored = await artifacts.load(session, job.id)
            told_names = await characters.told_names(session, claim.user_id)
    except NotFound as error:
        raise JobFailed(ErrorCode.UNKNOWN, "the book was deleted") from error
    request = Request.model_validate(stored[Step.NORMALIZE, WHOLE_BOOK])
    portrait = stored.get((Step.GENERATE_IMAGES, PORTRAIT))
    draft = _as_it_stands_now(StoryDraft.model_validate(stored[Step.GENERATE_STORY, WHOLE_BOOK]), book.pages)
    return Original(
        story=_knowing(told_names, request.story(job.seed), draft, order.feedback),
        draft=draft,
        cast=CastSheet.model_validate(stored[Step.GENERATE_CHARACTER_SHEET, WHOLE_BOOK]),
        portrait=StoredPicture.model_validate(portrait) if portrait else None,
    )


def _knowing(told_names: Sequence[str], story: StoryRequest, draft: StoryDraft, wish: str | None) -> StoryRequest:
    """The story's request with those of the user's names, too, of which only the wish or an older book speaks."""
    hidden = Names((*story.names, *(member.name for member in draft.cast)), draft.language)
    others = hidden.spoken_of(told_names, [story, draft, wish])
    return story.model_copy(update={"spoken_of": (*story.spoken_of, *others)})


def _as_it_stands_now(draft: StoryDraft, pages: list[Page]) -> StoryDraft:
    """The story with the words and scenes that its pages have by now."""
    now = {page.page_number: page for page in pages}
    told = tuple(
        StoryPage(
            page_number=page.page_number,
            text=now[page.page_number].text,
            scene=Scene.model_validate(now[page.page_number].scene or page.scene),
        )
        for page in draft.pages
    )
    return draft.model_copy(update={"pages": told})


async def _judge_wish(task: _Task) -> Verdict:
    return await task.bench.attempt(
        Step.MODERATE_INPUT,
        lambda: moderate_wish(
            task.order.feedback, task.original.story, task.original.draft, task.kit.providers.moderation
        ),
    )


async def _judged_revision(task: _Task) -> Revision:
    """The page as the reader wishes it; it is kept before it is judged, as a story is."""
    bench, moderation, request = task.bench, task.kit.providers.moderation, _rewriting(task)
    revision = await bench.once(Step.GENERATE_STORY, Revision, lambda: _revise(task, request), page=UNJUDGED)
    await bench.attempt(Step.MODERATE_OUTPUT, lambda: judge_page(revision.page, request, moderation))
    return revision


async def _revise(task: _Task, request: RewriteRequest) -> Revision:
    """Other words, or only another scene where the page shall have another picture."""
    revise = restage_page if task.order.mode is RegenerateMode.IMAGE else rewrite_page
    return await task.bench.attempt(Step.GENERATE_STORY, lambda: revise(request, task.kit.providers.text))


def _rewriting(task: _Task) -> RewriteRequest:
    return RewriteRequest(
        story=task.original.story,
        draft=task.original.draft,
        page_number=task.order.page_number,
        feedback=task.order.feedback,
        seed=task.claim.seed,
    )


async def _redraw(task: _Task, scene: Scene) -> CheckedPicture:
    original, image = task.original, task.kit.providers.image
    look = Look(original.story.spec, original.cast, original.story.names, None)
    if image.takes_reference and original.portrait:
        look = look._replace(portrait=await generate_images.fetch(original.portrait, task.kit.storage))
    checked, _ = await make_picture(task.bench, task.order.page_number, scene, look)
    return checked
