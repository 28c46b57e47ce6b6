"""A: completes and tidies the request, and looks up the characters that it names."""

from pydantic import ValidationError

from storybook.core.errors import ErrorCode, JobFailed
from storybook.domain.book_spec import BookSpec
from storybook.domain.characters import CharacterSheet
from storybook.domain.normalize import normalize_spec
from storybook.domain.values import Strict


class Request(Strict):
    """What the book is made from: the tidy request and the characters that were chosen for it."""

    spec: BookSpec
    known: tuple[CharacterSheet, ...] = ()


async def normalize(spec: BookSpec, known: tuple[CharacterSheet, ...]) -> Request:
    """Raises JobFailed where tidying leaves a request that no rule can save."""
    tidied = normalize_spec(spec)
    try:
        return Request(spec=BookSpec.model_validate(tidied.model_dump()), known=known)
    except ValidationError:
        raise JobFailed(ErrorCode.UNKNOWN, "nothing is left of the request once it is tidied") from None
