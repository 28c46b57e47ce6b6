"""The pipeline of a book, with real tables and storage and with providers that answer at once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from storybook.core.errors import ErrorCode, LeaseLost, ProviderError, StorageError
from storybook.domain.book_spec import BookSpec
from storybook.domain.jobs import LAST_TRY, LONGEST_SECONDS, JobKind, Step
from storybook.domain.orders import AudioOrder, BookOrder, Claim, DescriptionOrder, Order, PageOrder, PortraitOrder
from storybook.domain.story import StoryDraft
from storybook.main import make_kit
from storybook.models import Book, Job
from storybook.pipeline.holder import cause_of
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import MACHINE_REST
from storybook.pipeline.runner import Runner
from storybook.pipeline.work import work_on
from storybook.resources import Resources
from storybook.services import accounts, artifacts, books, characters, credits, files, jobs, orders
from storybook.storage.files import FileStorage
from tests.conftest import ROOMY
from tests.fakes import FakeAuthor, FakePainter, FakeScreen, sheet

SPEC = BookSpec(topic="a fox and a light", target_age="5-7", style="watercolor", language="en", page_count=4)


@dataclass
class House:
    """A running service without its HTTP door."""

    resources: Resources
    kit: Kit
    user_id: str

    async def ask(self, spec: BookSpec = SPEC) -> str:
        async with self.kit.database.session() as session:
            return (await orders.order_book(session, self.user_id, spec, ROOMY)).id

    async def claim(self, lease_seconds: float = 30) -> Claim:
        async with self.kit.database.session() as session:
            claim = await jobs.claim_next(session, owner="test", lease_seconds=lease_seconds)
        assert claim
        return claim

    async def run(self, job_id: str) -> Job:
        """Lets a runner work until the job has ended."""
        runner = Runner(self.kit, self.resources.settings)
        runner.start()
        try:
            async with asyncio.timeout(60):
                while (job := await self.job(job_id)).finished_at is None:
                    await asyncio.sleep(0.02)
        finally:
            await runner.stop(grace_seconds=5)
        return job

    async def resting(self, job_id: str) -> Job:
        """The job, once it waits in the queue."""
        async with asyncio.timeout(30):
            while (job := await self.job(job_id)).wait_until is None:
                await asyncio.sleep(0.02)
        return job

    async def job(self, job_id: str) -> Job:
        async with self.kit.database.session() as session:
            return await jobs.get(session, self.user_id, job_id)

    async def book(self, job_id: str) -> Book | None:
        async with self.kit.database.session() as session:
            return await books.find_of_job(session, job_id)

    async def balance(self) -> int:
        async with self.kit.database.session() as session:
            return await credits.balance(session, self.user_id)

    def files(self) -> list[Path]:
        return [path for path in (self.resources.settings.storybook_data_dir / "assets").rglob("*") if path.is_file()]


@pytest.fixture
async def house(resources: Resources) -> House:
    kit = make_kit(resources)
    impatient = {step: policy._replace(waits=(0.0,) * len(policy.waits)) for step, policy in kit.policies.items()}
    async with kit.database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key("a-key-of-a-user", pepper="pepper"))
    return House(resources, replace(kit, policies=impatient, storage_waits=(0.0, 0.0)), user_id)


async def test_a_book_goes_through_all_steps_onto_the_shelf(house: House, author: FakeAuthor) -> None:
    job_id = await house.ask()
    job = await house.run(job_id)
    book = await house.book(job_id)
    assert (job.status, job.progress, job.current_step) == ("done", 100, "done")
    assert book
    assert [page.page_number for page in book.pages] == [1, 2, 3, 4]
    assert book.made_by == {"text": "fake-author", "image": "fake-painter", "moderation": "fake-screen"}
    assert len(house.files()) == 5
    assert await house.balance() == 2
    assert len(author.stories) == len(author.casts) == 1


async def test_pictures_are_drawn_side_by_side_but_not_more_than_allowed(house: House, painter: FakePainter) -> None:
    painter.gate.clear()
    job_id = await house.ask(SPEC.model_copy(update={"page_count": 12}))
    working = asyncio.create_task(house.run(job_id))
    async with asyncio.timeout(30):
        while painter.drawing < 3:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert {request.prompt.page_number for request in painter.drawn} == {0, 1, 2}
    painter.gate.set()
    await working
    assert len(painter.drawn) == 13
    assert painter.at_once == house.kit.pictures_at_once == 3


async def test_the_story_is_written_while_the_request_is_judged_and_nothing_is_drawn_before(
    house: House, author: FakeAuthor, painter: FakePainter, screen: FakeScreen
) -> None:
    screen.request_gate.clear()
    working = asyncio.create_task(house.run(await house.ask()))
    async with asyncio.timeout(30):
        while not author.stories:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert painter.drawn == []
    screen.request_gate.set()
    assert (await working).status == "done"


async def test_an_unsafe_request_is_called_so_even_when_its_story_is_unsafe_too(
    house: House, screen: FakeScreen
) -> None:
    screen.flag_request = screen.flag_story = True
    assert (await house.run(await house.ask())).error_code == ErrorCode.SAFETY_INPUT


async def test_everything_that_is_said_of_a_chosen_character_is_judged(house: House, screen: FakeScreen) -> None:
    luna = sheet("Luna")
    async with house.kit.database.session() as session:
        character_id = await characters.keep(session, house.user_id, luna)
    await house.run(await house.ask(SPEC.model_copy(update={"character_id": character_id})))
    assert any(set(luna.texts()) <= set(check.texts) for check in screen.checked_texts)


async def test_every_picture_of_the_hero_uses_the_same_words(house: House, painter: FakePainter) -> None:
    await house.run(await house.ask())
    looks = {request.sheets for request in painter.drawn}
    assert len(looks) == 1
    (sheets,) = looks
    for request in painter.drawn:
        assert sheets[0].master_description in request.prompt.positive
    assert len({request.prompt.seed for request in painter.drawn}) == len(painter.drawn)


@pytest.mark.parametrize(
    ("prepare", "code", "drawn"),
    [
        (lambda _, __, screen: setattr(screen, "flag_request", True), ErrorCode.SAFETY_INPUT, 0),
        (lambda _, __, screen: setattr(screen, "flag_story", True), ErrorCode.SAFETY_OUTPUT, 0),
        (lambda _, __, screen: screen.flag_pictures.add(2), ErrorCode.SAFETY_OUTPUT, None),
        (
            lambda author, _, __: author.errors.append(ProviderError("no", code=ErrorCode.LLM_JSON_INVALID)),
            ErrorCode.LLM_JSON_INVALID,
            0,
        ),
        (
            lambda _, painter, __: painter.errors.update({1: [ProviderError("no", code=ErrorCode.IMAGE_FAILED)]}),
            ErrorCode.IMAGE_FAILED,
            None,
        ),
        (lambda author, _, __: author.errors.append(RuntimeError("a bug")), ErrorCode.UNKNOWN, 0),
    ],
)
async def test_a_book_that_fails_leaves_a_code_and_nothing_else(
    house: House,
    author: FakeAuthor,
    painter: FakePainter,
    screen: FakeScreen,
    prepare: Callable[[FakeAuthor, FakePainter, FakeScreen], None],
    code: ErrorCode,
    drawn: int | None,
) -> None:
    prepare(author, painter, screen)
    job_id = await house.ask()
    job = await house.run(job_id)
    assert (job.status, job.error_code) == ("failed", code)
    assert await house.book(job_id) is None
    assert await house.balance() == 3
    await files.remove_discarded(house.kit.database, house.kit.storage)
    assert house.files() == []
    assert drawn is None or len(painter.drawn) == drawn


async def test_a_failure_that_may_pass_is_tried_again(house: House, author: FakeAuthor, painter: FakePainter) -> None:
    author.errors.append(ProviderError("busy", code=ErrorCode.LLM_TIMEOUT, retryable=True))
    painter.errors[0] = [ProviderError("busy", code=ErrorCode.IMAGE_RATE_LIMIT, retryable=True)] * 2
    job = await house.run(await house.ask())
    assert job.status == "done"
    assert len(author.stories) == 2
    assert [request.prompt.page_number for request in painter.drawn].count(0) == 3


async def test_a_provider_that_hangs_ends_the_book_with_its_own_code(house: House, painter: FakePainter) -> None:
    hasty = {step: policy._replace(timeout=0.2, waits=()) for step, policy in house.kit.policies.items()}
    house.kit = replace(house.kit, policies=hasty)
    painter.gate.clear()
    job = await house.run(await house.ask())
    assert (job.status, job.error_code) == ("failed", ErrorCode.IMAGE_TIMEOUT)
    assert await house.balance() == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: draft.model_copy(update={"pages": draft.pages[:-1]}),
        lambda draft: draft.model_copy(update={"language": "ko"}),
        lambda draft: draft.model_copy(
            update={"pages": tuple(p.model_copy(update={"text": "Too long. " * 9}) for p in draft.pages)}
        ),
    ],
)
async def test_a_story_that_is_not_what_was_asked_for_is_refused(
    house: House, author: FakeAuthor, change: Callable[[StoryDraft], StoryDraft]
) -> None:
    author.change = change
    job = await house.run(await house.ask())
    assert (job.status, job.error_code) == ("failed", ErrorCode.LLM_JSON_INVALID)


async def test_what_was_paid_for_is_kept_until_the_storage_is_back(house: House, painter: FakePainter) -> None:
    storage = FullDisk(house.resources.settings.storybook_data_dir / "assets", "")
    house.kit = replace(house.kit, storage=storage, storage_waits=(0.1,) * 50)
    job_id = await house.ask()
    working = asyncio.create_task(house.run(job_id))
    async with asyncio.timeout(30):
        while storage.refused < 10:
            await asyncio.sleep(0.01)
    storage.full = False
    assert (await working).status == "done"
    numbers = [request.prompt.page_number for request in painter.drawn]
    assert sorted(numbers) == [0, 1, 2, 3, 4]


async def test_a_book_whose_storage_is_away_for_long_rests_in_the_queue_and_pays_for_nothing_meanwhile(
    house: House, painter: FakePainter
) -> None:
    storage = FullDisk(house.resources.settings.storybook_data_dir / "assets", "")
    house.kit = replace(house.kit, storage=storage)
    job_id = await house.ask()
    runner = Runner(house.kit, house.resources.settings)
    runner.start()
    job = await house.resting(job_id)
    drawn = len(painter.drawn)
    assert (job.status, await house.balance()) == ("queued", 2)
    async with house.kit.database.session() as session:
        await session.execute(Job.__table__.update().values(wait_until=None))
    async with asyncio.timeout(30):
        while (await house.job(job_id)).fence < 2 or (await house.job(job_id)).status != "queued":
            await asyncio.sleep(0.02)
    assert len(painter.drawn) == drawn
    await runner.stop(grace_seconds=5)
    storage.full = False
    async with house.kit.database.session() as session:
        await session.execute(Job.__table__.update().values(wait_until=None))
    assert (await house.run(job_id)).status == "done"


async def test_a_book_that_was_interrupted_goes_on_where_it_stood(
    house: House, author: FakeAuthor, painter: FakePainter
) -> None:
    job_id = await house.ask()
    painter.gate.clear()
    first = asyncio.create_task(work_on(await house.claim(), house.kit))
    async with asyncio.timeout(30):
        while painter.drawing < 3:
            await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    painter.gate.set()
    async with house.kit.database.session() as session:
        await session.execute(Job.__table__.update().values(status="queued", lease_until=None))
    job = await house.run(job_id)
    assert job.status == "done"
    assert len(author.stories) == len(author.casts) == 1


async def test_pictures_that_are_stored_are_not_drawn_again(house: House, painter: FakePainter) -> None:
    await house.ask()
    claim = await house.claim()
    painter.errors[3] = [RuntimeError("the process dies")]
    with pytest.raises(BaseExceptionGroup):
        await work_on(claim, house.kit)
    async with house.kit.database.session() as session:
        stored = {page for step, page in await artifacts.load(session, claim.job_id) if step is Step.GENERATE_IMAGES}
        await session.execute(Job.__table__.update().values(status="queued", lease_until=None))
    before = len(painter.drawn)
    await work_on(await house.claim(), house.kit)
    again = {request.prompt.page_number for request in painter.drawn[before:]}
    assert stored | again == {0, 1, 2, 3, 4}
    assert 3 in again
    assert not stored & again


async def test_a_book_whose_story_only_newer_processes_can_read_waits_for_one_with_its_credit(
    house: House, rows: Any, author: FakeAuthor, painter: FakePainter
) -> None:
    job_id = await house.ask()
    claim = await house.claim()
    painter.errors[1] = [RuntimeError("the process dies")]
    with pytest.raises(BaseExceptionGroup):
        await work_on(claim, house.kit)
    await rows("UPDATE story_drafts SET draft = draft || '{\"moods\": []}' RETURNING 1")
    await rows("UPDATE jobs SET status = 'queued', lease_owner = NULL, lease_until = NULL RETURNING 1")
    runner = Runner(house.kit, house.resources.settings)
    runner.start()
    job = await house.resting(job_id)
    await runner.stop(grace_seconds=5)
    assert (job.status, job.waits_for, await house.balance()) == ("queued", "UNKNOWN", 2)
    await rows("UPDATE story_drafts SET draft = draft - 'moods' RETURNING 1")
    await rows("UPDATE jobs SET wait_until = NULL RETURNING 1")
    assert (await house.run(job_id)).status == "done"
    assert len(author.stories) == 1


async def test_a_chosen_character_that_was_deleted_fails_the_book(house: House, author: FakeAuthor) -> None:
    async with house.kit.database.session() as session:
        character_id = await characters.keep(session, house.user_id, sheet("Luna"))
    job_id = await house.ask(SPEC.model_copy(update={"character_id": character_id}))
    async with house.kit.database.session() as session:
        await characters.remove(session, house.user_id, character_id)
    job = await house.run(job_id)
    assert (job.status, author.stories) == ("failed", [])


@pytest.mark.parametrize(("worn", "at_work"), [(0, 0), (1, 0)])
async def test_a_book_on_its_last_try_is_worked_on_alone(
    house: House, painter: FakePainter, worn: int, at_work: int
) -> None:
    ordered = [await house.ask(SPEC.model_copy(update={"topic": f"a fox {n}"})) for n in range(3)]
    async with house.kit.database.session() as session:
        await session.execute(Job.__table__.update().where(Job.id == ordered[worn]).values(recoveries=LAST_TRY))
    painter.gate.clear()
    runner = Runner(house.kit, house.resources.settings)
    runner.start()
    async with asyncio.timeout(30):
        while not painter.drawing:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    running = [number for number, job_id in enumerate(ordered) if (await house.job(job_id)).status == "running"]
    assert running == [at_work]
    painter.gate.set()
    async with asyncio.timeout(20):
        while {(await house.job(job_id)).status for job_id in ordered} != {"done"}:
            await asyncio.sleep(0.02)
    await runner.stop(grace_seconds=5)


async def test_a_book_whose_machine_fails_waits_and_not_for_ever(
    house: House, author: FakeAuthor, screen: FakeScreen
) -> None:
    screen.request_gate.clear()
    author.errors = [BlockingIOError("no process can be started")] * 2
    job_id = await house.ask()
    runner = Runner(house.kit, house.resources.settings)
    runner.start()
    job = await house.resting(job_id)
    assert (job.status, job.waited_seconds, await house.balance()) == ("queued", MACHINE_REST, 2)
    async with house.kit.database.session() as session:
        await session.execute(Job.__table__.update().values(wait_until=None, waited_seconds=LONGEST_SECONDS))
    async with asyncio.timeout(30):
        while (job := await house.job(job_id)).finished_at is None:
            await asyncio.sleep(0.02)
    await runner.stop(grace_seconds=5)
    assert (job.status, job.error_code, await house.balance()) == ("failed", "UNKNOWN", 3)


async def test_a_runner_that_stops_hands_its_job_back(house: House, painter: FakePainter) -> None:
    job_id = await house.ask()
    painter.gate.clear()
    runner = Runner(house.kit, house.resources.settings)
    runner.start()
    async with asyncio.timeout(30):
        while painter.drawing < 3:
            await asyncio.sleep(0.01)
    await runner.stop(grace_seconds=0.1)
    assert (await house.job(job_id)).status == "queued"
    painter.gate.set()
    assert (await house.run(job_id)).status == "done"


class DiedError(BaseException):
    """The process is gone, and says nothing."""


class DeadlyStorage(FileStorage):
    async def check(self) -> None:
        raise DiedError


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        (JobKind.BOOK, BookOrder(spec=SPEC)),
        (JobKind.PAGE, PageOrder(book_id="book_1", page_number=1, mode="image", language="en")),
        (JobKind.AUDIO, AudioOrder(book_id="book_1", language="en")),
        (JobKind.PORTRAIT, PortraitOrder(character_id="char_1", style="cartoon")),
        (JobKind.DESCRIPTION, DescriptionOrder(book_id="book_1", language="en", pictures=5)),
    ],
    ids=list(JobKind),
)
async def test_whoever_dies_of_a_job_that_was_begun_before_has_begun_it_however_early(
    house: House, kind: JobKind, order: Order
) -> None:
    kit = replace(house.kit, storage=DeadlyStorage(house.resources.settings.storybook_data_dir / "assets", ""))
    async with kit.database.session() as session:
        await jobs.start(session, house.user_id, kind, order, ROOMY)
    for recoveries in (0, 0, 1, 2):
        claim = await house.claim(lease_seconds=0)
        assert claim.recoveries == recoveries
        if claim.fence > 1:
            with pytest.raises(DiedError):
                await work_on(claim, kit)


def test_a_lost_lease_decides_before_any_other_failure() -> None:
    lost = LeaseLost("job")
    failures = BaseExceptionGroup("", [RuntimeError(), ExceptionGroup("", [StorageError("disk"), lost])])
    assert cause_of(failures) is lost


class FullDisk(FileStorage):
    """A storage that can be read and deleted from, but not written to while it is `full`."""

    full = True
    refused = 0

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        self._require_room()
        await super().put(key, data, media_type)

    async def check(self) -> None:
        self._require_room()
        await super().check()

    def _require_room(self) -> None:
        if self.full:
            self.refused += 1
            raise StorageError("The disk is full.")
