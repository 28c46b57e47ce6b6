"""Files in flight when their job is stopped: none is left behind."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from storybook.domain.book_spec import BookSpec
from storybook.main import make_kit
from storybook.pipeline.runner import Runner
from storybook.resources import Resources
from storybook.services import accounts, files, jobs, orders
from storybook.services.quotas import Quotas
from storybook.storage.files import FileStorage

SPEC = BookSpec(topic="a fox and a light", target_age="5-7", style="watercolor", language="en", page_count=4)


class SlowStorage(FileStorage):
    """Writes nothing before `gate` is open; `begun` says that a write waits for it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "")
        self.begun, self.gate = threading.Event(), threading.Event()

    def _inside(self, key: str) -> Path:
        if threading.current_thread() is not threading.main_thread() and key.endswith(".png"):
            self.begun.set()
            self.gate.wait(20)
        return super()._inside(key)


async def test_a_picture_in_flight_when_its_book_is_stopped_is_not_left_behind(
    resources: Resources, tmp_path: Path
) -> None:
    storage = SlowStorage(tmp_path / "slow")
    kit = replace(make_kit(resources), storage=storage)
    async with kit.database.session() as session:
        user_id = await accounts.sign_in(session, accounts.hash_user_key("a-key-of-a-user", pepper="pepper"))
        job_id = (await orders.order_book(session, user_id, SPEC, Quotas.of(resources.settings))).id
    runner = Runner(kit, resources.settings.model_copy(update={"heartbeat_seconds": 0.1}))
    runner.start()
    await asyncio.to_thread(storage.begun.wait, 10)
    async with kit.database.session() as session:
        await jobs.cancel(session, user_id, job_id)
    await asyncio.sleep(0.5)
    storage.gate.set()
    await runner.stop(grace_seconds=5)
    await files.remove_discarded(kit.database, storage)
    assert [path for path in (tmp_path / "slow").rglob("*") if path.is_file()] == []


async def test_a_write_that_is_cancelled_has_ended_when_its_caller_goes_on(tmp_path: Path) -> None:
    storage = SlowStorage(tmp_path)
    writing = asyncio.create_task(storage.put("books/a/b.png", b"x", "image/png"))
    await asyncio.to_thread(storage.begun.wait, 10)
    writing.cancel()
    await asyncio.sleep(0.05)
    storage.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert (await storage.get("books/a/b.png")).data == b"x"
