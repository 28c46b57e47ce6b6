"""What a picture shows, in words for whoever cannot see it."""

from typing import Annotated

from pydantic import StringConstraints

from storybook.domain.values import Readable, Strict

MAX_LENGTH = 200
MAX_SENTENCES = 2


class AltText(Strict):
    """A picture in a sentence or two."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LENGTH), Readable]
