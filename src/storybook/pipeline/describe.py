"""The pictures of a finished book, in words."""

import asyncio
from dataclasses import dataclass, field

import structlog

from storybook.core.errors import ErrorCode, JobFailed, NotFound, ObjectMissing, StorageError
from storybook.domain.failures import not_all_described
from storybook.domain.jobs import Step, progress_of_descriptions
from storybook.domain.moderation import Verdict
from storybook.domain.orders import Claim, DescriptionOrder
from storybook.domain.story import CastMember, StoryDraft
from storybook.models.jobs import WHOLE_BOOK
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import without_storage
from storybook.pipeline.steps import generate_images
from storybook.pipeline.steps.describe_pictures import StoredDescription, describe_picture, judge_description
from storybook.pipeline.steps.generate_images import StoredPicture
from storybook.pipeline.steps.normalize import Request
from storybook.pipeline.workbench import Workbench, together
from storybook.services import artifacts, books, descriptions
from storybook.services.descriptions import Described, Painted

log = structlog.get_logger()


@dataclass(frozen=True)
class _Task:
    """`painted` are the pictures that have no words yet."""

    bench: Workbench
    request: Request
    cast: tuple[CastMember, ...]
    painted: tuple[Painted, ...]
    slots: asyncio.Semaphore
    ready: set[int] = field(default_factory=set)


async def describe_pictures(claim: Claim, order: DescriptionOrder, kit: Kit) -> None:
    """Puts the cover and every page's picture into words, where they have none yet.

    A picture stays without, and the reader is told, where its words are flagged, where its file is gone, or where it
    was changed meanwhile.
    """
    bench = await Workbench.open(claim, kit, Step.DESCRIBE_PICTURES)
    try:
        task = await _task(bench, order)
        described = await together(*(_described(task, painted) for painted in task.painted))
        async with kit.database.session() as session:
            told_otherwise = not_all_described(order.language)
            await descriptions.give(session, claim, order.book_id, described, told_otherwise)
    except NotFound as error:
        raise JobFailed(ErrorCode.UNKNOWN, "the book was deleted") from error


async def _task(bench: Workbench, order: DescriptionOrder) -> _Task:
    async with bench.kit.database.session() as session:
        book = await books.get(session, bench.claim.user_id, order.book_id)
        stored = await artifacts.load(session, book.job_id)
        painted = await descriptions.undescribed(session, book)
    return _Task(
        bench,
        Request.model_validate(stored[Step.NORMALIZE, WHOLE_BOOK]),
        StoryDraft.model_validate(stored[Step.GENERATE_STORY, WHOLE_BOOK]).cast,
        painted,
        asyncio.Semaphore(bench.kit.pictures_at_once),
    )


async def _described(task: _Task, painted: Painted) -> Described:
    """The words for a picture, or that there are none to be shown."""
    async with task.slots:
        try:
            text = await _text_of(task, painted)
        except ObjectMissing as error:
            log.warning("picture_gone", page=painted.number, exc_info=error)
            return Described(painted.key, None)
        verdict = await _judged(task, painted.number, text)
    return Described(painted.key, text if verdict.allowed else None)


async def _text_of(task: _Task, painted: Painted) -> str:
    """What was said of this very picture, or what is said of it now. Raises ObjectMissing."""
    bench, number, sight = task.bench, painted.number, task.bench.kit.providers.sight
    said = bench.kept(Step.DESCRIBE_PICTURES, StoredDescription, number)
    name = painted.key.rpartition("/")[2]
    if said and said.picture != name:
        await bench.discard((Step.DESCRIBE_PICTURES, number), (Step.MODERATE_OUTPUT, number))
    elif said:
        return said.text
    try:
        picture = await generate_images.fetch(StoredPicture.model_validate(painted.stored), bench.kit.storage)
    except ObjectMissing:
        raise
    except StorageError as error:
        raise without_storage(error) from error

    async def describe() -> StoredDescription:
        text = await bench.attempt(
            Step.DESCRIBE_PICTURES,
            lambda: describe_picture(picture, painted.prompt.scene, task.cast, task.request.spec, sight),
            page=number,
        )
        return StoredDescription(picture=name, text=text)

    return (await bench.once(Step.DESCRIBE_PICTURES, StoredDescription, describe, page=number)).text


async def _judged(task: _Task, number: int, text: str) -> Verdict:
    bench, request = task.bench, task.request

    async def judge() -> Verdict:
        moderation = bench.kit.providers.moderation
        return await bench.attempt(
            Step.MODERATE_OUTPUT,
            lambda: judge_description(text, request.spec, request.names, moderation),
            page=number,
        )

    def then_at() -> tuple[Step, int]:
        return Step.DESCRIBE_PICTURES, progress_of_descriptions(len(task.ready | {number}), len(task.painted))

    verdict = await bench.once(Step.MODERATE_OUTPUT, Verdict, judge, page=number, then_at=then_at)
    task.ready.add(number)
    return verdict
