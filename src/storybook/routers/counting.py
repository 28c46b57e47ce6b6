"""Counts one call, refuses it when it is one too many, and says in the answer's headers where its caller stands."""

from math import ceil

from fastapi import Request

from storybook.core.errors import TooManyCalls
from storybook.domain.limits import CallClass, Verdict
from storybook.resources import Resources

RATE_LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


async def count_call(request: Request, call_class: CallClass, user: str | None, network: str | None) -> None:
    """Counts the call for its user and its network, as far as they are known; raises TooManyCalls."""
    resources: Resources = request.app.state.resources
    verdict = await resources.limiter.admit(call_class, user=user, network=network)
    if verdict is None:
        return
    request.scope["rate_limit"] = _headers(verdict)
    if not verdict.admitted:
        limit, wait = verdict.tightest.limit, verdict.retry_after
        raise TooManyCalls(
            f"These are too many requests at once. Please try again in {wait} seconds.",
            details={"limit": limit.calls, "seconds": limit.seconds, "retry_after": wait},
            retry_after=wait,
        )


async def count_stranger(request: Request, network: str | None) -> None:
    """Counts a caller whom the service does not know, so that nobody goes on trying; raises TooManyCalls."""
    await count_call(request, CallClass.AUTH, None, network)


def _headers(verdict: Verdict) -> dict[str, str]:
    """Of the subject that is nearest to its limit; `Reset` is the seconds until its oldest call no longer counts."""
    standing = verdict.tightest
    numbers = (standing.limit.calls, standing.remaining, max(1, ceil(standing.reset)))
    return {name: str(number) for name, number in zip(RATE_LIMIT_HEADERS, numbers, strict=True)}
