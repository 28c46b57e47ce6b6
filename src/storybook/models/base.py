"""What all tables share: names of constraints, timestamps, references to users."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, cast

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, MetaData, String, Table, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

ID_LENGTH = 60
KEY_LENGTH = 200

Id = Annotated[str, mapped_column(String(ID_LENGTH), primary_key=True)]
Number = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
UserId = Annotated[str, mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), index=True)]
CreatedAt = Annotated[datetime, mapped_column(server_default=func.now())]
UpdatedAt = Annotated[datetime, mapped_column(server_default=func.now(), onupdate=func.now())]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True)}


def table_of(model: type[Base]) -> Table:
    """For statements that are made and sent often: without the work that an ORM does for objects in memory."""
    return cast("Table", model.__table__)


def one_of(column: str, values: type[StrEnum]) -> str:
    """The SQL of a check that a column holds one of an enum's values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
