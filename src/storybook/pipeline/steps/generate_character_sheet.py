"""D: settles how everyone in the story looks. A chosen character keeps its own sheet, and whoever was in an earlier
book of the series the one from there; the others get one.
"""

from storybook.core.errors import ErrorCode, ProviderError
from storybook.domain.characters import CastSheet
from storybook.domain.story import StoryDraft
from storybook.pipeline.steps.normalize import Request
from storybook.providers.base import SheetRequest, TextProvider


async def generate_character_sheet(request: Request, draft: StoryDraft, seed: int, text: TextProvider) -> CastSheet:
    """One sheet for each of the cast, in its order. Nobody is asked when every character was chosen."""
    past = [sheet for book in request.earlier for sheet in book.companions]
    sheets = {sheet.name: sheet for sheet in (*past, *request.known)}
    unknown = tuple(member for member in draft.cast if member.name not in sheets)
    if unknown:
        forbidden = request.spec.forbidden_elements or ()
        designed = await text.design_cast(
            SheetRequest(cast=unknown, style=request.spec.style, seed=seed, forbidden=forbidden, names=request.names)
        )
        sheets |= {sheet.name: sheet for sheet in designed.characters}
    missing = [member.name for member in draft.cast if member.name not in sheets]
    if missing:
        raise ProviderError(f"{len(missing)} of the cast have no sheet", code=ErrorCode.LLM_JSON_INVALID)
    return CastSheet(characters=tuple(sheets[member.name] for member in draft.cast))
