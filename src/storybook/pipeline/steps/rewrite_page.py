"""Tells or stages one page of a story anew, its text within the band of its age, and has its text judged."""

from storybook.core.errors import ErrorCode, ProviderError
from storybook.domain.moderation import Verdict
from storybook.domain.story import StoryPage
from storybook.domain.wanted import page_faults, scene_faults
from storybook.pipeline.verdicts import passed
from storybook.providers.base import ModerationProvider, Revision, RewriteRequest, TextCheck, TextProvider


async def rewrite_page(request: RewriteRequest, text: TextProvider) -> Revision:
    """The page in other words; raises ProviderError when they are not what was asked for."""
    revision = await text.rewrite_page(request)
    if found := page_faults(revision.page, request.page_number, request.draft):
        raise ProviderError("; ".join(found), code=ErrorCode.LLM_JSON_INVALID)
    return revision


async def restage_page(request: RewriteRequest, text: TextProvider) -> Revision:
    """The page with the scene that the reader wishes for; raises ProviderError when more than that has changed."""
    revision, old = await text.restage_page(request), request.draft.pages[request.page_number - 1]
    found = scene_faults(revision.page.scene, request.draft)
    if revision.page.model_copy(update={"scene": old.scene}) != old:
        found.append("only the scene may change")
    if found:
        raise ProviderError("; ".join(found), code=ErrorCode.LLM_JSON_INVALID)
    return revision


async def judge_page(page: StoryPage, request: RewriteRequest, moderation: ModerationProvider) -> Verdict:
    """The verdict on the page's text and scene; raises JobFailed with SAFETY_OUTPUT when they are flagged."""
    verdict = await moderation.judge_story(
        TextCheck(
            texts=(page.text, *page.scene.texts()),
            language=request.draft.language,
            target_age=request.draft.target_age,
            forbidden=request.story.spec.forbidden_elements or (),
            names=request.story.names,
        )
    )
    return passed(verdict, ErrorCode.SAFETY_OUTPUT, "the page")
