"""What a job is asked to do: a whole book, one page again, a voice, a character from a photo, or pictures in words."""

import hashlib
import json
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, TypeAdapter

from storybook.domain.book_spec import BookSpec, Gender, Identifier, Language, Name, Style
from storybook.domain.jobs import LAST_TRY, JobKind
from storybook.domain.pictures import Seed
from storybook.domain.series import Earlier, EarlierBook
from storybook.domain.story import PageNumber
from storybook.domain.values import Readable, Strict

Feedback = Annotated[str, StringConstraints(min_length=1, max_length=200), Readable]


class RegenerateMode(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    BOTH = "both"


class SeriesLink(Strict):
    """The book that a new one goes on from, and what happened in the series so far, the oldest book first."""

    series_id: Identifier
    previous_book_id: Identifier
    earlier: Earlier = ()


class BookOrder(Strict):
    """A book; `series` where it goes on from an earlier one."""

    spec: BookSpec
    series: SeriesLink | None = None

    @property
    def earlier(self) -> tuple[EarlierBook, ...]:
        """The books before this one in its series, the oldest first."""
        return self.series.earlier if self.series else ()

    @property
    def language(self) -> Language:
        return self.spec.language


class PageOrder(Strict):
    """A finished book's page, made again."""

    book_id: Identifier
    page_number: PageNumber
    mode: RegenerateMode
    feedback: Feedback | None = None
    language: Language


class AudioOrder(Strict):
    """A finished book's voice: of one page, or of all that have none yet."""

    book_id: Identifier
    page_number: PageNumber | None = None
    language: Language


class PortraitOrder(Strict):
    """A character from a photo, which waits beside the job until the character is made."""

    character_id: Identifier
    name: Name | None = None
    gender: Gender | None = None
    style: Style
    language: Language = Language.KO


class DescriptionOrder(Strict):
    """What a finished book's pictures show, in words: of all that have none yet. The book has so many `pictures`."""

    book_id: Identifier
    language: Language
    pictures: Annotated[int, Field(ge=1, le=13)]


Order = BookOrder | PageOrder | AudioOrder | PortraitOrder | DescriptionOrder

_KINDS: dict[JobKind, TypeAdapter[Order]] = {
    JobKind.BOOK: TypeAdapter(BookOrder),
    JobKind.PAGE: TypeAdapter(PageOrder),
    JobKind.AUDIO: TypeAdapter(AudioOrder),
    JobKind.PORTRAIT: TypeAdapter(PortraitOrder),
    JobKind.DESCRIPTION: TypeAdapter(DescriptionOrder),
}


def read_order(kind: JobKind, stored: object) -> Order:
    """The order as it was stored; raises pydantic.ValidationError for what no order of this kind can be."""
    return _KINDS[kind].validate_python(stored)


def fingerprint(kind: JobKind, request: dict[str, Any]) -> bytes:
    """The same for the same order as it is stored, whatever the order of its keys."""
    canonical = json.dumps({"kind": kind, "request": request}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


def language_of(stored: dict[str, Any]) -> Language:
    """Of any order as it was stored, also of one that only another version can read; English where it names none."""
    spec = stored.get("spec")
    named = (spec if isinstance(spec, dict) else stored).get("language")
    return next((language for language in Language if language == named), Language.EN)


class Claim(Strict):
    """A job that a runner may work on while its lease lives. Every write for it carries `fence`.

    `asked_at` is when the runner asked for it, by its own clock: see `core.lease`; it was ordered `age` seconds before.
    """

    job_id: str
    user_id: str
    kind: JobKind
    order: Order
    seed: Seed
    asset_token: str
    fence: int
    recoveries: int
    worked_seconds: float = 0.0
    asked_at: float = 0.0
    age: float = 0.0
    traceparent: str | None = None

    @property
    def goes_alone(self) -> bool:
        """Whether a process works on nothing else meanwhile."""
        return self.recoveries >= LAST_TRY
