"""Bodies of the route that makes a character from a photo."""

from typing import Self

from pydantic import BaseModel, Field

from storybook.models import Character
from storybook.schemas.characters import CharacterAnswer


class PhotoAnalysis(BaseModel):
    made_by: str = Field(examples=["studio"], description="Who looked at the photo")
    made_from: str = Field(examples=["the photo's colours and the name"])


class PortraitAnswer(CharacterAnswer):
    job_id: str
    photo_url: None = Field(default=None, description="Always null: the photo is not kept")
    photo_analysis: PhotoAnalysis

    @classmethod
    def made(cls, character: Character, job_id: str, analysis: PhotoAnalysis) -> Self:
        return cls(**CharacterAnswer.of(character).model_dump(), job_id=job_id, photo_analysis=analysis)


class PortraitOrdered(BaseModel):
    """What the same request finds again when it is sent again; `answer` is there once the character is made."""

    job_id: str
    character_id: str
    answer: PortraitAnswer | None = None
