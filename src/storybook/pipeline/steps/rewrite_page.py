"""Tells one page of a story anew, within the band of its age, and has its text judged."""

from storybook.core.errors import ErrorCode, JobFailed, ProviderError
from storybook.domain.moderation import Verdict
from storybook.domain.reading_level import complaints
from storybook.domain.story import StoryPage
from storybook.providers.base import ModerationProvider, RewriteRequest, TextCheck, TextProvider


async def rewrite_page(request: RewriteRequest, text: TextProvider) -> StoryPage:
    """The page in other words; raises ProviderError when they are not what was asked for."""
    page = await text.rewrite_page(request)
    if found := breaches(page, request):
        raise ProviderError("; ".join(found), code=ErrorCode.LLM_JSON_INVALID)
    return page


async def judge_page(page: StoryPage, request: RewriteRequest, moderation: ModerationProvider) -> Verdict:
    """The verdict on the page's text; raises JobFailed with SAFETY_OUTPUT when it is flagged."""
    verdict = await moderation.judge_story(
        TextCheck(
            texts=(page.text,),
            language=request.draft.language,
            target_age=request.draft.target_age,
            forbidden=request.story.spec.forbidden_elements or (),
        )
    )
    if not verdict.allowed:
        raise JobFailed(ErrorCode.SAFETY_OUTPUT, "the page was flagged")
    return verdict


def breaches(page: StoryPage, request: RewriteRequest) -> list[str]:
    """What about the page is not as it was asked for, each as a sentence for the writer."""
    draft = request.draft
    found = complaints(page.text, draft.target_age, draft.language)
    if page.page_number != request.page_number:
        found.append(f"page {request.page_number} was asked for")
    if {actor.name for actor in page.scene.actors} - {member.name for member in draft.cast}:
        found.append("the picture shows someone who is not in the cast")
    if page.text == draft.pages[request.page_number - 1].text:
        found.append("the words are the same as before")
    return found
