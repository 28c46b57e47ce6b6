"""One trace from the request to the last call and statement, in which nothing private stands."""

import asyncio
from pathlib import Path

import httpx

from storybook.core.database import Database
from storybook.core.traces import DATABASE, KEYS
from storybook.domain.jobs import Step
from storybook.main import create_app
from storybook.resources import open_resources
from tests.conftest import NO_LIMITS, USER_KEY
from tests.fixtures_simulator import KEY, Simulated, settings_for
from tests.fixtures_traces import Recording, Seen, recorded
from tests.simulator.faults import Fault

NAME, WISH = "Theodora", "learns not to fear the dark cellar"
SPEC = {
    "topic": f"{NAME} {WISH}",
    "language": "en",
    "target_age": "5-7",
    "style": "cartoon",
    "page_count": 4,
    "character": {"name": NAME},
}
OF_A_BOOK = set(Step) - {Step.NARRATE, Step.DESCRIBE_PICTURES}


async def make_a_book(simulator: Simulated, database: Database, folder: Path) -> str:
    """The id of a book's job that was ordered over the API, and is done."""
    settings = settings_for(
        simulator,
        folder,
        llm="anthropic",
        image="replicate",
        tts="google",
        moderation="studio,openai",
        database_url=database.url,
        sweep_seconds=0.05,
        budget_per_book=90,
        budget_per_user_day=90,
        **NO_LIMITS,
    )
    async with open_resources(settings) as resources:
        app = create_app(resources)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://test", headers={"X-User-Key": USER_KEY}) as client,
        ):
            job_id = str((await client.post("/v1/books", json=SPEC)).raise_for_status().json()["job_id"])
            async with asyncio.timeout(60):
                while (await client.get(f"/v1/books/{job_id}")).json()["status"] != "done":
                    await asyncio.sleep(0.1)
    return job_id


def under(above: Seen, spans: list[Seen]) -> list[Seen]:
    """All spans below this one, at any depth."""
    below = [span for span in spans if span.above == above.id]
    return below + [deeper for span in below for deeper in under(span, spans)]


def is_statement(span: Seen) -> bool:
    return "db.system.name" in span.told


async def test_a_book_is_one_trace_from_its_order_to_the_last_call_and_statement(
    simulator: Simulated, database: Database, tmp_path: Path
) -> None:
    simulator.goes_wrong(Fault.BUSY_SECONDS, kind="text", seconds=1)
    simulator.goes_wrong(Fault.AWAY_503, kind="image")
    with recorded() as recording:
        job_id = await make_a_book(simulator, database, tmp_path)
    [request] = recording.named("POST /v1/books")
    [job] = recording.named("job book")
    assert (request.above, job.above, job.trace) == (None, request.id, request.trace)
    assert (job.told["storybook.job.id"], job.told["storybook.outcome"]) == (job_id, "done")
    work = under(job, recording.spans)
    assert {span.trace for span in work} == {request.trace}
    assert {str(span.told["storybook.step"]) for span in work if "storybook.step" in span.told} == OF_A_BOOK
    assert await written_down(database) == {
        call.told["storybook.call.number"]: call.told["storybook.outcome"]
        for call in work
        if call.name.startswith("call ") and call.above in {span.id for span in work if "storybook.step" in span.told}
    }
    statements_stand_where_they_were_sent(recording.spans)
    nothing_private_is_said(recording)


async def written_down(database: Database) -> dict[object, object]:
    """How each call for a job ended, by its number."""
    async with database.session() as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql("SELECT id, outcome FROM provider_calls WHERE job_id IS NOT NULL")
        made: dict[object, object] = dict(tuple(row) for row in rows)
    assert {"ok", "busy", "failed"} <= set(made.values())
    return made


def statements_stand_where_they_were_sent(spans: list[Seen]) -> None:
    """Those of SQLAlchemy and those that go to the driver; outside of requests and jobs there are none."""
    requests = [span for span in spans if "http.route" in span.told]
    assert {span.told["http.route"] for span in requests} == {"/v1/books", "/v1/books/{job_id}"}
    assert all(any(map(is_statement, under(request, spans))) for request in requests)
    assert [span for span in spans if span.name.startswith("INSERT jobs")]
    drawn = [span for span in spans if span.name == Step.GENERATE_IMAGES]
    assert len(drawn) > 4
    assert all(any(map(is_statement, under(step, spans))) for step in drawn)
    assert [span for span in spans if span.above is None] == requests


def nothing_private_is_said(recording: Recording) -> None:
    """Known keys, no events, no messages of errors; and nothing of what was planted."""
    assert {key for span in recording.spans for key in span.told} <= {*KEYS.values(), *DATABASE}
    assert all(not span.events and not span.links and not span.status.description for span in recording.raw)
    written = "\n".join(span.to_json() for span in recording.raw)
    for private in (NAME, "cellar", KEY, USER_KEY, "http://", "$1", "/v1/books/job_"):
        assert private not in written
