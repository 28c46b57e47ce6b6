"""What is private stays private, also where everything goes wrong: a child's name, a birthday and the keys."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from sqlalchemy import text

from storybook.core.database import Database
from storybook.core.logs import configure_logs
from storybook.main import create_app
from storybook.providers.vendors import VENDORS
from storybook.resources import Resources, open_resources
from tests.conftest import NO_LIMITS, USER_KEY
from tests.fakes import sheet
from tests.fixtures_simulator import KEY, Simulated, settings_for
from tests.simulator.faults import Fault, Place

NAME = "Theodora"
BIRTHDAY = "14 March 2019"
WISH = f"{NAME}, whose birthday is {BIRTHDAY}, learns not to fear the dark"
ORDER = {
    "topic": WISH,
    "target_age": "3-5",
    "style": "watercolor",
    "language": "en",
    "page_count": 4,
    "character": {"name": NAME, "appearance": f"{NAME} has red hair, born {BIRTHDAY}"},
    "series_context": f"{NAME} turned six on {BIRTHDAY}.",
}
HOUSES = [
    {"llm": "openai", "image": "fal", "tts": "google", "moderation": "studio,openai,judge"},
    {"llm": "anthropic", "image": "replicate", "tts": "elevenlabs", "moderation": "openai"},
]
STORIES = {"preview", "result"}
"""Where readers find the story, and so the name."""


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """All that the process has written into its logs and its output, its own words and those of packages."""
    before = structlog.get_config()
    configure_logs("debug", as_json=True)
    caplog.set_level(logging.INFO)
    yield lambda: "".join(capsys.readouterr()) + caplog.text
    structlog.configure(**before)


@asynccontextmanager
async def serving(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    """The app behind a real server: it works on jobs, and streams."""
    server = uvicorn.Server(uvicorn.Config(create_app(resources), port=0, log_config=None, access_log=True))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port, headers = server.servers[0].sockets[0].getsockname()[1], {"X-User-Key": USER_KEY}
    try:
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False, timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        await task


async def ordered(client: httpx.AsyncClient, path: str, order: dict[str, Any]) -> list[dict[str, Any]]:
    """All that was answered on the way to the end of a job, by events and by polling."""
    job_id = (await client.post(path, json=order)).raise_for_status().json()["job_id"]
    async with asyncio.timeout(60), client.stream("GET", f"/v1/books/{job_id}/events") as stream:
        lines = [line async for line in stream.aiter_lines()]
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    return [*told, (await client.get(f"/v1/books/{job_id}")).json()]


def beside_the_story(answer: dict[str, Any]) -> str:
    return json.dumps({key: part for key, part in answer.items() if key not in STORIES}, ensure_ascii=False)


async def told_by_tables(database: Database, *tables: str) -> str:
    async with database.session() as session:
        rows = [row[0] for table in tables for row in await session.execute(text(f"SELECT t::text FROM {table} t"))]  # noqa: S608
    return "\n".join(rows)


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: "-".join(house.values()))
async def test_nothing_private_gets_out_of_a_book_with_failures(
    house: dict[str, str], simulator: Simulated, database: Database, tmp_path: Path, logs: Callable[[], str]
) -> None:
    simulator.record()
    settings = settings_for(simulator, tmp_path, **house, **NO_LIMITS, database_url=database.url, budget_per_book=90)
    for kind, fault in (("text", Fault.WRONG_CONTENT), ("image", Fault.AWAY_503), ("image", Fault.RESET_AFTER)):
        simulator.goes_wrong(fault, kind=kind)
    simulator.goes_wrong(Fault.ERROR_500, kind="image", place=Place.LOOK)
    simulator.goes_wrong(Fault.BUSY, kind="moderation", after=6)
    async with open_resources(settings) as resources, serving(resources) as client:
        made = await ordered(client, "/v1/books", ORDER)
        book_id = made[-1]["result"]["book_id"]
        read = (await client.post(f"/v1/books/{book_id}/audio", json={})).json()
        spoken = await _ended(client, read["job_id"])
        named = await client.patch(f"/v1/library/{book_id}", json={"title": f"{NAME} and the night"})
        friend = sheet(f"{NAME} Lee").model_copy(update={"master_description": f"{NAME} is a child, born {BIRTHDAY}"})
        kept = await client.post("/v1/characters", json=friend.model_dump())
        assert (named.status_code, kept.status_code) == (200, 200)
        simulator.goes_wrong(Fault.KEY_REFUSED, kind="text", times=None)
        refused = await ordered(client, "/v1/books", ORDER | {"page_count": 5})
    answers = [*made, spoken, *refused]
    assert (made[-1]["status"], spoken["status"], refused[-1]["status"]) == ("done", "done", "failed")
    assert NAME in json.dumps(made[-1]["result"])

    lines, rows = logs(), await told_by_tables(database, "provider_calls", "job_budgets")
    assert lines.count("step_failed") >= 4
    for private in (NAME, BIRTHDAY, KEY, "sk-secret", USER_KEY):
        assert private not in lines, private
        assert private not in rows
        assert private not in "".join(map(beside_the_story, answers)), private
    for private in (BIRTHDAY, KEY, "sk-secret"):
        assert private not in json.dumps(answers)

    seen = simulator.bodies()
    assert {call["vendor"] for call in seen} >= set(house.values()) - {house["moderation"]}
    for call in seen:
        assert VENDORS[call["vendor"]].personal_data or NAME not in call["body"], call["path"]
        assert not any(private in call["body"] + call["path"] for private in (BIRTHDAY, KEY, USER_KEY)), call["path"]


async def _ended(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            job: dict[str, Any] = (await client.get(f"/v1/books/{job_id}")).raise_for_status().json()
            if job["status"] in {"done", "failed"}:
                return job
            await asyncio.sleep(0.1)
