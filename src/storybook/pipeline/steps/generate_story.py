"""C: writes the story and checks that it is the one that was asked for; then its text is judged."""

from storybook.core.errors import ErrorCode, JobFailed, ProviderError
from storybook.domain.moderation import Verdict
from storybook.domain.reading_level import complaints
from storybook.domain.story import StoryDraft
from storybook.pipeline.steps.normalize import Request
from storybook.providers.base import ModerationProvider, TextCheck, TextProvider


async def generate_story(request: Request, seed: int, text: TextProvider) -> StoryDraft:
    """The story; raises ProviderError when it is not the one that was asked for."""
    draft = await text.write_story(request.story(seed))
    if found := breaches(draft, request):
        raise ProviderError("; ".join(found), code=ErrorCode.LLM_JSON_INVALID)
    return draft


async def judge_story(draft: StoryDraft, request: Request, moderation: ModerationProvider) -> Verdict:
    """The verdict on the story's text; raises JobFailed with SAFETY_OUTPUT when it is flagged."""
    verdict = await moderation.judge_story(
        TextCheck(
            texts=(draft.title, draft.moral, *(page.text for page in draft.pages)),
            language=request.spec.language,
            target_age=request.spec.target_age,
            forbidden=request.spec.forbidden_elements or (),
        )
    )
    if not verdict.allowed:
        raise JobFailed(ErrorCode.SAFETY_OUTPUT, "the story was flagged")
    return verdict


def breaches(draft: StoryDraft, request: Request) -> list[str]:
    """What about the story is not as it was asked for, each as a sentence for the writer."""
    spec = request.spec
    found = []
    if (draft.language, draft.target_age) != (spec.language, spec.target_age):
        found.append(f"the story must be in {spec.language} for age {spec.target_age}")
    if len(draft.pages) != spec.page_count:
        found.append(f"the story has {len(draft.pages)} pages; it must have {spec.page_count}")
    missing = {sheet.name for sheet in request.known} - {member.name for member in draft.cast}
    if missing:
        found.append(f"the story must have all of its chosen characters; {len(missing)} are missing")
    for page in draft.pages:
        found += [f"page {page.page_number} {what}" for what in complaints(page.text, spec.target_age, spec.language)]
    return found
