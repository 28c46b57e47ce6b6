"""The studio's own books, in words of their language."""

from typing import Any

import httpx
import pytest

from storybook.core.cpu import CpuPool
from storybook.domain.alt_text import AltText
from storybook.domain.book_spec import Language
from storybook.domain.wanted import alt_text_faults
from storybook.providers.layers import Layers
from storybook.providers.studio.provider import StudioAuthor, StudioPainter, StudioScreen, StudioSight
from tests.api.conftest import SPEC, Follow

TOPICS = {"en": "a fox who is afraid of the dark", "ko": "어둠이 무서운 여우", "ja": "くらやみがこわいきつね"}
FOX = {"en": "fox", "ko": "여우", "ja": "きつね"}


@pytest.fixture
def author(cpu: CpuPool) -> StudioAuthor:
    return StudioAuthor(cpu)


@pytest.fixture
async def painter(cpu: CpuPool) -> StudioPainter:
    return StudioPainter(cpu)


@pytest.fixture
def sight(cpu: CpuPool) -> StudioSight:
    return StudioSight(cpu)


@pytest.fixture
def screen(cpu: CpuPool) -> Layers:
    return Layers([StudioScreen(cpu)])


@pytest.mark.parametrize("language", Language)
async def test_a_book_of_the_studio_is_described_in_its_language(
    client: httpx.AsyncClient, ended: Follow, language: Language
) -> None:
    spec: dict[str, Any] = SPEC | {"topic": TOPICS[language], "language": language}
    made = await ended((await client.post("/v1/books", json=spec)).json()["job_id"])
    started = (await client.post(f"/v1/books/{made['result']['book_id']}/descriptions")).json()
    job = await ended(started["job_id"])
    assert (job["status"], job["note"]) == ("done", None)
    said = [job["result"]["cover_alt_text"], *(page["alt_text"] for page in job["result"]["pages"])]
    assert [alt_text_faults(AltText(text=text), language) for text in said] == [[]] * 5
    assert all(FOX[language] in text for text in said)
