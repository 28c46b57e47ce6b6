"""Reading day by day: what the app is told about the streak, the days of reading and the story of the day."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from storybook.core.database import Database
from storybook.core.ids import new_id
from storybook.domain.book_spec import BookSpec
from storybook.domain.daily_topics import topic_of
from storybook.domain.jobs import JobKind, JobState
from storybook.domain.orders import BookOrder
from storybook.main import create_app
from storybook.models import Book, Job
from storybook.resources import Resources
from storybook.routers.deps import get_now
from storybook.services import accounts
from tests.api.conftest import SPEC
from tests.api.test_statements import Counted
from tests.api.test_statements import statements as statements  # noqa: PLC0414 - a fixture
from tests.conftest import USER_KEY
from tests.fakes import FakeScreen

Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
ONE_SECOND = timedelta(seconds=1)
EMPTY = {
    "current_streak": 0,
    "longest_streak": 0,
    "total_days": 0,
    "last_read_date": None,
    "read_today": False,
    "streak_broken": False,
    "rest_days_left": 2,
}


@dataclass
class Clock:
    now: datetime = NOON

    def next_day(self, days: int = 1) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def reader(resources: Resources, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """The app as a user with a key, on a clock that the test turns; jobs are worked on."""
    await resources.storage.check()
    app = create_app(resources)
    app.dependency_overrides[get_now] = lambda: clock.now
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"X-User-Key": USER_KEY}
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as opened:
            yield opened


class Shelf:
    """Puts books on shelves that nobody has to make."""

    def __init__(self, database: Database, pepper: str) -> None:
        self._database, self._pepper = database, pepper

    async def book(self, user_key: str = USER_KEY) -> str:
        spec = BookSpec.model_validate(SPEC)
        job_id, book_id = new_id("job"), new_id("book")
        async with self._database.session() as session:
            user_id = await accounts.sign_in(session, accounts.hash_user_key(user_key, pepper=self._pepper))
            session.add(
                Job(
                    id=job_id,
                    user_id=user_id,
                    kind=JobKind.BOOK,
                    status=JobState.DONE,
                    progress=100,
                    request=BookOrder(spec=spec).model_dump(mode="json"),
                    request_hash=b"",
                    seed=1,
                    asset_token=job_id,
                )
            )
            await session.flush()
            made = spec.model_dump(include={"language", "target_age", "style"})
            session.add(
                Book(
                    id=book_id,
                    user_id=user_id,
                    job_id=job_id,
                    title="Luna",
                    moral="Be kind.",
                    hero="Luna",
                    cover_key=f"books/{job_id}/cover.png",
                    made_by={},
                    **made,
                )
            )
        return book_id


@pytest.fixture
def shelf(resources: Resources) -> Shelf:
    return Shelf(resources.database, resources.pepper)


@pytest.fixture
async def book_id(shelf: Shelf) -> str:
    return await shelf.book()


async def read(client: httpx.AsyncClient, book_id: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v1/streak/read", json={"book_id": book_id} | more)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def ask(client: httpx.AsyncClient, what: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/streak/{what}", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def settle(client: httpx.AsyncClient, **settings: str) -> None:
    assert (await client.patch("/v1/users/me", json=settings)).status_code == 200


async def test_whoever_is_new_has_read_nothing_and_lost_nothing(reader: httpx.AsyncClient, rows: Rows) -> None:
    assert await ask(reader, "info") == EMPTY
    assert await ask(reader, "history") == {"history": []}
    assert (await ask(reader, "calendar", year=2026, month=6))["total_read_days"] == 0
    assert await rows("SELECT * FROM users") == []


async def test_the_first_reading_of_a_day_counts_the_day(
    reader: httpx.AsyncClient, clock: Clock, book_id: str, shelf: Shelf
) -> None:
    first = await read(reader, book_id)
    assert first == {
        "current_streak": 1,
        "longest_streak": 1,
        "total_days": 1,
        "new_streak_day": True,
        "milestones": [],
    }
    assert await read(reader, book_id) == first | {"new_streak_day": False}
    assert await read(reader, await shelf.book()) == first | {"new_streak_day": False}
    clock.next_day()
    assert (await read(reader, book_id))["current_streak"] == 2
    assert await ask(reader, "info") == {
        "current_streak": 2,
        "longest_streak": 2,
        "total_days": 2,
        "last_read_date": "2026-06-11",
        "read_today": True,
        "streak_broken": False,
        "rest_days_left": 2,
    }


async def test_a_book_counts_once_a_day_and_reading_on_adds_to_it(
    reader: httpx.AsyncClient, clock: Clock, book_id: str, shelf: Shelf
) -> None:
    await read(reader, book_id, reading_time=100)
    await read(reader, book_id, reading_time=50, completed=True)
    await read(reader, book_id, reading_time=5)
    await read(reader, await shelf.book(), reading_time=7)
    clock.next_day()
    await read(reader, book_id)
    assert (await ask(reader, "history"))["history"] == [
        {"date": "2026-06-11", "books_read": 1, "total_time": 0, "completed_count": 0},
        {"date": "2026-06-10", "books_read": 2, "total_time": 162, "completed_count": 1},
    ]


async def test_a_book_is_read_for_a_day_a_day_at_most(reader: httpx.AsyncClient, book_id: str) -> None:
    for _ in range(3):
        await read(reader, book_id, reading_time=86_400)
    assert (await ask(reader, "history"))["history"][0]["total_time"] == 86_400


@pytest.mark.parametrize("earlier_days", [0, 1])
async def test_50_readings_at_once_are_one_day(
    reader: httpx.AsyncClient, clock: Clock, rows: Rows, shelf: Shelf, earlier_days: int
) -> None:
    some, other = await shelf.book(), await shelf.book()
    for _ in range(earlier_days):
        await read(reader, some)
        clock.next_day()
    told = await asyncio.gather(*(read(reader, (some, other)[turn % 2], reading_time=1) for turn in range(50)))
    assert sorted(each["new_streak_day"] for each in told) == [False] * 49 + [True]
    days = earlier_days + 1
    assert await rows("SELECT current_streak, total_days FROM daily_streaks") == [(days, days)]
    assert await rows("SELECT reading_time FROM reading_logs WHERE reading_time > 0") == [(25,), (25,)]


async def test_only_ones_own_books_are_read(reader: httpx.AsyncClient, shelf: Shelf, rows: Rows) -> None:
    another = await shelf.book("the-key-of-another")
    for book_id in (another, "book_that_never_was"):
        answer = await reader.post("/v1/streak/read", json={"book_id": book_id})
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == "There is no such book. Please check your library."
    assert await rows("SELECT * FROM reading_logs") == await rows("SELECT * FROM daily_streaks") == []


@pytest.mark.parametrize(
    "change",
    [
        {"reading_time": -1},
        {"reading_time": 86_401},
        {"reading_time": 10**9},
        {"reading_time": 1.5},
        {"reading_time": "1"},
        {"completed": "yes"},
        {"book_id": ""},
        {"book_id": "x" * 61},
        {"book_id": "a\u0000b"},
        {"book_id": None},
    ],
)
async def test_a_reading_that_cannot_be_is_refused(
    reader: httpx.AsyncClient, book_id: str, rows: Rows, change: dict[str, Any]
) -> None:
    answer = await reader.post("/v1/streak/read", json={"book_id": book_id} | change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
    assert await rows("SELECT * FROM reading_logs") == await rows("SELECT * FROM daily_streaks") == []


@pytest.mark.parametrize(
    "query",
    [
        "calendar?year=2026&month=13",
        "calendar?year=2026&month=0",
        "calendar?year=1&month=1",
        "calendar?year=1999&month=12",
        "calendar?year=2101&month=1",
        "calendar?year=2026",
        "calendar?month=6",
        "history?days=1000000000",
        "history?days=367",
        "history?days=0",
        "history?days=-1",
        "history?days=99999999999999999999999",
        "themes?language=fr",
        "today?language=fr",
    ],
)
async def test_a_question_that_has_no_answer_is_refused(reader: httpx.AsyncClient, query: str, rows: Rows) -> None:
    answer = await reader.get(f"/v1/streak/{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
    assert await rows("SELECT * FROM daily_stories WHERE date = '2026-06-10'") == []


async def test_each_milestone_is_celebrated_once_in_the_readers_language(
    reader: httpx.AsyncClient, clock: Clock, book_id: str
) -> None:
    await settle(reader, language="en")
    reached = []
    for day in range(1, 11):
        told = await read(reader, book_id)
        assert (await read(reader, book_id))["milestones"] == []
        reached += [(day, each["type"], each["days"]) for each in told["milestones"]]
        clock.next_day()
    assert reached == [(3, "streak", 3), (7, "streak", 7), (10, "total", 10)]
    clock.next_day(30)
    again = []
    for _ in range(3):
        again.append(await read(reader, book_id))
        clock.next_day()
    assert [told["current_streak"] for told in again] == [1, 2, 3]
    assert again[2]["milestones"] == []


async def test_milestones_are_told_in_words(reader: httpx.AsyncClient, clock: Clock, book_id: str) -> None:
    await read(reader, book_id)
    clock.next_day()
    await read(reader, book_id)
    clock.next_day()
    assert (await read(reader, book_id))["milestones"] == [
        {
            "type": "streak",
            "days": 3,
            "title": "3일 연속 읽기",
            "description": "사흘째 그림책과 함께했어요. 참 좋은 시작이에요!",
        }
    ]


async def test_two_rest_days_a_month_keep_a_streak_and_a_third_ends_it(
    reader: httpx.AsyncClient, clock: Clock, book_id: str
) -> None:
    await read(reader, book_id)
    shown = []
    for _ in range(4):
        clock.next_day()
        info = await ask(reader, "info")
        shown.append((info["current_streak"], info["streak_broken"], info["rest_days_left"]))
    assert shown == [(1, False, 2), (1, False, 1), (1, False, 0), (0, True, 2)]
    clock.next_day(-1)
    assert (await read(reader, book_id))["current_streak"] == 2
    clock.next_day(2)
    assert (await ask(reader, "info"))["streak_broken"]
    assert (await read(reader, book_id))["current_streak"] == 1
    assert (await ask(reader, "info"))["longest_streak"] == 2


MIDNIGHTS = [
    ("UTC", date(2026, 6, 10)),
    ("Asia/Seoul", date(2026, 6, 10)),
    ("America/Los_Angeles", date(2026, 6, 10)),
    ("Pacific/Kiritimati", date(2026, 6, 10)),
    ("America/Los_Angeles", date(2026, 3, 8)),
    ("America/Los_Angeles", date(2026, 3, 9)),
    ("America/Los_Angeles", date(2026, 11, 1)),
    ("America/Los_Angeles", date(2026, 11, 2)),
]


@pytest.mark.parametrize(("zone", "day"), MIDNIGHTS)
async def test_a_day_ends_at_the_readers_own_midnight(
    reader: httpx.AsyncClient, clock: Clock, book_id: str, zone: str, day: date
) -> None:
    midnight = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    before = day - timedelta(days=1)
    await settle(reader, time_zone=zone, language="en")
    clock.now = midnight - ONE_SECOND
    assert (await read(reader, book_id))["total_days"] == 1
    assert (await ask(reader, "today"))["topic"] == topic_of(before).texts["en"]
    clock.now = midnight
    info = await ask(reader, "info")
    assert (info["read_today"], info["last_read_date"]) == (False, before.isoformat())
    assert (await ask(reader, "today"))["date"] == f"{day}T00:00:00"
    assert (await read(reader, book_id))["current_streak"] == 2
    assert [each["date"] for each in (await ask(reader, "history", days=2))["history"]] == [str(day), str(before)]
    assert [each["date"] for each in (await ask(reader, "history", days=1))["history"]] == [str(day)]
    calendar = await ask(reader, "calendar", year=day.year, month=day.month)
    assert calendar["days"][day.day - 1] == {"date": str(day), "day": day.day, "read": True, "books_count": 1}


async def test_a_flight_to_yesterday_changes_nothing(reader: httpx.AsyncClient, clock: Clock, book_id: str) -> None:
    await settle(reader, time_zone="Pacific/Kiritimati")
    await read(reader, book_id)
    clock.next_day()
    there = await read(reader, book_id)
    await settle(reader, time_zone="America/Los_Angeles")
    assert await read(reader, book_id) == there | {"new_streak_day": False}
    info = await ask(reader, "info")
    assert (info["current_streak"], info["read_today"], info["streak_broken"]) == (2, True, False)
    clock.next_day()
    clock.next_day()
    assert (await read(reader, book_id))["current_streak"] == 3


async def test_a_deleted_book_keeps_its_day_of_reading(
    reader: httpx.AsyncClient, clock: Clock, book_id: str, shelf: Shelf
) -> None:
    await read(reader, book_id, reading_time=60)
    await read(reader, await shelf.book(), reading_time=1)
    assert (await reader.delete(f"/v1/library/{book_id}")).status_code == 200
    assert (await ask(reader, "history"))["history"] == [
        {"date": "2026-06-10", "books_read": 2, "total_time": 61, "completed_count": 0}
    ]
    assert (await ask(reader, "info"))["current_streak"] == 1


@pytest.mark.parametrize(
    ("year", "month", "days"), [(2000, 1, 31), (2024, 2, 29), (2026, 2, 28), (2026, 6, 30), (2100, 12, 31)]
)
async def test_any_month_has_all_its_days(
    reader: httpx.AsyncClient, clock: Clock, book_id: str, year: int, month: int, days: int
) -> None:
    for day in (1, days):
        clock.now = datetime(year, month, day, 12, tzinfo=UTC)
        await read(reader, book_id)
    clock.now = datetime(2026, 6, 10, tzinfo=UTC)
    told = await ask(reader, "calendar", year=year, month=month)
    assert (told["year"], told["month"], told["total_read_days"]) == (year, month, 2)
    assert [each["day"] for each in told["days"]] == list(range(1, days + 1))
    assert [each["day"] for each in told["days"] if each["read"]] == [1, days]


async def test_what_is_asked_often_is_few_statements_however_much_was_read(
    reader: httpx.AsyncClient, clock: Clock, book_id: str, statements: Counted
) -> None:
    paths = ("info", "history?days=366", "calendar?year=2026&month=6", "today")
    for _ in range(2):
        await read(reader, book_id)
        clock.next_day()
        await ask(reader, "today")
        assert [await statements.of(reader, f"/v1/streak/{path}") for path in paths] == [2, 3, 2, 4]


async def test_the_themes_and_their_topics_are_there_for_everybody(reader: httpx.AsyncClient) -> None:
    del reader.headers["X-User-Key"]
    told = (await ask(reader, "themes"))["themes"]
    assert [(each["id"], each["name"]) for each in told] == [
        ("friendship", "우정"),
        ("courage", "용기"),
        ("kindness", "친절"),
        ("family", "가족"),
        ("nature", "자연"),
        ("growth", "성장"),
        ("imagination", "상상"),
    ]
    assert told[1]["topics"][0] == "어둠이 무서운 아기 여우"
    english = (await ask(reader, "themes", language="en"))["themes"]
    assert english[1]["topics"][0] == "a little fox who is afraid of the dark"


async def test_todays_story_is_the_same_for_everybody_and_one_row(
    reader: httpx.AsyncClient, rows: Rows, clock: Clock
) -> None:
    del reader.headers["X-User-Key"]
    told = await asyncio.gather(*(ask(reader, "today") for _ in range(30)))
    topic = topic_of(NOON.date())
    assert all(each == told[0] for each in told)
    assert told[0] == {
        "date": "2026-06-10T00:00:00",
        "theme": topic.theme.id,
        "theme_name": topic.theme.names["ko"],
        "topic": topic.texts["ko"],
        "book_id": None,
    }
    stored = await rows("SELECT date, theme, topic FROM daily_stories WHERE date = '2026-06-10'")
    assert stored == [(NOON.date(), topic.theme.id, topic.name)]
    clock.next_day()
    assert (await ask(reader, "today"))["topic"] != topic.texts["ko"]


async def test_todays_story_is_told_in_the_language_that_is_asked_for(reader: httpx.AsyncClient) -> None:
    topic = topic_of(NOON.date())
    assert (await ask(reader, "today"))["topic"] == topic.texts["ko"]
    await settle(reader, language="ja")
    assert (await ask(reader, "today"))["topic"] == topic.texts["ja"]
    english = await ask(reader, "today", language="en")
    assert (english["topic"], english["theme_name"]) == (topic.texts["en"], topic.theme.names["en"])


async def test_todays_story_becomes_the_readers_own_book(reader: httpx.AsyncClient, clock: Clock, rows: Rows) -> None:
    await settle(reader, language="en")
    answer = await reader.post("/v1/streak/today/generate")
    assert answer.status_code == 200
    created = answer.json()
    assert (created["status"], created["estimated_time_seconds"]) == ("queued", 120)
    job = await follow(reader, created["job_id"])
    book = job["result"]
    topic = topic_of(NOON.date())
    [(spec,)] = await rows("SELECT request -> 'spec' FROM jobs")
    assert (spec["topic"], spec["language"], spec["theme"]) == (topic.texts["en"], "en", topic.theme.book_theme)
    assert (spec["target_age"], spec["style"], spec["page_count"]) == ("5-7", "watercolor", 8)
    assert (await ask(reader, "today"))["book_id"] == book["book_id"]
    assert (await reader.get("/v1/credits/balance")).json()["credits"] == 2
    stranger = await reader.get("/v1/streak/today", headers={"X-User-Key": "the-key-of-another"})
    assert stranger.json()["book_id"] is None
    clock.next_day()
    assert (await ask(reader, "today"))["book_id"] is None


async def test_todays_book_is_ordered_once_however_often_it_is_asked_for(reader: httpx.AsyncClient) -> None:
    wish = {"target_age": "3-5", "style": "cartoon", "page_count": 4}
    answers = await asyncio.gather(*(reader.post("/v1/streak/today/generate", json=wish) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    jobs = {answer.json()["job_id"] for answer in answers}
    assert len(jobs) == 1
    other_wish = await reader.post("/v1/streak/today/generate", json={"style": "pixel"})
    assert {other_wish.json()["job_id"]} == jobs
    assert (await reader.get("/v1/credits/balance")).json()["credits"] == 2


async def test_a_days_book_that_failed_is_ordered_anew(reader: httpx.AsyncClient, screen: FakeScreen) -> None:
    screen.flag_request = True
    failed = (await reader.post("/v1/streak/today/generate")).json()["job_id"]
    assert (await follow(reader, failed))["status"] == "failed"
    screen.flag_request = False
    second = (await reader.post("/v1/streak/today/generate")).json()["job_id"]
    assert second != failed
    assert (await follow(reader, second))["status"] == "done"
    assert (await reader.post("/v1/streak/today/generate")).json()["job_id"] == second


async def test_a_days_book_that_failed_and_was_retried_is_the_days_book(
    reader: httpx.AsyncClient, screen: FakeScreen
) -> None:
    screen.flag_request = True
    failed = (await reader.post("/v1/streak/today/generate")).json()["job_id"]
    await follow(reader, failed)
    screen.flag_request = False
    retried = (await reader.post(f"/v1/books/{failed}/retry")).json()["job_id"]
    made = await follow(reader, retried)
    assert (await reader.post("/v1/streak/today/generate")).json()["job_id"] == retried
    assert (await ask(reader, "today"))["book_id"] == made["result"]["book_id"]


async def test_a_days_book_that_was_deleted_is_ordered_anew(reader: httpx.AsyncClient) -> None:
    first = (await reader.post("/v1/streak/today/generate")).json()["job_id"]
    made = await follow(reader, first)
    assert (await reader.delete(f"/v1/library/{made['result']['book_id']}")).status_code == 200
    assert (await ask(reader, "today"))["book_id"] is None
    assert (await reader.post("/v1/streak/today/generate")).json()["job_id"] != first


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"character_id": "char_of_somebody_else"}, 404),
        ({"page_count": 13}, 422),
        ({"style": "oil"}, 422),
        ({"topic": "my own"}, 422),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_and_nothing_is_taken(
    reader: httpx.AsyncClient, rows: Rows, wish: dict[str, Any], status: int
) -> None:
    assert (await reader.post("/v1/streak/today/generate", json=wish)).status_code == status
    assert await rows("SELECT * FROM jobs") == await rows("SELECT * FROM daily_books") == []
    assert (await reader.get("/v1/credits/balance")).json()["credits"] == 3


async def test_todays_book_costs_a_credit(reader: httpx.AsyncClient, clock: Clock, rows: Rows) -> None:
    for _ in range(3):
        assert (await reader.post("/v1/streak/today/generate")).status_code == 200
        clock.next_day()
    refused = await reader.post("/v1/streak/today/generate")
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "PAYMENT_REQUIRED")
    assert len(await rows("SELECT * FROM daily_books")) == 3


async def follow(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    """Follows a job to its end."""
    async with asyncio.timeout(20):
        while True:
            job: dict[str, Any] = (await client.get(f"/v1/books/{job_id}")).json()
            if job["status"] in ("done", "failed"):
                return job
            await asyncio.sleep(0.02)
