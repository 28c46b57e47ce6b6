"""What is done once in every period: the period that was begun last."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from storybook.models.base import Base


class PeriodicRun(Base):
    """`period` is when the period began for which somebody has taken this work upon itself."""

    __tablename__ = "periodic_runs"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    period: Mapped[datetime]
