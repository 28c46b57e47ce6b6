"""Tells or stages one page of a story anew, its text within the band of its age, and has its text judged."""

from storybook.core.errors import ErrorCode, JobFailed, ProviderError
from storybook.domain.moderation import Verdict
from storybook.domain.reading_level import complaints
from storybook.domain.story import StoryPage
from storybook.providers.base import ModerationProvider, Revision, RewriteRequest, TextCheck, TextProvider


async def rewrite_page(request: RewriteRequest, text: TextProvider) -> Revision:
    """The page in other words; raises ProviderError when they are not what was asked for."""
    revision = await text.rewrite_page(request)
    if found := breaches(revision.page, request):
        raise ProviderError("; ".join(found), code=ErrorCode.LLM_JSON_INVALID)
    return revision


async def restage_page(request: RewriteRequest, text: TextProvider) -> Revision:
    """The page with the scene that the reader wishes for; raises ProviderError when more than that has changed."""
    revision, old = await text.restage_page(request), request.draft.pages[request.page_number - 1]
    found = _strangers(revision.page, request)
    if revision.page.model_copy(update={"scene": old.scene}) != old:
        found.append("only the scene may change")
    if found:
        raise ProviderError("; ".join(found), code=ErrorCode.LLM_JSON_INVALID)
    return revision


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
    found += _strangers(page, request)
    if page.text == draft.pages[request.page_number - 1].text:
        found.append("the words are the same as before")
    return found


def _strangers(page: StoryPage, request: RewriteRequest) -> list[str]:
    known = {member.name for member in request.draft.cast}
    strangers = [actor for actor in page.scene.actors if actor.name not in known]
    return ["the picture shows someone who is not in the cast"] if strangers else []
