"""A: completes and tidies the request, and looks up the characters that it names."""

from collections.abc import Sequence

from pydantic import ValidationError

from storybook.core.errors import ErrorCode, JobFailed
from storybook.domain.book_spec import BookSpec
from storybook.domain.characters import CharacterSheet
from storybook.domain.normalize import normalize_spec, same_for_a_reader
from storybook.domain.series import Earlier, EarlierBook, names_in
from storybook.domain.values import Strict
from storybook.providers.base import StoryRequest
from storybook.providers.names import Names


class Request(Strict):
    """What the book is made from: the tidy request, the characters that were chosen for it, and the books before it.

    `spoken_of` are the names of the user's other characters and heroes that it holds.
    """

    spec: BookSpec
    known: tuple[CharacterSheet, ...] = ()
    earlier: Earlier = ()
    spoken_of: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Those of everyone in the request, the hero's first."""
        return (*names_in(self.spec, self.known, self.earlier), *self.spoken_of)

    def story(self, seed: int) -> StoryRequest:
        """The story to write."""
        return StoryRequest(spec=self.spec, known=self.known, earlier=self.earlier, spoken_of=self.spoken_of, seed=seed)


async def normalize(
    spec: BookSpec,
    known: tuple[CharacterSheet, ...],
    earlier: tuple[EarlierBook, ...] = (),
    told_names: Sequence[str] = (),
) -> Request:
    """The request with those of the `told_names` that it speaks of.

    Raises JobFailed where tidying leaves a request that no rule can save, or two chosen ones have one name.
    """
    if same_for_a_reader(sheet.name for sheet in known):
        raise JobFailed(ErrorCode.UNKNOWN, "two of the chosen characters have one name by now")
    tidied = normalize_spec(spec)
    try:
        request = Request(spec=BookSpec.model_validate(tidied.model_dump()), known=known, earlier=earlier)
    except ValidationError:
        raise JobFailed(ErrorCode.UNKNOWN, "nothing is left of the request once it is tidied") from None
    others = Names(request.names, spec.language).spoken_of(told_names, request)
    return request.model_copy(update={"spoken_of": others})
