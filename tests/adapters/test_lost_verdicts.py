"""A verdict that is lost, or long in coming, costs no more than itself."""

from pathlib import Path

import pytest

from storybook.core.cpu import CpuPool
from storybook.core.database import Database
from storybook.services import portraits
from tests.adapters.test_book import SHORT_RESTS, settings_of, spec_of
from tests.adapters.test_described_pictures import settings_of as seeing
from tests.fakes import png
from tests.fixtures_press import press
from tests.fixtures_simulator import Simulated
from tests.simulator.faults import Fault

PAINTERS = ["black-forest-labs/flux-kontext-pro", "black-forest-labs/flux-schnell"]
"""One that keeps to a picture of the hero, and one that does not."""
STORY, LOOKS = 2, 3
"""How many times the judge was asked before: about the series so far, the request and, for the looks, the story."""


@pytest.mark.parametrize("model", PAINTERS)
@pytest.mark.parametrize("about", [STORY, LOOKS])
async def test_one_lost_verdict_ends_no_book(
    about: int, model: str, simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    house = {"llm": "openai", "image": "replicate", "moderation": "openai,judge", "image_model": model}
    simulator.goes_wrong(Fault.RESET_AFTER, kind="moderation", purpose="judge", after=about)
    async with press(settings_of(house, simulator, tmp_path), database, cpu) as made:
        job = await made.book(spec_of("en"))
    assert (job.status, job.error_code) == ("done", None)


async def test_a_photo_is_looked_at_once_while_its_judge_is_away(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    simulator.goes_wrong(Fault.AWAY_503, vendor="openai", kind="moderation", times=5)
    async with press(seeing("openai", simulator, tmp_path), database, cpu, SHORT_RESTS) as made:
        async with database.session() as session:
            told = {"name": "Theo", "gender": None, "style": "watercolor", "language": "en"}
            ordered = await portraits.order(session, made.user_id, png(300, 400, 9), made.quotas, **told)
        job = await made.ended(ordered.id)
    assert (job.status, job.error_code) == ("done", None)
    assert job.fence > 1
    assert simulator.posts(kind="sight") == 1


async def test_a_page_is_written_again_once_while_its_judge_is_away(
    simulator: Simulated, database: Database, cpu: CpuPool, tmp_path: Path
) -> None:
    house = {"llm": "openai", "image": "replicate", "moderation": "openai"}
    async with press(settings_of(house, simulator, tmp_path), database, cpu, SHORT_RESTS) as made:
        book = await made.book(spec_of("en"))
        before = simulator.posts(kind="text")
        simulator.goes_wrong(Fault.AWAY_503, kind="moderation", after=1, times=5)
        job = await made.page(book, 1, "she wears a blue hat")
    assert (job.status, job.error_code) == ("done", None)
    assert job.fence > 1
    assert simulator.posts(kind="text") == before + 1
