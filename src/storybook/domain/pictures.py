"""What is asked of a painter and what comes back."""

from typing import Annotated

from pydantic import Field, StringConstraints

from storybook.domain.story import Scene
from storybook.domain.values import Readable, Strict

PICTURE_WIDTH = 960
PICTURE_HEIGHT = 1280
MAX_SEED = 2_147_483_647

Seed = Annotated[int, Field(ge=1, le=MAX_SEED)]


class PicturePrompt(Strict):
    """One picture in words, for a model, and as a scene, for the studio's painter."""

    page_number: Annotated[int, Field(ge=-2, le=12)]
    scene: Scene
    positive: Annotated[str, StringConstraints(min_length=10, max_length=1200), Readable]
    negative: Annotated[str, StringConstraints(min_length=10, max_length=600), Readable]
    seed: Seed


class Picture(Strict):
    """An encoded picture. `made_by` is the provider's name."""

    data: bytes
    media_type: str
    width: int
    height: int
    made_by: str
