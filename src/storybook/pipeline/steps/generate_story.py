"""C: writes the story and checks that it is the one that was asked for; then its text is judged."""

from storybook.core.errors import ErrorCode, ProviderError
from storybook.domain.moderation import Verdict
from storybook.domain.story import StoryDraft
from storybook.domain.wanted import story_faults
from storybook.pipeline.steps.normalize import Request
from storybook.pipeline.verdicts import passed
from storybook.providers.base import ModerationProvider, TextCheck, TextProvider


async def generate_story(request: Request, seed: int, text: TextProvider) -> StoryDraft:
    """The story; raises ProviderError when it is not the one that was asked for."""
    draft = await text.write_story(request.story(seed))
    if found := story_faults(draft, request.spec, request.known):
        raise ProviderError("; ".join(found), code=ErrorCode.LLM_JSON_INVALID)
    return draft


async def judge_story(draft: StoryDraft, request: Request, moderation: ModerationProvider) -> Verdict:
    """The verdict on the story's text, on whom its writer thought up and on what its pictures are to show; raises
    JobFailed with SAFETY_OUTPUT when it is flagged.
    """
    cast = (text for member in draft.cast for text in (member.name, member.kind, member.look, *member.traits))
    scenes = (text for scene in draft.scenes().values() for text in scene.texts())
    verdict = await moderation.judge_story(
        TextCheck(
            texts=(draft.title, draft.moral, *(page.text for page in draft.pages), *cast, *scenes),
            language=request.spec.language,
            target_age=request.spec.target_age,
            forbidden=request.spec.forbidden_elements or (),
            names=request.names,
        )
    )
    return passed(verdict, ErrorCode.SAFETY_OUTPUT, "the story")
