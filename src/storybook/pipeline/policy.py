"""How long each step may take, how often it is tried and how long it waits in between: all of it in one table."""

from typing import NamedTuple

from storybook.core.errors import ErrorCode
from storybook.core.settings import Settings
from storybook.domain.jobs import Step

STORAGE_WAITS = (2.0, 5.0)
"""Seconds before each further try to store a picture, which was paid for and must not be drawn again for it."""


class Policy(NamedTuple):
    """`timeout` is in seconds for each try; `waits` are the seconds before each further try."""

    timeout: float
    waits: tuple[float, ...]
    on_timeout: ErrorCode

    @property
    def attempts(self) -> int:
        return len(self.waits) + 1


def policies(settings: Settings) -> dict[Step, Policy]:
    """The table; its numbers are those of the wire contract. Steps that ask nobody have no row."""
    llm, image = settings.llm_timeout, settings.image_timeout
    image_waits = (2.0, *(5.0 for _ in range(settings.image_max_retries)))[: settings.image_max_retries - 1]
    return {
        Step.MODERATE_INPUT: Policy(llm, (), ErrorCode.LLM_TIMEOUT),
        Step.GENERATE_STORY: Policy(llm, (2, 5), ErrorCode.LLM_TIMEOUT),
        Step.GENERATE_CHARACTER_SHEET: Policy(llm, (2,), ErrorCode.LLM_TIMEOUT),
        Step.GENERATE_IMAGES: Policy(image, image_waits, ErrorCode.IMAGE_TIMEOUT),
        Step.MODERATE_OUTPUT: Policy(10, (2,), ErrorCode.SAFETY_OUTPUT),
        Step.PACKAGE: Policy(30, (2,), ErrorCode.DB_WRITE_FAILED),
        Step.NARRATE: Policy(60, (2, 5), ErrorCode.UNKNOWN),
    }
