"""Pictures in words over the vendors' wires: each is looked at once, alone, and paid for to the micro-dollar."""

import asyncio
import base64
import json
from pathlib import Path

import pytest

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.core.settings import Settings
from storybook.domain.calls import Kind
from storybook.domain.jobs import Step
from storybook.pipeline.runner import Runner
from storybook.services import orders
from tests.adapters.test_book import NAMES, accounts_agree, spec_of
from tests.fixtures_press import press
from tests.fixtures_simulator import Simulated, settings_for
from tests.simulator.faults import Fault

PICTURES = 5
"""The cover and four pages."""
VENDORS = ["openai", "anthropic"]


def settings_of(sight: str, simulator: Simulated, folder: Path) -> Settings:
    house = {"llm": sight, "image": "fal", "tts": "elevenlabs", "moderation": "openai,judge", "sight": sight}
    more = {"sweep_seconds": 0.05, "lease_seconds": 30, "heartbeat_seconds": 10, "budget_per_book": 90}
    return settings_for(simulator, folder, **house, **more, budget_per_user_day=900, personal_data_vendors=(sight,))


@pytest.mark.parametrize(("sight", "language"), [("openai", "en"), ("openai", "ko"), ("anthropic", "ja")])
async def test_each_picture_is_looked_at_once_and_alone(
    sight: str, language: str, simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    async with press(settings_of(sight, simulator, tmp_path), database, cpu) as made:
        spec = spec_of(language)
        book_job = await made.book(spec)
        simulator.record()
        job = await made.descriptions(book_job)
        assert (job.status, job.note) == ("done", None)
        book = await made.book_of(book_job)
        assert all([book.cover_alt_text, *(page.alt_text for page in book.pages)])
        assert simulator.posts(kind="sight") == PICTURES
        assert (await made.descriptions(book_job)).status == "done"
        assert simulator.posts(kind="sight") == PICTURES
        await accounts_agree(made, simulator)
        calls = [call for call in await made.calls() if call.kind == Kind.SIGHT]
        assert sorted((call.job_id, call.step, call.page) for call in calls) == [
            (job.id, Step.DESCRIBE_PICTURES, number) for number in range(PICTURES)
        ]
        asked = [json.dumps(call["body"]) for call in simulator.bodies() if call["kind"] == "sight"]
        keys = (book.cover_key, *(page.image_key for page in book.pages))
        pictures = [base64.b64encode((await made.kit.storage.get(key)).data).decode() for key in keys]
        said = [*(page.text for page in book.pages), book.title, spec.topic, NAMES[language], "red hair"]
    assert [sum(picture in body for body in asked) for picture in pictures] == [1] * PICTURES
    assert [words for words in said if any(words in body for body in asked)] == []


@pytest.mark.parametrize("sight", VENDORS)
async def test_an_answer_of_no_use_is_sent_back_once_and_then_ends_the_job(
    sight: str, simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    async with press(settings_of(sight, simulator, tmp_path), database, cpu) as made:
        book_job = await made.book(spec_of("en"))
        simulator.goes_wrong(Fault.WRONG_CONTENT, kind="sight")
        assert (await made.descriptions(book_job)).status == "done"
        assert simulator.posts(kind="sight") == PICTURES + 1
        await accounts_agree(made, simulator)
        book = await made.book_of(book_job)
        async with made.kit.database.session() as session:
            shown = await session.merge(book.pages[0])
            shown.alt_text = None
        simulator.goes_wrong(Fault.WRONG_CONTENT, kind="sight", times=None)
        job = await made.descriptions(book_job)
        assert (job.status, job.error_code) == ("failed", "LLM_JSON_INVALID")
        assert simulator.posts(kind="sight") == PICTURES + 1 + 2
        assert (await made.book_of(book_job)).pages[0].alt_text is None
        await accounts_agree(made, simulator)


async def test_who_is_stopped_in_the_middle_pays_for_nothing_twice(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    async with press(settings_of("openai", simulator, tmp_path), database, cpu) as made:
        book_job = await made.book(spec_of("en"))
        simulator.takes(0.3, kind="sight")
        book = await made.book_of(book_job)
        async with made.kit.database.session() as session:
            job_id = await orders.order_descriptions(session, made.user_id, book.id, made.quotas)
        runner = Runner(made.kit, made.settings)
        runner.start()
        async with asyncio.timeout(30):
            while simulator.posts(kind="sight") < 2:
                await asyncio.sleep(0.02)
        await runner.stop(grace_seconds=20)
        assert simulator.posts(kind="sight") < PICTURES
        assert (await made.ended(job_id)).status == "done"
        await accounts_agree(made, simulator)
        assert simulator.posts(kind="sight") == PICTURES
