"""When a step is tried again."""

import pytest

from storybook.core.errors import Charged, ErrorCode, ProviderError, VendorAway
from storybook.core.settings import Settings
from storybook.domain.calls import Outcome
from storybook.domain.jobs import Step
from storybook.pipeline.policy import Policy, Tries, Wait, policies
from storybook.providers.http import CallFailed

POLICY = Policy(90, (0.0, 0.0), ErrorCode.IMAGE_TIMEOUT)


def tries_after(*errors: ProviderError) -> int:
    """How often a step is tried that fails like this."""
    tries, made = Tries(POLICY), 1
    for error in errors:
        if not (wait := tries.wait_after(error)) or not wait.in_place:
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
    assert Tries(POLICY).wait_after(busy) == Wait(7.0, in_place=True)


def away(seconds: float) -> VendorAway:
    return VendorAway("away", code=ErrorCode.IMAGE_FAILED, retryable=True, retry_after=seconds)


def test_a_vendor_that_is_left_alone_uses_up_no_try() -> None:
    assert tries_after(*[away(0.1), failure(Charged.NO)] * 9) == 2 * POLICY.attempts


def test_a_short_rest_is_waited_for_in_place_and_a_long_one_in_the_queue() -> None:
    tries = Tries(POLICY)
    waits = [tries.wait_after(away(seconds)) for seconds in (1.0, 2.0, 2.0)]
    assert waits == [Wait(1.0, in_place=True), Wait(2.0, in_place=True), Wait(2.0, in_place=False)]
    assert Tries(POLICY).wait_after(away(5.0)) == Wait(5.0, in_place=False)


def test_what_a_vendor_has_accepted_and_keeps_is_asked_for_again_from_the_queue_and_uses_up_no_try() -> None:
    kept, tries = failure(Charged.MAYBE), Tries(POLICY)
    kept.kept = True
    assert {tries.wait_after(kept) for _ in range(9)} == {Wait(POLICY.rest, in_place=False)}
    assert tries.wait_after(failure(Charged.YES))
    kept.retry_after = 60.0
    assert tries.wait_after(kept) == Wait(60.0, in_place=False)
    kept.retryable = False
    assert tries.wait_after(kept) is None


def test_what_cost_nothing_and_may_get_better_ends_in_the_queue() -> None:
    down = CallFailed(
        "down", outcome=Outcome.FAILED, code=ErrorCode.IMAGE_FAILED, charged=Charged.NO, retryable=True, retry_after=30
    )
    tries = Tries(POLICY)
    waits = [tries.wait_after(down) for _ in range(POLICY.attempts)]
    assert waits[-1] == Wait(30.0, in_place=False)
    assert Tries(POLICY).wait_after(failure(Charged.YES, retryable=False)) is None


def test_the_deadline_of_a_step_leaves_room_for_all_of_its_tries() -> None:
    table = policies(Settings(_env_file=None))
    assert {step: policy.deadline for step, policy in table.items()} == {
        Step.MODERATE_INPUT: 217,
        Step.GENERATE_STORY: 217,
        Step.GENERATE_CHARACTER_SHEET: 152,
        Step.GENERATE_IMAGES: 307,
        Step.MODERATE_OUTPUT: 52,
        Step.PACKAGE: 92,
        Step.NARRATE: 217,
        Step.DESCRIBE_PICTURES: 217,
    }
