"""A second provider, asked when the first cannot be had and has charged nothing.

It is asked for the very same thing: the same seed, the same reference. What it may see is decided where it is made, as
for every provider. A request that the first refuses is not taken elsewhere, and a job that the second has accepted is
brought to its end by the second.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, runtime_checkable

import structlog

from storybook.core.errors import Charged, ProviderError
from storybook.domain.characters import CastSheet
from storybook.domain.pictures import Picture
from storybook.domain.speech import Speech
from storybook.domain.story import StoryDraft
from storybook.providers.base import (
    ImageProvider,
    PictureRequest,
    Revision,
    RewriteRequest,
    SheetRequest,
    SpeechProvider,
    SpeechRequest,
    StoryRequest,
    TextProvider,
)

log = structlog.get_logger()
R = TypeVar("R")
T = TypeVar("T")


@runtime_checkable
class TakesJobs(Protocol):
    async def unfinished(self, request: PictureRequest) -> bool:
        """Whether it has accepted this before, and nobody has the result."""
        ...


async def first_or_second(first: Callable[[R], Awaitable[T]], second: Callable[[R], Awaitable[T]], request: R) -> T:
    """What the first returns, or else the second. Where both are away, the first one's word on the wait counts."""
    try:
        return await first(request)
    except ProviderError as error:
        if not error.retryable or error.charged is not Charged.NO:
            raise
        log.warning("provider_replaced", code=error.code, exc_info=error)
        away = error
    try:
        return await second(request)
    except ProviderError as error:
        if error.charged is Charged.NO and error.retryable:
            raise away from error
        raise


class AuthorWithSecond:
    def __init__(self, first: TextProvider, second: TextProvider) -> None:
        self.name = first.name
        self._first = first
        self._second = second

    async def write_story(self, request: StoryRequest) -> StoryDraft:
        return await first_or_second(self._first.write_story, self._second.write_story, request)

    async def rewrite_page(self, request: RewriteRequest) -> Revision:
        return await first_or_second(self._first.rewrite_page, self._second.rewrite_page, request)

    async def restage_page(self, request: RewriteRequest) -> Revision:
        return await first_or_second(self._first.restage_page, self._second.restage_page, request)

    async def design_cast(self, request: SheetRequest) -> CastSheet:
        return await first_or_second(self._first.design_cast, self._second.design_cast, request)


class PainterWithSecond:
    """Whether a portrait of the hero is drawn first is up to the first painter."""

    def __init__(self, first: ImageProvider, second: ImageProvider) -> None:
        self.name = first.name
        self.takes_reference = first.takes_reference
        self._first = first
        self._second = second

    async def draw(self, request: PictureRequest) -> Picture:
        if isinstance(self._second, TakesJobs) and await self._second.unfinished(request):
            return await self._second.draw(request)
        return await first_or_second(self._first.draw, self._second.draw, request)


class NarratorWithSecond:
    def __init__(self, first: SpeechProvider, second: SpeechProvider) -> None:
        self.name = first.name
        self._first = first
        self._second = second

    async def speak(self, request: SpeechRequest) -> Speech:
        return await first_or_second(self._first.speak, self._second.speak, request)
