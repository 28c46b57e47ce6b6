"""Reading: the streak, what was read when, and the story of the day."""

from typing import Annotated

from fastapi import APIRouter, Query

from storybook.domain.book_spec import Language
from storybook.routers.answers import NOTHING_NEEDED, errors
from storybook.routers.deps import (
    IdempotencyKey,
    NowDep,
    OptionalReader,
    Reader,
    ReadingDep,
    SessionDep,
    UserId,
    Wake,
)
from storybook.routers.limits import QuotasDep
from storybook.routers.once import OnceDep
from storybook.schemas.books import BookCreated
from storybook.schemas.streak import (
    CalendarAnswer,
    HistoryAnswer,
    ReadAnswer,
    ReadRequest,
    StreakAnswer,
    ThemesAnswer,
    TodayAnswer,
    TodaysBookRequest,
)
from storybook.services import daily_stories, streak

router = APIRouter(prefix="/v1/streak", tags=["streak"])

Year = Annotated[int, Query(ge=2000, le=2100)]
Month = Annotated[int, Query(ge=1, le=12)]
InLanguage = Annotated[Language | None, Query(description="Of what is answered; the reader's own when left out")]


@router.get("/info", summary="See the reading streak", responses=errors())
async def get_streak(reader: Reader, session: ReadingDep, now: NowDep) -> StreakAnswer:
    """Days are the reader's own. Two days of each month may be missed without losing the streak."""
    return StreakAnswer.of(await streak.info(session, reader, now))


@router.post("/read", summary="Note that a book was read", responses=errors(404, 413))
async def note_reading(body: ReadRequest, user_id: UserId, session: SessionDep, now: NowDep) -> ReadAnswer:
    """A book counts once a day; what is read of it again that day adds to its time."""
    return ReadAnswer.of(await streak.note_reading(session, user_id, body.reading(), now))


@router.get("/history", summary="List the days of reading", responses=errors())
async def list_reading_days(
    reader: Reader, session: ReadingDep, now: NowDep, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> HistoryAnswer:
    """Among the last `days` days, those on which something was read."""
    return HistoryAnswer.of(await streak.history(session, reader, days, now))


@router.get("/calendar", summary="See a month of reading", responses=errors())
async def get_reading_calendar(reader: Reader, session: ReadingDep, year: Year, month: Month) -> CalendarAnswer:
    """Any month, with all its days."""
    return CalendarAnswer.of(year, month, await streak.books_by_day(session, reader, year, month))


@router.get("/themes", summary="List the themes of the daily stories", responses=errors())
async def list_daily_themes(language: Language = Language.KO) -> ThemesAnswer:
    """All themes with their topics. No key is needed."""
    return ThemesAnswer.of(language)


@router.get("/today", summary="See the story of the day", responses=errors(), openapi_extra=NOTHING_NEEDED)
async def get_todays_story(
    reader: OptionalReader, session: SessionDep, now: NowDep, language: InLanguage = None
) -> TodayAnswer:
    """The same for everybody. No key is needed; with one, the day and the language are the reader's own."""
    return TodayAnswer.of(await daily_stories.today(session, reader, now), language)


@router.post("/today/generate", summary="Ask for today's story as a book", responses=errors(402, 404, 409, 413))
async def create_todays_book(
    user_id: UserId,
    session: SessionDep,
    quotas: QuotasDep,
    key: IdempotencyKey,
    once: OnceDep,
    now: NowDep,
    wake: Wake,
    body: TodaysBookRequest = TodaysBookRequest(),  # noqa: B008 - a frozen value
) -> BookCreated:
    """Takes one credit aside and queues the book. Asked again that day, it answers with the same job, unless it failed
    or its book was deleted.
    """

    async def order() -> BookCreated:
        return BookCreated.of(await daily_stories.order_book(session, user_id, body.wish(), quotas, now))

    wake()
    return await once(body, BookCreated, order) if key else await order()
