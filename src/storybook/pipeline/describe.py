"""The pictures of a finished book, in words."""

import asyncio
from dataclasses import dataclass, field

from storybook.core.errors import ErrorCode, JobFailed, ObjectMissing, PageChanged, StorageError
from storybook.domain.failures import not_all_described
from storybook.domain.jobs import Step, progress_of_descriptions
from storybook.domain.moderation import Verdict
from storybook.domain.orders import Claim, DescriptionOrder
from storybook.domain.story import CastMember, StoryDraft
from storybook.models.jobs import WHOLE_BOOK
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import without_storage
from storybook.pipeline.rounds import until_unchanged
from storybook.pipeline.steps import generate_images
from storybook.pipeline.steps.describe_pictures import StoredDescription, describe_picture, judge_description
from storybook.pipeline.steps.generate_images import StoredPicture
from storybook.pipeline.steps.normalize import Request
from storybook.pipeline.workbench import Workbench, together
from storybook.services import artifacts, books, descriptions
from storybook.services.descriptions import Described, Painted


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

    Words that are flagged are not shown: their picture stays without, and the reader is told. A picture that is
    changed meanwhile is described again; the words for all others are kept.
    """
    bench = await Workbench.open(claim, kit, Step.DESCRIBE_PICTURES)
    await until_unchanged(lambda: _describe_all(bench, order))


async def _describe_all(bench: Workbench, order: DescriptionOrder) -> bool:
    """Whether all pictures were gone through; not where one of them was changed. Raises NotFound."""
    database = bench.kit.database
    task = await _task(bench, order)
    described = await together(*(_described(task, painted) for painted in task.painted))
    if gone := [painted.key for painted, one in zip(task.painted, described, strict=True) if one is None]:
        async with database.session() as session:
            if await descriptions.are_shown(session, order.book_id, gone):
                raise JobFailed(ErrorCode.STORAGE_UPLOAD_FAILED, "a stored picture is gone")
        return False
    found = [one for one in described if one]
    note = None if all(one.text for one in found) else not_all_described(order.language)
    try:
        async with database.session() as session:
            await descriptions.give(session, bench.claim, order.book_id, found, note)
    except PageChanged:
        return False
    return True


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


async def _described(task: _Task, painted: Painted) -> Described | None:
    """The words for a picture, or that there are none fit to be shown; None where its file is gone."""
    async with task.slots:
        try:
            text = await _text_of(task, painted)
        except ObjectMissing:
            return None
        verdict = await _judged(task, painted.number, text)
    return Described(painted.number, painted.key, text if verdict.allowed else None)


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
