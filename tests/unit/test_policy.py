"""When a step is tried again."""

import pytest

from storybook.core.errors import Charged, ErrorCode, ProviderError
from storybook.pipeline.policy import Policy, Tries

POLICY = Policy(90, (0.0, 0.0), ErrorCode.IMAGE_TIMEOUT)


def tries_after(*errors: ProviderError) -> int:
    """How often a step is tried that fails like this."""
    tries, made = Tries(POLICY), 1
    for error in errors:
        if tries.wait_after(error) is None:
            break
        made += 1
    return made


def failure(charged: Charged, *, retryable: bool = True) -> ProviderError:
    return ProviderError("failed", code=ErrorCode.IMAGE_FAILED, charged=charged, retryable=retryable)


@pytest.mark.parametrize(("charged", "tries"), [(Charged.NO, 3), (Charged.MAYBE, 2), (Charged.YES, 2)])
def test_only_what_costs_nothing_is_tried_as_often_as_the_policy_allows(charged: Charged, tries: int) -> None:
    assert tries_after(*[failure(charged)] * 5) == tries


def test_what_was_charged_and_what_may_have_been_count_together() -> None:
    assert tries_after(failure(Charged.MAYBE), failure(Charged.YES), failure(Charged.NO)) == 2


def test_what_cannot_get_better_is_not_tried_again() -> None:
    assert tries_after(failure(Charged.NO, retryable=False)) == 1


def test_a_vendor_that_wants_to_be_left_alone_is() -> None:
    busy = ProviderError("busy", code=ErrorCode.IMAGE_RATE_LIMIT, retryable=True, retry_after=7.0)
    assert Tries(POLICY).wait_after(busy) == 7.0
