"""What clients send to have something made, in every spelling that they know."""

from typing import Annotated, Self

from pydantic import AliasChoices, ConfigDict, Field, StringConstraints, model_validator

from storybook.domain.book_spec import Identifier, Language, Style, TargetAge, Term, Theme
from storybook.domain.orders import Feedback, RegenerateMode
from storybook.domain.values import Readable, Strict
from storybook.services.series import NextBook


class PageRequest(Strict):
    """`mode`, or `regenerate_target` as some clients call it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"mode": "both", "feedback": "Add a red kite"}]})

    mode: RegenerateMode = Field(validation_alias=AliasChoices("mode", "regenerate_target"))
    feedback: Feedback | None = None


class SeriesRequest(Strict):
    """The next book of a series. What is left out is as it was in the book before; an empty list is none.

    A character that has no book yet gets its first one, for which `target_age` and `style` have to be said.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"previous_book_id": "book_...", "topic": "at the sea"}]})

    previous_book_id: Identifier | None = None
    character_id: Identifier | None = None
    character_ids: Annotated[tuple[Identifier, ...], Field(max_length=4)] | None = None
    language: Language | None = None
    topic: Annotated[
        str,
        StringConstraints(min_length=1, max_length=200),
        Readable,
        Field(validation_alias=AliasChoices("topic", "new_topic_hint")),
    ]
    target_age: TargetAge | None = None
    style: Style | None = None
    theme: Theme | None = None
    page_count: Annotated[int, Field(ge=4, le=12, strict=True)] | None = None
    forbidden_elements: Annotated[tuple[Term, ...], Field(max_length=20)] | None = None

    @model_validator(mode="after")
    def _goes_on_from_something(self) -> Self:
        if not self.previous_book_id and not self.character_id:
            raise ValueError("must name the book to go on from (previous_book_id) or its hero (character_id)")
        return self

    def next_book(self) -> NextBook:
        return NextBook(**self.model_dump())
