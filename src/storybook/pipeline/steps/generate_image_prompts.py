"""E: puts one picture into words, from the sheets of who is in it and the scene that the story gives it.

The same character is described by the same words in every prompt, so no model has to be asked again. Where that is too
long the hero's words stay whole; what is said of the others is cut first, and then what is said last.
"""

import zlib
from collections.abc import Mapping
from typing import Any

from storybook.core.templates import render
from storybook.domain.book_spec import Style
from storybook.domain.characters import CastSheet
from storybook.domain.jobs import Step
from storybook.domain.pictures import MAX_SEED, PicturePrompt
from storybook.domain.story import COVER, Scene

MAX_POSITIVE = 1200
MAX_NEGATIVE = 600


async def generate_image_prompt(
    page_number: int, scene: Scene, cast: CastSheet, style: Style, forbidden: tuple[str, ...], seed: int
) -> PicturePrompt:
    """The prompt of the page, or of the cover (number 0). All pictures of a book have seeds of their own."""
    values = {"scene": scene, "style": style, "is_cover": page_number == COVER, "forbidden": forbidden}
    return PicturePrompt(
        page_number=page_number,
        scene=scene,
        positive=_positive(values, scene, cast),
        negative=_cut(_render("negative", values), MAX_NEGATIVE),
        seed=zlib.crc32(f"{seed}:{page_number}".encode()) % MAX_SEED + 1,
    )


def _positive(values: Mapping[str, Any], scene: Scene, cast: CastSheet) -> str:
    """The hero comes first of those who are in the picture; the others share the room that is left."""
    hero = cast.characters[0].name
    actors = sorted(scene.actors, key=lambda actor: actor.name != hero)

    def told(most: int) -> str:
        looks = [cast.by_name(actor.name).master_description for actor in actors]
        shown = [words if actor.name == hero else _cut(words, most) for actor, words in zip(actors, looks, strict=True)]
        return _render("positive", {**values, "actors": list(zip(actors, shown, strict=True))})

    whole = told(MAX_POSITIVE)
    if len(whole) <= MAX_POSITIVE:
        return whole
    room = MAX_POSITIVE - len(told(0))
    others = sum(actor.name != hero for actor in actors)
    return _cut(told(max(room // max(others, 1) - 1, 0)), MAX_POSITIVE)


def _render(part: str, values: Mapping[str, Any]) -> str:
    """The prompt in one line."""
    return " ".join(render(f"{Step.GENERATE_IMAGE_PROMPTS}.{part}.jinja2", values).split())


def _cut(text: str, limit: int) -> str:
    """Shortened at a word where it is too long."""
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0]
