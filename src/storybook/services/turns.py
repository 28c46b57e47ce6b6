"""Whose turn it is to do what has to be done once in every period. Periods are counted by the database's clock."""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from storybook.core.database import Database
from storybook.models import PeriodicRun


class Turn(NamedTuple):
    """A period that was asked for. `rest` is how many seconds are left until the next one begins."""

    period: datetime
    ours: bool
    rest: float


async def take(database: Database, name: str, every: float) -> Turn:
    """Takes the present period of this work, unless another process has: of any number that ask, one gets it.

    Whoever took a period and died is replaced in the next one, so the work must do no harm when it is done twice.
    """
    async with database.reading() as session:
        now = float((await session.scalars(select(func.extract("epoch", func.clock_timestamp())))).one())
    begun = now // every * every
    period = datetime.fromtimestamp(begun, UTC)
    first = insert(PeriodicRun).values(name=name, period=period)
    later = first.on_conflict_do_update(
        index_elements=[PeriodicRun.name], set_={"period": period}, where=PeriodicRun.period < period
    )
    async with database.session() as session:
        taken = await session.scalar(later.returning(PeriodicRun.name))
    return Turn(period, taken is not None, begun + every - now)
