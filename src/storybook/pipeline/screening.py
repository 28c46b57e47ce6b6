"""Judges the words that a user gives a book or a character, before they are kept."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain

import structlog

from storybook.core.errors import ErrorCode, Invalid, ProviderError, Unavailable
from storybook.domain.book_spec import Language, TargetAge
from storybook.providers.base import ModerationProvider, TextCheck

log = structlog.get_logger()

PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 5


class Screening:
    """Asks whoever judges texts, within the time that a client waits. Use it while no database session is open."""

    def __init__(self, moderation: ModerationProvider, patience: float = PATIENCE_SECONDS) -> None:
        self._moderation = moderation
        self._patience = patience

    async def require_fit(self, said: Mapping[str, Sequence[str]], language: Language, age: TargetAge) -> None:
        """Raises Invalid, naming the field, where these texts by their fields do not fit into a book for that age, and
        Unavailable where no verdict can be had: without one nothing is kept.
        """
        try:
            async with asyncio.timeout(self._patience):
                if await self._fits([*chain.from_iterable(said.values())], language, age):
                    return
                unfit = [
                    field
                    for field, texts in said.items()
                    if len(said) == 1 or not await self._fits(texts, language, age)
                ]
        except (ProviderError, TimeoutError) as error:
            log.warning("no_verdict", exc_info=error)
            sentence = "We cannot check these words just now. Please try again in a moment."
            raise Unavailable(sentence, retry_after=RETRY_SECONDS) from error
        where = f"{unfit[0]} does" if unfit else "These words together do"
        raise Invalid(
            f"{where} not fit into a children's book. Please try gentler words.",
            details={"fields": unfit or list(said), "error_code": ErrorCode.SAFETY_INPUT},
        )

    async def _fits(self, texts: Sequence[str], language: Language, age: TargetAge) -> bool:
        check = TextCheck(texts=tuple(texts), language=language, target_age=age)
        return (await self._moderation.judge_request(check)).allowed
