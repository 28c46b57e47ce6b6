"""The operator's page: who gets in, what it tells and never tells, and what is done there, once, and written down."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import event, text

from storybook.cli.server import configure
from storybook.core.errors import Charged, ErrorCode, ProviderError
from storybook.core.settings import Environment, Settings
from storybook.domain.calls import Kind, Outcome
from storybook.main import create_app
from storybook.providers.breaker import FAILURES_TO_OPEN, Rests
from storybook.providers.http import CallFailed
from storybook.providers.line import Line
from storybook.providers.vendors import FAL
from storybook.resources import Resources
from storybook.routers.ops_door import COOKIE
from storybook.routers.ops_pages import PAGE_HEADERS
from storybook.services import audit, periodic
from storybook.services.calls import DatabaseMeter
from tests.api.conftest import SPEC, Follow
from tests.fakes import FakeAuthor, FakePainter, FakeScreen

TOKEN = "a token of an operator, long enough"
OPERATOR = 'Ann <b>"Ops"</b>'
TOPIC, NAME, UNWANTED = "a walrus in Zanzibar", "Minjunitsa", "thunderstorms"
PLANTED = SPEC | {"topic": TOPIC, "character": {"name": NAME}, "forbidden_elements": [UNWANTED]}
READ = ("/ops", "/ops/jobs/job_1", "/ops/jobs?job=job_1")
CHANGED = ("/ops/jobs/job_1/retry", "/ops/jobs/job_1/cancel", "/ops/jobs/job_1/refund", "/ops/sign-out")
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings.model_validate(settings.model_dump() | {"ops_token": TOKEN})


async def sign_in(client: httpx.AsyncClient, token: str = TOKEN) -> httpx.Response:
    return await client.post("/ops/sign-in", data={"token": token, "operator": OPERATOR})


@pytest.fixture
async def operator(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Somebody who is signed in, and has a family's key as well."""
    assert (await sign_in(client)).status_code == 303
    return client


@pytest.fixture
async def failed(operator: httpx.AsyncClient, author: FakeAuthor, ended: Follow) -> str:
    """A book that could not be made."""
    author.errors = [ProviderError("no", code=ErrorCode.LLM_JSON_INVALID)]
    job_id: str = (await operator.post("/v1/books", json=PLANTED | {"page_count": 5})).json()["job_id"]
    assert (await ended(job_id))["status"] == "failed"
    return job_id


@pytest.fixture
async def waiting(operator: httpx.AsyncClient, painter: FakePainter) -> AsyncIterator[str]:
    """A book whose pictures are not drawn yet."""
    painter.gate.clear()
    job_id = (await operator.post("/v1/books", json=PLANTED)).json()["job_id"]
    async with asyncio.timeout(30):
        while not painter.drawing:
            await asyncio.sleep(0.02)
    yield job_id
    painter.gate.set()


async def act(client: httpx.AsyncClient, job_id: str, action: str, **sent: Any) -> httpx.Response:
    """As the form of the job's page does it."""
    form_token = re.findall(r'name="form_token" value="(\w+)"', (await client.get(f"/ops/jobs/{job_id}")).text)
    data = {"form_token": form_token[0] if form_token else ""}
    return await client.post(f"/ops/jobs/{job_id}/{action}", **({"data": data} | sent))


WRITTEN = "SELECT operator, action, job_id, result, code, new_job_id, credits FROM operator_actions ORDER BY id"


def of_operator(action: str, job_id: str, *rest: Any) -> tuple[Any, ...]:
    return (OPERATOR, action, job_id, *rest)


# who gets in


async def test_there_is_no_such_page_unless_it_has_a_token(resources: Resources) -> None:
    without = resources.settings.model_copy(update={"ops_token": Settings(_env_file=None).ops_token})
    transport = httpx.ASGITransport(create_app(replace(resources, settings=without)))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        for path in (*READ, "/ops/style.css", "/ops/live.js"):
            answer = await client.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND"), path


@pytest.mark.parametrize(
    "headers",
    [{}, {"Cookie": f"{COOKIE}=nonsense"}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {TOKEN}x"}],
    ids=["nothing", "nonsense", "a wrong token", "a longer token"],
)
async def test_without_a_visit_there_is_nothing_to_see_and_nothing_to_do(
    idle: httpx.AsyncClient, rows: Rows, headers: dict[str, str]
) -> None:
    job_id = (await idle.post("/v1/books", json=SPEC)).json()["job_id"]
    for path in READ:
        answer = await idle.get(path.replace("job_1", job_id), headers=headers)
        assert (answer.status_code, "Sign in" in answer.text, job_id in answer.text) == (401, True, False), path
    for path in CHANGED:
        answer = await idle.post(path.replace("job_1", job_id), headers=headers)
        assert answer.status_code in {401, 403}, path
    assert await rows(WRITTEN) == []
    assert await rows("SELECT status FROM jobs") == [("queued",)]


async def test_a_visit_is_a_cookie_that_no_script_and_no_other_site_can_use(resources: Resources) -> None:
    transport = httpx.ASGITransport(create_app(resources))
    for scheme in ("http", "https"):
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://testserver") as client:
            assert (await sign_in(client, "wrong")).status_code == 401 and not client.cookies
            answer = await sign_in(client)
            cookie = answer.headers["set-cookie"].lower()
            assert (answer.status_code, answer.headers["location"]) == (303, "/ops")
            assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/ops", "max-age=28800"))
            assert ("secure" in cookie) == (scheme == "https") and TOKEN not in cookie
            assert (await client.get("/ops")).status_code == 200


async def test_a_visit_that_is_over_opens_nothing_with_whoever_has_its_cookie(
    operator: httpx.AsyncClient, resources: Resources, rows: Rows
) -> None:
    stolen = {"Cookie": f"{COOKIE}={operator.cookies[COOKIE]}"}
    form_token = re.findall(r'name="form_token" value="(\w+)"', (await operator.get("/ops")).text)[0]
    assert operator.cookies[COOKIE] not in str(await rows("SELECT encode(secret_hash, 'hex'), * FROM operator_visits"))
    await sign_in(operator)
    kept = {"Cookie": f"{COOKIE}={operator.cookies[COOKIE]}"}
    operator.cookies.clear()
    left = await operator.post("/ops/sign-out", data={"form_token": form_token}, headers=stolen)
    assert (left.status_code, "max-age=0" in left.headers["set-cookie"].lower()) == (303, True)
    assert (await operator.get("/ops", headers=stolen)).status_code == 401
    assert (await operator.get("/ops", headers=kept)).status_code == 200
    await rows("UPDATE operator_visits SET expires_at = now() RETURNING 1")
    assert (await operator.get("/ops", headers=kept)).status_code == 401
    await periodic.forget_expired(resources.database)
    assert await rows("SELECT 1 FROM operator_visits") == []


async def test_another_token_ends_all_visits_also_when_the_old_one_comes_back(
    operator: httpx.AsyncClient, resources: Resources
) -> None:
    cookies = {COOKIE: operator.cookies[COOKIE]}

    @asynccontextmanager
    async def with_token(token: str) -> AsyncIterator[httpx.AsyncClient]:
        settings = resources.settings.model_copy(update={"ops_token": SecretStr(token)})
        transport = httpx.ASGITransport(create_app(replace(resources, settings=settings)))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", cookies=cookies) as client:
            yield client

    other = "another token of an operator, as long"
    async with with_token(other) as client:
        assert (await client.get("/ops")).status_code == 401
    assert (await operator.get("/ops")).status_code == 200
    async with with_token(other) as client:
        assert (await sign_in(client, other)).status_code == 303
    assert (await operator.get("/ops")).status_code == 401


async def test_what_is_not_there_is_said_on_a_page_to_a_browser_and_in_json_to_a_program(
    operator: httpx.AsyncClient,
) -> None:
    for method, path, status in (("GET", "/ops/nothing", 404), ("PUT", "/ops", 405), ("PUT", "/ops/jobs/job_1", 405)):
        page = await operator.request(method, path)
        assert (page.status_code, "To the overview" in page.text) == (status, True)
        assert page.headers["Content-Security-Policy"] == PAGE_HEADERS["Content-Security-Policy"]
        assert ("GET" in page.headers.get("Allow", "")) == (status == 405)
        told = await operator.request(method, path, headers={"Accept": "application/json"})
        assert (told.status_code, "error" in told.json()) == (status, True)
    assert (await operator.get("/opsy")).json()["error"]["code"] == "NOT_FOUND"


async def test_the_page_tells_by_how_many_processes_a_vendor_is_left_alone(
    operator: httpx.AsyncClient, resources: Resources, rows: Rows
) -> None:
    meter, rests = DatabaseMeter(resources.database), Rests(first=60.0, longest=60.0)
    moment = [0.0]
    lines = [Line(FAL, Kind.IMAGE, meter, rests, lambda: moment[0]) for _ in range(3)]

    async def call(line: Line, outcome: Outcome) -> None:
        async with line.call("a model", 0):
            if outcome is not Outcome.OK:
                raise CallFailed("away", outcome=outcome, code=ErrorCode.IMAGE_FAILED, charged=Charged.NO)

    async def fail(line: Line) -> None:
        for _ in range(FAILURES_TO_OPEN):
            with pytest.raises(CallFailed):
                await call(line, Outcome.FAILED)

    for line in lines[:2]:
        await fail(line)
    await call(lines[2], Outcome.OK)
    board = (await operator.get("/ops")).text
    assert '<span class="lamp open">left alone by 2</span>' in board
    assert "fal (image) has failed again and again" in board
    await rows("UPDATE open_breakers SET open_until = now() RETURNING 1")
    assert '<span class="lamp half_open">tried out by 2</span>' in (await operator.get("/ops")).text
    moment[0] += rests.longest
    for line in lines[:2]:
        await call(line, Outcome.OK)
    assert '<span class="lamp closed">asked</span>' in (await operator.get("/ops")).text
    await fail(lines[0])
    await rows("UPDATE open_breakers SET open_until = now() - interval '6 minutes' RETURNING 1")
    assert '<span class="lamp closed">asked</span>' in (await operator.get("/ops")).text
    await periodic.forget_expired(resources.database)
    assert await rows("SELECT 1 FROM open_breakers") == []


async def test_whoever_asks_only_whether_the_page_is_there_is_answered_without_it(client: httpx.AsyncClient) -> None:
    stranger = await client.head("/ops")
    await sign_in(client)
    operator = await client.head("/ops")
    assert (stranger.status_code, operator.status_code, operator.content) == (401, 200, b"")
    assert operator.headers["content-type"] == (await client.get("/ops")).headers["content-type"]


async def test_calls_under_way_are_neither_good_nor_bad(operator: httpx.AsyncClient, rows: Rows) -> None:
    made = "INSERT INTO provider_calls (vendor, kind, model, worst, outcome, ended_at) "
    under_way, ended = "SELECT 'fal', 'image', 'a', 0, 'begun', NULL::timestamptz", "SELECT 'fal', 'image', 'a', 0, "
    await rows(f"{made} {under_way} FROM generate_series(1, 3) RETURNING 1")
    assert "none has ended yet · 3 under way" in (await operator.get("/ops")).text
    await rows(f"{made} {ended} 'ok', now() FROM generate_series(1, 3) RETURNING 1")
    assert "100 % of 3 good · 3 under way" in (await operator.get("/ops")).text
    await rows(f"{made} {ended} 'failed', now() RETURNING 1")
    assert "75 % of 4 good · 3 under way" in (await operator.get("/ops")).text
    await rows("UPDATE provider_calls SET outcome = 'ok', ended_at = now() RETURNING 1")
    board = (await operator.get("/ops")).text
    assert "100 % of 7 good" in board and "under way" not in board


async def test_who_tries_tokens_out_is_stopped_even_when_one_is_right(resources: Resources) -> None:
    config = configure(create_app(resources), resources.settings)
    config.load()
    transport = httpx.ASGITransport(config.loaded_app, client=("203.0.113.9", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        wrong = [(await sign_in(client, f"guess {number}")).status_code for number in range(10)]
        bearer = {"Authorization": "Bearer guess"}
        wrong += [(await client.get("/ops", headers=bearer)).status_code for _ in range(10)]
        assert set(wrong) == {401}
        refused = await sign_in(client)
        assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (429, True)
        assert (await client.get("/ops", headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 429


async def test_every_page_of_the_operator_is_strict_with_browsers(operator: httpx.AsyncClient, failed: str) -> None:
    pages = [
        await operator.get(path) for path in ("/ops", f"/ops/jobs/{failed}", "/ops/jobs/nobody", "/ops/jobs?job=%2F")
    ]
    operator.cookies.clear()
    pages.append(await operator.get("/ops"))
    assert [page.status_code for page in pages] == [200, 200, 404, 404, 401]
    for page in pages:
        assert PAGE_HEADERS.items() <= dict(page.headers).items() | {
            (name, page.headers.get(name, "")) for name in PAGE_HEADERS
        }
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/ops/live)|https?://", page.text)
    for address in set(re.findall(r'"(/ops/(?:style\.css|live\.js)\?v=\w+)"', pages[0].text)):
        answer = await operator.get(address)
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)


# what it tells


async def test_a_book_is_drawn_step_by_step_and_nothing_tells_what_it_is_about(
    operator: httpx.AsyncClient, failed: str, waiting: str, painter: FakePainter, ended: Follow
) -> None:
    def drawn(text: str) -> set[str]:
        return set(re.findall(r'class="part (\w+ \w+)"', text))

    board, job = (await operator.get("/ops")).text, (await operator.get(f"/ops/jobs/{waiting}")).text
    assert waiting in board and failed in board and "LLM_JSON_INVALID" in board
    assert {"write ended", "judge ended", "looks ended", "draw open"} <= drawn(job)
    assert "Nobody is waiting" not in board and "Every child got their book" not in board
    painter.gate.set()
    book = (await ended(waiting))["result"]
    done = (await operator.get(f"/ops/jobs/{waiting}")).text
    assert "shelf ended" in drawn(done) and not {mark for mark in drawn(done) if mark.endswith("open")}
    assert len(re.findall(r"<li><b>(?:EFG)?</b> (?:Cover|Page \d)</li>", done)) == 5
    later = (await operator.get("/ops")).text
    private = {TOPIC, NAME, UNWANTED, book["title"], "Luna", *(page["text"] for page in book["pages"])}
    private |= {httpx.URL(page["image_url"]).path.split("/")[3] for page in book["pages"]}
    for page in (board, job, done, later, (await operator.get(f"/ops/jobs/{failed}")).text):
        assert [words for words in private if words.lower() in page.lower()] == []
        assert "<b>&#34;" not in page and OPERATOR not in page and "Ann &lt;b&gt;&#34;Ops&#34;" in page


async def test_an_empty_house_is_friendly(operator: httpx.AsyncClient) -> None:
    board = (await operator.get("/ops")).text
    assert "All is well" in board
    assert "Nobody is waiting for a book just now" in board and "Every child got their book" in board


async def test_what_failed_is_seen_behind_what_readers_stopped(
    operator: httpx.AsyncClient, failed: str, waiting: str, resources: Resources
) -> None:
    copied = "INSERT INTO jobs SELECT (jsonb_populate_record(jobs, jsonb_build_object('id', 'job_of_' || n, "
    copied += (
        "'asset_token', n, 'error_code', 'CANCELLED', 'finished_at', now()))).* FROM jobs, generate_series(1, 9) n"
    )
    async with resources.database.session() as session:
        await session.execute(text(f"{copied} WHERE id = '{failed}'"))
    board = (await operator.get("/ops")).text
    assert "LLM_JSON_INVALID ended 1 job within this hour" in board
    assert "All is well" not in board and "CANCELLED ended" not in board


async def test_ten_jobs_cost_no_more_statements_than_one(idle: httpx.AsyncClient, resources: Resources) -> None:
    await sign_in(idle)
    sent: list[str] = []
    event.listen(resources.database.engine.sync_engine, "before_cursor_execute", lambda *a: sent.append(a[2]))

    async def statements() -> int:
        sent.clear()
        assert (await idle.get("/ops")).status_code == 200
        return len(sent)

    await idle.post("/v1/books", json=SPEC)
    with_one = await statements()
    for number in range(2):
        await idle.post("/v1/books", json=SPEC | {"topic": f"a fox and light number {number}"})
    assert await statements() <= with_one < 20


# what can be done


async def test_a_job_is_cancelled_once(operator: httpx.AsyncClient, waiting: str, rows: Rows) -> None:
    done = await act(operator, waiting, "cancel")
    assert (done.status_code, done.headers["location"]) == (303, f"/ops/jobs/{waiting}")
    again = await act(operator, waiting, "cancel")
    assert (again.status_code, "cannot be stopped" in again.text) == (409, True)
    assert await rows("SELECT status, error_code FROM jobs") == [("failed", "CANCELLED")]
    assert await rows(WRITTEN) == [
        of_operator("cancel", waiting, "done", None, None, 1),
        of_operator("cancel", waiting, "refused", "CONFLICT", None, 0),
    ]
    assert (await operator.get("/v1/credits/balance")).json()["credits"] == 3


async def test_a_failed_job_is_tried_again_once(
    operator: httpx.AsyncClient, failed: str, rows: Rows, ended: Follow
) -> None:
    answers = await asyncio.gather(*(act(operator, failed, "retry") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    [new] = [answer.headers["location"].removeprefix("/ops/jobs/") for answer in answers if answer.status_code == 303]
    assert "Try again" not in (await operator.get(f"/ops/jobs/{failed}")).text
    assert (await ended(new))["status"] == "done"
    assert await rows("SELECT count(*) FROM jobs") == [(2,)]
    refused = of_operator("retry", failed, "refused", "CONFLICT", None, 0)
    assert await rows(WRITTEN) == [of_operator("retry", failed, "done", None, new, 0)] + [refused] * 3
    assert f"/ops/jobs/{failed}" in (await operator.get(f"/ops/jobs/{new}")).text
    board = re.sub(r"<[^>]+>", "", (await operator.get("/ops")).text)
    assert f"CONFLICT · {failed}" in board


@pytest.mark.parametrize("code", ["CANCELLED", "SAFETY_INPUT"])
async def test_what_ended_as_its_reader_had_it_end_spends_no_credit_again(
    operator: httpx.AsyncClient,
    failed: str,
    painter: FakePainter,
    screen: FakeScreen,
    ended: Follow,
    rows: Rows,
    code: str,
) -> None:
    painter.gate.clear()
    screen.flag_request = code == "SAFETY_INPUT"
    again = (await operator.post(f"/v1/books/{failed}/retry")).json()["job_id"]
    if code == "CANCELLED":
        assert (await operator.post(f"/v1/books/{again}/cancel")).status_code == 200
    painter.gate.set()
    assert (await ended(again))["error_code"] == code
    for job_id in (failed, again):
        assert "Try again" not in (await operator.get(f"/ops/jobs/{job_id}")).text
        refused = await act(operator, job_id, "retry")
        assert (refused.status_code, "Only its reader" in refused.text) == (409, True)
    assert await rows("SELECT count(*), sum(held) FROM jobs, user_credits") == [(2, 0)]
    assert await rows("SELECT count(*) FROM credit_transactions WHERE transaction_type = 'hold'") == [(2,)]
    assert await rows(WRITTEN) == [
        of_operator("retry", job_id, "refused", "CONFLICT", None, 0) for job_id in (failed, again)
    ]
    screen.flag_request = False
    assert (await operator.post(f"/v1/books/{failed}/retry")).status_code == 200


async def test_a_finished_book_is_refunded_once_and_the_ledger_says_so(
    operator: httpx.AsyncClient, made: dict[str, Any], rows: Rows, resources: Resources
) -> None:
    job_id = made["job_id"]
    assert (await act(operator, job_id, "refund")).status_code == 303
    again = await act(operator, job_id, "refund")
    assert (again.status_code, "once only" in again.text) == (409, True)
    assert (await operator.get("/v1/credits/balance")).json()["credits"] == 3
    assert '<span class="chip">grant</span> 1 credit ' in (await operator.get(f"/ops/jobs/{job_id}")).text
    assert (await operator.get(f"/v1/books/{made['result']['book_id']}/detail")).status_code == 200
    assert await rows("SELECT amount, reference FROM credit_transactions WHERE transaction_type = 'grant'") == [
        (1, f"refund of {job_id}")
    ]
    assert await rows(WRITTEN) == [
        of_operator("refund", job_id, "done", None, None, 1),
        of_operator("refund", job_id, "refused", "CONFLICT", None, 0),
    ]
    async with resources.database.session() as session:
        assert await audit.examine(session) == []
    await rows("UPDATE operator_actions SET credits = 2 RETURNING id")
    async with resources.database.session() as session:
        assert "refund by an operator" in {finding.check for finding in await audit.examine(session)}


async def test_what_has_cost_nothing_is_not_refunded(
    operator: httpx.AsyncClient, made: dict[str, Any], failed: str, waiting: str, rows: Rows
) -> None:
    voice = (await operator.post(f"/v1/books/{made['result']['book_id']}/audio")).json()["job_id"]
    async with asyncio.timeout(30):
        while await rows(f"SELECT 1 FROM jobs WHERE id = '{voice}' AND finished_at IS NULL"):  # noqa: S608
            await asyncio.sleep(0.02)
    of = {failed: 409, waiting: 409, voice: 409, "job_nobody": 404}
    for job_id, status in of.items():
        refused = await operator.post(f"/ops/jobs/{job_id}/refund", headers={"Authorization": f"Bearer {TOKEN}"})
        assert refused.status_code == status, refused.text
    assert await rows("SELECT count(*) FROM credit_transactions WHERE transaction_type = 'grant'") == [(0,)]
    assert [row[:4] for row in await rows(WRITTEN)] == [("bearer", "refund", job_id, "refused") for job_id in of]


async def test_a_form_from_elsewhere_changes_nothing(operator: httpx.AsyncClient, waiting: str, rows: Rows) -> None:
    for sent in (
        {"data": {}},
        {"data": {"form_token": "a" * 64}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Sec-Fetch-Site": "same-site"}},
    ):
        assert (await act(operator, waiting, "cancel", **sent)).status_code == 403, sent
    assert await rows(WRITTEN) == []
    assert (await operator.post("/ops/sign-out")).status_code == 403
    assert (await act(operator, waiting, "dance")).status_code == 422


async def test_what_was_done_outlives_the_account_without_telling_whose_it_was(
    operator: httpx.AsyncClient, made: dict[str, Any], rows: Rows
) -> None:
    assert (await act(operator, made["job_id"], "refund")).status_code == 303
    zipped = ZipFile(BytesIO((await operator.get("/v1/users/me/export")).content))
    [told] = json.loads(zipped.read("credits/operator.json"))
    assert (told["action"], told["job_id"], told["credits"]) == ("refund", made["job_id"], 1)
    assert "Ann" not in str(told)
    assert (await operator.delete("/v1/users/me")).status_code == 200
    assert len(await rows(WRITTEN)) == 1
    assert (await operator.get(f"/ops/jobs/{made['job_id']}")).status_code == 404
    assert (await operator.get("/ops")).status_code == 200


async def test_production_marks_the_cookie_for_encrypted_ways_alone(resources: Resources) -> None:
    production = resources.settings.model_copy(update={"environment": Environment.PRODUCTION})
    transport = httpx.ASGITransport(create_app(replace(resources, settings=production)))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert "secure" in (await sign_in(client)).headers["set-cookie"].lower()
