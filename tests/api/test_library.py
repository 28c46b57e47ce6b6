"""The library over the API."""

import asyncio
import unicodedata
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import select, text

from storybook.core.errors import ErrorCode, ProviderError
from storybook.models import Base, Job
from storybook.resources import Resources
from storybook.services import orders
from tests.api.conftest import SPEC, Follow
from tests.conftest import ROOMY
from tests.fakes import FakeAuthor, FakePainter, FakeScreen


@pytest.fixture
async def shelf(client: httpx.AsyncClient, ended: Follow) -> list[str]:
    """The ids of three books, the oldest first."""
    ids = []
    for number, style in enumerate(("watercolor", "pixel", "pixel")):
        spec = SPEC | {"topic": f"a fox {number}", "style": style}
        job = await ended((await client.post("/v1/books", json=spec)).json()["job_id"])
        ids.append(job["result"]["book_id"])
    return ids


async def listed(client: httpx.AsyncClient, query: str = "") -> tuple[list[str], int]:
    library = (await client.get(f"/v1/library{query}")).json()
    return [book["id"] for book in library["books"]], library["total"]


async def test_the_newest_books_come_first_unless_sorted_otherwise(client: httpx.AsyncClient, shelf: list[str]) -> None:
    assert await listed(client) == (shelf[::-1], 3)
    assert await listed(client, "?sort=oldest") == (shelf, 3)
    assert await listed(client, "?limit=1&offset=1") == ([shelf[1]], 3)
    assert await listed(client, "?offset=9") == ([], 3)


async def test_books_are_found_by_style_age_and_title(client: httpx.AsyncClient, shelf: list[str]) -> None:
    await client.patch(f"/v1/library/{shelf[0]}", json={"title": "100%_달 이야기"})
    assert await listed(client, "?style=pixel") == ([shelf[2], shelf[1]], 2)
    for age in ("age", "target_age"):
        assert await listed(client, f"?{age}=3-5") == ([], 0)
        assert await listed(client, f"?{age}=5-7") == (shelf[::-1], 3)
    assert await listed(client, "?q=달") == ([shelf[0]], 1)
    assert await listed(client, "?q=%25_") == ([shelf[0]], 1)
    assert await listed(client, "?q=LUNA") == ([shelf[2], shelf[1]], 2)
    apart = quote(unicodedata.normalize("NFD", "  달 이야기 "))
    assert await listed(client, f"?q={apart}") == ([shelf[0]], 1)
    assert (await listed(client, "?sort=title"))[0][0] == shelf[0]


@pytest.mark.parametrize("sort", ["newest", "oldest", "title"])
async def test_a_cursor_shows_every_book_once_while_books_arrive(
    client: httpx.AsyncClient, shelf: list[str], resources: Resources, sort: str
) -> None:
    expected = (await listed(client, f"?sort={sort}"))[0]
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        part = (await client.get(f"/v1/library?limit=1&sort={sort}{cursor}")).json()
        seen += [book["id"] for book in part["books"]]
        if part["next_cursor"] is None:
            break
        cursor = f"&cursor={part['next_cursor']}"
        async with resources.database.session() as session:
            await session.execute(text(_ANOTHER_BOOK), {"id": f"book_new_{len(seen)}", "late": sort != "oldest"})
    assert [book for book in seen if book in shelf] == expected
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("another", ["sort=oldest", "style=pixel", "q=Luna", "age=5-7", "target_age=3-5", "series=s"])
async def test_a_cursor_goes_on_only_with_the_list_that_it_is_of(
    client: httpx.AsyncClient, shelf: list[str], another: str
) -> None:
    cursor = (await client.get("/v1/library?limit=1")).json()["next_cursor"]
    assert (await listed(client, f"?limit=1&cursor={cursor}"))[0] == [shelf[1]]
    assert (await client.get(f"/v1/library?limit=1&{another}&cursor={cursor}")).status_code == 422
    of_pixels = (await client.get("/v1/library?limit=1&style=pixel")).json()["next_cursor"]
    assert (await listed(client, f"?limit=1&style=pixel&cursor={of_pixels}"))[0] == [shelf[1]]
    assert (await client.get(f"/v1/library?limit=1&cursor={of_pixels}")).status_code == 422


_ANOTHER_BOOK = """
WITH job AS (
    INSERT INTO jobs (id, user_id, kind, status, progress, request, request_hash, seed, asset_token)
    SELECT 'job_' || :id, user_id, kind, status, progress, request, request_hash, seed, 'token_' || :id
    FROM jobs LIMIT 1 RETURNING id
)
INSERT INTO books (id, user_id, job_id, title, moral, hero, language, target_age, style, cover_key, made_by, created_at)
SELECT :id, user_id, job.id, 'A', moral, hero, language, target_age, style, cover_key, made_by,
       CASE WHEN :late THEN now() ELSE now() - interval '1 hour' END
FROM books, job LIMIT 1
"""


async def test_a_shelf_shows_only_ones_own_books(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    assert made
    answer = await client.get("/v1/library", headers={"X-User-Key": "a-key-of-a-stranger"})
    assert answer.json() == {"books": [], "total": 0, "next_cursor": None}


async def test_a_renamed_book_has_its_new_title_everywhere(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    book_id = made["result"]["book_id"]
    old = await client.get(f"/v1/books/{book_id}/pdf")
    renamed = await client.patch(f"/v1/library/{book_id}", json={"title": "새 이름"})
    assert renamed.json()["title"] == "새 이름"
    new = await client.get(f"/v1/books/{book_id}/pdf")
    assert new.content != old.content
    assert "%EC%83%88" in new.headers["content-disposition"]


async def test_a_deleted_book_takes_everything_of_its_own_along(
    client: httpx.AsyncClient, made: dict[str, Any], ended: Follow, resources: Resources, rows: Any
) -> None:
    book_id = made["result"]["book_id"]
    again = await client.post(f"/v1/books/{made['job_id']}/pages/1/regenerate", json={"mode": "both"})
    await ended(again.json()["job_id"])
    await client.get(f"/v1/books/{book_id}/pages/1/audio")
    await client.get(f"/v1/books/{book_id}/pdf")
    assert (await client.delete(f"/v1/library/{book_id}")).status_code == 200
    assert await rows("SELECT (SELECT count(*) FROM books), (SELECT count(*) FROM pages)") == [(0, 0)]
    assert (await client.get(f"/v1/books/{book_id}/detail")).status_code == 404
    job = (await client.get(f"/v1/books/{made['job_id']}")).json()
    assert (job["status"], job["result"]) == ("done", None)
    assets = resources.settings.storybook_data_dir / "assets"
    async with asyncio.timeout(30):
        while any(path.is_file() for path in assets.rglob("*")):
            await asyncio.sleep(0.05)
    assert await listed(client) == ([], 0)


async def everything(resources: Resources) -> str:
    """All rows of all tables; characters are kept, whatever becomes of their books."""
    tables = [table.name for table in Base.metadata.sorted_tables if table.name != "characters"]
    async with resources.database.session() as session:
        return "\n".join([str(row) for name in tables for row in await session.scalars(text(_WHOLE.format(name)))])


_WHOLE = "SELECT to_jsonb(found)::text FROM {} found"


async def test_nothing_that_was_wished_told_or_painted_outlives_its_book(
    client: httpx.AsyncClient, author: FakeAuthor, screen: FakeScreen, ended: Follow, resources: Resources
) -> None:
    author.errors = [ProviderError("no", code=ErrorCode.LLM_JSON_INVALID)]
    failed = await ended((await client.post("/v1/books", json=SPEC | {"topic": "a walrus"})).json()["job_id"])
    made = await ended((await client.post(f"/v1/books/{failed['job_id']}/retry")).json()["job_id"])
    again = f"/v1/books/{made['job_id']}/pages/1/regenerate"
    await ended((await client.post(again, json={"mode": "both", "feedback": "Sunflowers"})).json()["job_id"])
    screen.flag_request = True
    flagged = (await client.post(again, json={"mode": "text", "feedback": "Umbrellas"})).json()["job_id"]
    await ended(flagged)
    private = ("walrus", "Sunflowers", "Umbrellas", made["result"]["title"], made["result"]["pages"][1]["text"])
    before = await everything(resources)
    assert all(words in before for words in private)
    book_id = made["result"]["book_id"]
    await client.get(f"/v1/books/{book_id}/pdf")
    assert (await client.delete(f"/v1/library/{book_id}")).status_code == 200
    after = await everything(resources)
    assert [words for words in private if words in after] == []
    for job_id in (failed["job_id"], flagged):
        refused = await client.post(f"/v1/books/{job_id}/retry")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "CONFLICT")
        assert "not kept any more" in refused.json()["detail"]
    assert (await client.get(f"/v1/books/{made['job_id']}")).json()["status"] == "done"


async def test_a_book_whose_voice_was_ordered_a_moment_ago_takes_it_along(
    idle: httpx.AsyncClient, made: dict[str, Any], resources: Resources, ended: Follow, rows: Any
) -> None:
    book_id = made["result"]["book_id"]
    async with resources.database.session() as ordering:
        (job,) = await ordering.scalars(select(Job))
        waiting = await orders.order_audio(ordering, job.user_id, book_id, ROOMY)
        deleting = asyncio.create_task(idle.delete(f"/v1/library/{book_id}"))
        async with asyncio.timeout(20):
            while not deleting.done() and not await rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
        assert not deleting.done()
    assert (await deleting).status_code == 200
    assert (await ended(waiting))["status"] == "failed"
    assert book_id not in await everything(resources)


async def test_a_page_that_is_made_again_while_its_book_is_deleted_fails_quietly(
    client: httpx.AsyncClient, made: dict[str, Any], painter: FakePainter, ended: Follow
) -> None:
    painter.gate.clear()
    again = await client.post(f"/v1/books/{made['job_id']}/pages/1/regenerate", json={"mode": "image"})
    async with asyncio.timeout(30):
        while not painter.drawing:
            await asyncio.sleep(0.01)
    await client.delete(f"/v1/library/{made['result']['book_id']}")
    stopped = await ended(again.json()["job_id"])
    painter.gate.set()
    assert (stopped["status"], stopped["error_code"]) == ("failed", "CANCELLED")
    refused = await client.post(f"/v1/books/{stopped['job_id']}/retry")
    assert (refused.status_code, "not kept any more" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_nobody_elses_book_is_touched(client: httpx.AsyncClient, made: dict[str, Any], method: str) -> None:
    stranger = {"X-User-Key": "a-key-of-a-stranger"}
    body = {"json": {"title": "Mine"}} if method == "PATCH" else {}
    book_id = made["result"]["book_id"]
    theirs = await client.request(method, f"/v1/library/{book_id}", headers=stranger, **body)
    unknown = await client.request(method, "/v1/library/book_unknown", headers=stranger, **body)
    assert theirs.status_code == unknown.status_code == 404
    assert theirs.json()["error"] == unknown.json()["error"]
    assert (await client.get(f"/v1/books/{book_id}/detail")).json() == made["result"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=x", "offset=-1", "offset=99999999999999999999", "cursor=nonsense", "cursor=W10",
        "cursor=WyJ0aXRsZSIsICJhIiwgImIiXQ", "style=crayon", "age=2", "target_age=2",
        "age=3-5&target_age=5-7", "sort=random", "q=", "q=%20", "q=%00",
        "series=%20",
    ],
)  # fmt: skip
async def test_a_part_that_cannot_be_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/v1/library?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR")


async def test_a_title_is_counted_as_it_is_read(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    apart = unicodedata.normalize("NFD", "달" * 80)
    renamed = await client.patch(f"/v1/library/{made['result']['book_id']}", json={"title": apart})
    assert (renamed.status_code, renamed.json()["title"]) == (200, "달" * 80)
    assert (await listed(client, f"?q={quote(apart)}"))[1] == 1


async def test_a_title_that_is_not_for_children_is_refused_and_never_kept(
    client: httpx.AsyncClient, made: dict[str, Any], screen: FakeScreen
) -> None:
    path = f"/v1/library/{made['result']['book_id']}"
    screen.unfit = "knife"
    refused = await client.patch(path, json={"title": "Luna and the knife"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
    assert refused.json()["detail"] == "title does not fit into a children's book. Please try gentler words."
    screen.errors = [ProviderError("away", code=ErrorCode.LLM_TIMEOUT)]
    unjudged = await client.patch(path, json={"title": "Luna and the moon"})
    assert (unjudged.status_code, int(unjudged.headers["retry-after"]) > 0) == (503, True)
    assert (await listed(client, f"?q={quote(made['result']['title'])}"))[1] == 1
    check = screen.checked_texts[-1]
    assert (check.texts, check.language, check.target_age) == (("Luna and the moon",), "en", "5-7")


@pytest.mark.parametrize("title", ["", " ", "x" * 81, "a\0b", "\ud800"])
async def test_a_title_that_cannot_be_is_refused(client: httpx.AsyncClient, made: dict[str, Any], title: str) -> None:
    path = f"/v1/library/{made['result']['book_id']}"
    body = b'{"title": "\\ud800"}' if title == "\ud800" else None
    answer = await client.patch(path, content=body) if body else await client.patch(path, json={"title": title})
    assert answer.status_code == 422
