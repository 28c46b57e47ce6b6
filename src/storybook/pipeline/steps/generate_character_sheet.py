"""D: settles how everyone in the story looks, and has the words judged. A chosen character keeps its own sheet, and
whoever was in an earlier book of the series the one from there; the others get one.
"""

from storybook.core.errors import ErrorCode, ProviderError
from storybook.domain.characters import CastSheet
from storybook.domain.moderation import Verdict
from storybook.domain.story import StoryDraft
from storybook.pipeline.steps.normalize import Request
from storybook.pipeline.verdicts import passed
from storybook.providers.base import ModerationProvider, SheetRequest, TextCheck, TextProvider


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


async def judge_looks(cast: CastSheet, request: Request, moderation: ModerationProvider) -> Verdict:
    """The verdict on all that is said of how everyone looks; raises JobFailed with SAFETY_OUTPUT when it is flagged."""
    verdict = await moderation.judge_story(
        TextCheck(
            texts=tuple(text for sheet in cast.characters for text in sheet.texts()),
            language=request.spec.language,
            target_age=request.spec.target_age,
            forbidden=request.spec.forbidden_elements or (),
            names=request.names,
        )
    )
    return passed(verdict, ErrorCode.SAFETY_OUTPUT, "the looks")
