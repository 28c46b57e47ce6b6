"""B: is this request fit to become a child's book?"""

from storybook.core.errors import ErrorCode
from storybook.domain.moderation import Verdict
from storybook.domain.story import StoryDraft
from storybook.pipeline.steps.normalize import Request
from storybook.pipeline.verdicts import passed
from storybook.providers.base import ModerationProvider, StoryRequest, TextCheck


async def moderate_wish(
    feedback: str | None, story: StoryRequest, draft: StoryDraft, moderation: ModerationProvider
) -> Verdict:
    """The verdict on what a reader wishes for a page; raises JobFailed with SAFETY_INPUT when it is flagged."""
    texts = (feedback,) if feedback else ()
    verdict = await moderation.judge_request(
        TextCheck(texts=texts, language=draft.language, target_age=draft.target_age, names=story.names)
    )
    return passed(verdict, ErrorCode.SAFETY_INPUT, "the wish")


async def moderate_input(request: Request, moderation: ModerationProvider) -> Verdict:
    """The verdict on all that the parent typed; raises JobFailed with SAFETY_INPUT when it is flagged.

    What happened before may name what the parent does not want any more.
    """
    spec = request.spec
    typed = [spec.topic]
    if hero := spec.character:
        typed += [hero.name, hero.appearance or "", *(hero.personality or ())]
    for sheet in request.known:
        typed += sheet.texts()
    if spec.series_context:
        await _judge((spec.series_context,), (), request, moderation)
    return await _judge(tuple(text for text in typed if text), spec.forbidden_elements or (), request, moderation)


async def _judge(
    texts: tuple[str, ...], forbidden: tuple[str, ...], request: Request, moderation: ModerationProvider
) -> Verdict:
    spec = request.spec
    verdict = await moderation.judge_request(
        TextCheck(
            texts=texts,
            language=spec.language,
            target_age=spec.target_age,
            forbidden=forbidden,
            names=request.names,
        )
    )
    return passed(verdict, ErrorCode.SAFETY_INPUT, "the request")
