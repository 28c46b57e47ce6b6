"""What a parent asks for: the book's specification and the closed lists that it is made of."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from storybook.domain.values import Composed, Readable, Strict


class Language(StrEnum):
    KO = "ko"
    EN = "en"
    JA = "ja"


ENGLISH_NAMES = {Language.KO: "Korean", Language.EN: "English", Language.JA: "Japanese"}


class TargetAge(StrEnum):
    TODDLER = "3-5"
    EARLY_READER = "5-7"
    READER = "7-9"
    ADULT = "adult"


class Style(StrEnum):
    WATERCOLOR = "watercolor"
    CARTOON = "cartoon"
    THREE_D = "3d"
    PIXEL = "pixel"
    OIL_PAINTING = "oil_painting"
    CLAYMATION = "claymation"


class Theme(StrEnum):
    """The themes of every client in use; the values are the words that the clients send."""

    HABITS = "생활습관"
    FEELINGS = "감정코칭"
    GETTING_ALONG = "사회성"
    FRIENDSHIP = "우정"
    FAMILY = "가족"
    ADVENTURE = "모험"
    NATURE = "자연"
    SCIENCE = "과학"


class Gender(StrEnum):
    MALE = "male"
    FEMALE = "female"
    NEUTRAL = "neutral"


Topic = Annotated[str, StringConstraints(min_length=1, max_length=200), Composed, Readable]
Name = Annotated[str, StringConstraints(min_length=1, max_length=40), Composed, Readable]
Description = Annotated[str, StringConstraints(min_length=1, max_length=200), Composed, Readable]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=60), Readable]
Term = Annotated[str, StringConstraints(min_length=1, max_length=40), Composed, Readable]

MAX_REFERENCE_IMAGE_CHARS = 5_000_000
Base64 = Annotated[
    str,
    StringConstraints(max_length=MAX_REFERENCE_IMAGE_CHARS, pattern=r"^(data:[a-z/+.-]+;base64,)?[A-Za-z0-9+/=\s_-]*$"),
]


class HeroSpec(Strict):
    """A hero described in the request itself."""

    name: Name
    gender: Gender | None = None
    appearance: Description | None = None
    personality: Annotated[tuple[Term, ...], Field(max_length=8)] | None = None


_TWO_HEROES: dict[str, Any] = {
    "required": ["character", "character_id"],
    "properties": {"character": {"type": "object"}, "character_id": {"type": "string"}},
}


class BookSpec(Strict):
    """The request for one book; limits are those of the wire contract."""

    model_config = ConfigDict(json_schema_extra={"not": _TWO_HEROES})

    topic: Topic
    language: Language = Language.KO
    target_age: TargetAge
    style: Style
    page_count: Annotated[int, Field(ge=4, le=12, strict=True)] = 8
    theme: Theme | None = None
    character: HeroSpec | None = None
    character_id: Identifier | None = None
    character_ids: Annotated[tuple[Identifier, ...], Field(max_length=4)] | None = None
    forbidden_elements: Annotated[tuple[Term, ...], Field(max_length=20)] | None = None
    reference_image_base64: Base64 | None = Field(
        default=None,
        description="Accepted for older clients, not used and not kept; make a character from a photo instead",
    )
    series_context: Annotated[str, StringConstraints(min_length=1, max_length=500), Composed, Readable] | None = None

    @model_validator(mode="after")
    def _has_one_hero(self) -> Self:
        if self.character and self.character_id:
            raise ValueError(
                "names two heroes: send character_id or character, and everyone else whom you chose in character_ids"
            )
        return self

    @property
    def chosen_characters(self) -> tuple[str, ...]:
        """The ids of the kept characters that are in the book, each once; the first is the hero unless one is described
        in `character`.
        """
        first = (self.character_id,) if self.character_id else ()
        return tuple(dict.fromkeys((*first, *(self.character_ids or ()))))
