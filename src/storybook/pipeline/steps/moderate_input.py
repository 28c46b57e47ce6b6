"""B: is this request fit to become a child's book?"""

from storybook.core.errors import ErrorCode, JobFailed
from storybook.domain.moderation import Verdict
from storybook.domain.story import StoryDraft
from storybook.pipeline.steps.normalize import Request
from storybook.providers.base import ModerationProvider, TextCheck


async def moderate_wish(feedback: str | None, draft: StoryDraft, moderation: ModerationProvider) -> Verdict:
    """The verdict on what a reader wishes for a page; raises JobFailed with SAFETY_INPUT when it is flagged."""
    texts = (feedback,) if feedback else ()
    verdict = await moderation.judge_request(
        TextCheck(texts=texts, language=draft.language, target_age=draft.target_age)
    )
    if not verdict.allowed:
        raise JobFailed(ErrorCode.SAFETY_INPUT, "the wish was flagged")
    return verdict


async def moderate_input(request: Request, moderation: ModerationProvider) -> Verdict:
    """The verdict on all that the parent typed; raises JobFailed with SAFETY_INPUT when it is flagged."""
    spec = request.spec
    texts = [spec.topic, spec.series_context or ""]
    if hero := spec.character:
        texts += [hero.name, hero.appearance or "", *(hero.personality or ())]
    for sheet in request.known:
        texts += sheet.texts()
    verdict = await moderation.judge_request(
        TextCheck(
            texts=tuple(text for text in texts if text),
            language=spec.language,
            target_age=spec.target_age,
            forbidden=spec.forbidden_elements or (),
        )
    )
    if not verdict.allowed:
        raise JobFailed(ErrorCode.SAFETY_INPUT, "the request was flagged")
    return verdict
