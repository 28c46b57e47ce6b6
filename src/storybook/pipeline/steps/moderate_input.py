"""B: is this request fit to become a child's book?"""

from collections.abc import Awaitable, Callable, Iterator

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


async def screen_input(request: Request, moderation: ModerationProvider) -> Verdict:
    """What our own rules say of all that the parent typed, which no vendor has read before; raises JobFailed with
    SAFETY_INPUT when they flag it.
    """
    return await _passed(request, moderation.screen_request)


async def moderate_input(request: Request, moderation: ModerationProvider) -> Verdict:
    """The verdict of all who judge what the parent typed; raises JobFailed with SAFETY_INPUT when it is flagged."""
    return await _passed(request, moderation.judge_request)


async def _passed(request: Request, judge: Callable[[TextCheck], Awaitable[Verdict]]) -> Verdict:
    verdicts = [passed(await judge(check), ErrorCode.SAFETY_INPUT, "the request") for check in _checks(request)]
    return verdicts[-1]


def _checks(request: Request) -> Iterator[TextCheck]:
    """What happened before is judged apart: it may name what the parent does not want any more."""
    spec = request.spec
    typed = [spec.topic]
    if hero := spec.character:
        typed += [hero.name, hero.appearance or "", *(hero.personality or ())]
    for sheet in request.known:
        typed += sheet.texts()
    if spec.series_context:
        yield _check((spec.series_context,), (), request)
    yield _check(tuple(text for text in typed if text), spec.forbidden_elements or (), request)


def _check(texts: tuple[str, ...], forbidden: tuple[str, ...], request: Request) -> TextCheck:
    spec = request.spec
    return TextCheck(
        texts=texts, language=spec.language, target_age=spec.target_age, forbidden=forbidden, names=request.names
    )
