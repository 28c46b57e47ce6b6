"""E: puts one picture into words, from the sheets of who is in it and the scene that the story gives it.

The same character is described by the same words in every prompt, so no model has to be asked again.
"""

import zlib

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
    actors = [(actor, cast.by_name(actor.name)) for actor in scene.actors]
    values = {
        "scene": scene, "actors": actors, "style": style, "is_cover": page_number == COVER, "forbidden": forbidden,
    }  # fmt: skip
    return PicturePrompt(
        page_number=page_number,
        scene=scene,
        positive=_cut(render(f"{Step.GENERATE_IMAGE_PROMPTS}.positive.jinja2", values), MAX_POSITIVE),
        negative=_cut(render(f"{Step.GENERATE_IMAGE_PROMPTS}.negative.jinja2", values), MAX_NEGATIVE),
        seed=zlib.crc32(f"{seed}:{page_number}".encode()) % MAX_SEED + 1,
    )


def _cut(text: str, limit: int) -> str:
    """The text in one line, shortened at a word where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[:limit].rsplit(" ", 1)[0]
