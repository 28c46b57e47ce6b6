"""What a verdict means for a job."""

from storybook.core.errors import ErrorCode, JobFailed
from storybook.domain.moderation import Verdict


def passed(verdict: Verdict, code: ErrorCode, what: str) -> Verdict:
    """The verdict on `what`, where that is fit for a child; raises JobFailed with the code where it is flagged."""
    if not verdict.allowed:
        raise JobFailed(code, f"{what} was flagged")
    return verdict
