"""Bodies of the account's routes."""

from datetime import datetime
from functools import cache
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field

from storybook.domain.book_spec import Language
from storybook.domain.values import Strict
from storybook.models import AccountDeletion
from storybook.services.account import Account

_OF_THE_MACHINE = {"localtime", "Factory"}


@cache
def known_time_zones() -> frozenset[str]:
    """All names of the IANA; the first call reads a few hundred files."""
    return frozenset(available_timezones() - _OF_THE_MACHINE)


def _require_time_zone(name: str) -> str:
    if name not in known_time_zones():
        raise ValueError("is no time zone; please send a name such as Asia/Seoul")
    return name


TimeZone = Annotated[
    str, Field(max_length=60, examples=["Asia/Seoul"], description="IANA"), AfterValidator(_require_time_zone)
]


class AccountChange(Strict):
    """What is left out stays as it is."""

    time_zone: TimeZone | None = None
    language: Language | None = None


class AccountAnswer(BaseModel):
    user_id: str
    time_zone: str = Field(description="The IANA time zone that the user's days are counted in")
    language: Language
    signs_in_by: Literal["key", "device"] = Field(description="`device` once the app uses tokens")
    books: int = Field(description="How many finished books there are")
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        user, books = account
        return cls(
            user_id=user.id,
            time_zone=user.time_zone,
            language=Language(user.language),
            signs_in_by="key" if user.key_hash and not user.key_retired_at else "device",
            books=books,
            created_at=user.created_at,
        )


class DeletionAnswer(BaseModel):
    """The proof of a deletion. It names nobody."""

    deletion_id: str = Field(description="Ask with it whether the files are gone; nobody can guess it")
    requested_at: datetime
    removed: dict[str, int] = Field(description="How many of each kind there were")
    files_gone_at: datetime | None = Field(description="When the last file was gone; null while some wait to go")

    @classmethod
    def of(cls, deletion: AccountDeletion) -> Self:
        return cls(
            deletion_id=deletion.id,
            requested_at=deletion.requested_at,
            removed=deletion.removed,
            files_gone_at=deletion.files_gone_at,
        )
