"""Every line of the log says whose request or job it is about, and none says what was asked for."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog

from storybook.core.errors import ErrorCode, ProviderError
from storybook.core.logs import configure_logs
from tests.conftest import USER_KEY
from tests.fakes import FakePainter
from tests.fixtures_traces import Recording, recorded

SPEC = {"topic": "Theodora finds a lantern", "language": "en", "target_age": "5-7", "style": "cartoon", "page_count": 4}


@pytest.fixture
def recording() -> Iterator[Recording]:
    with recorded(reads=0.0) as everything:
        yield everything


@pytest.fixture
def _logs_of_production(client: httpx.AsyncClient) -> Iterator[None]:
    before = structlog.get_config()
    configure_logs("info", as_json=True)
    yield
    structlog.configure(**before)


async def made(client: httpx.AsyncClient) -> str:
    """The id of a book's job, at its end."""
    job_id = str((await client.post("/v1/books", json=SPEC)).raise_for_status().json()["job_id"])
    async with asyncio.timeout(30):
        while (await client.get(f"/v1/books/{job_id}")).json()["status"] not in ("done", "failed"):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.1)
    return job_id


@pytest.mark.usefixtures("_logs_of_production")
async def test_all_lines_of_a_book_are_found_by_its_ids(
    recording: Recording, client: httpx.AsyncClient, painter: FakePainter, capsys: pytest.CaptureFixture[str]
) -> None:
    painter.errors[0] = [ProviderError("no picture of Theodora", code=ErrorCode.IMAGE_FAILED, retryable=True)]
    job_id = await made(client)
    text = capsys.readouterr().err
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    assert all({"request_id", "job_id"} & line.keys() for line in lines)
    ordered = next(line for line in lines if line["event"] == "request" and line["method"] == "POST")
    polled = [line for line in lines if line["event"] == "request" and line["method"] == "GET"]
    worked = [line for line in lines if line["event"].startswith(("job_", "step_"))]
    assert {line["job_id"] for line in [*polled, *worked]} == {job_id}
    assert {line["user"] for line in [ordered, *polled, *worked]} == {ordered["user"]}
    assert {line["trace_id"] for line in [ordered, *worked]} == {ordered["trace_id"]}
    assert {f"{span.trace:032x}" for span in recording.spans} == {ordered["trace_id"]}
    [failed] = [line for line in worked if line["event"] == "step_failed"]
    assert (failed["step"], failed["page"]) == ("generate_images", 0)
    for private in ("Theodora", "lantern", USER_KEY, "user_"):
        assert private not in text
