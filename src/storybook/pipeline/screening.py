"""Judges the words that a user gives a book or a character, before they are kept."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import structlog

from storybook.core.database import Database
from storybook.core.errors import ErrorCode, Invalid, ProviderError, Unavailable
from storybook.domain.book_spec import Language, TargetAge
from storybook.providers.base import ModerationProvider, TextCheck
from storybook.providers.names import Names
from storybook.services import budget
from storybook.services.budget import Caps

log = structlog.get_logger()

PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 5


class Purse(NamedTuple):
    """Who pays for verdicts: within `caps`, by the `worst` that each can cost, in micro-dollars."""

    database: Database
    caps: Caps
    worst: Callable[[TextCheck], int]


class Screening:
    """Asks whoever judges texts, within the time that a client waits. Use it while no database session is open."""

    def __init__(self, moderation: ModerationProvider, purse: Purse, patience: float = PATIENCE_SECONDS) -> None:
        self._moderation = moderation
        self._purse = purse
        self._patience = patience

    async def require_fit(
        self,
        user_id: str,
        said: Mapping[str, Sequence[str]],
        language: Language,
        age: TargetAge,
        *,
        names: Sequence[str],
    ) -> None:
        """Raises Invalid, naming the field, where these texts by their fields do not fit into a book for that age, and
        Unavailable where no verdict can be had, or paid for today: without one nothing is kept.

        `names` are those that the texts may hold: judges that may not know them read stand-ins.
        """
        known = Names((), language).spoken_of(names, list(said.values()))

        async def fits(texts: Sequence[str]) -> bool:
            check = TextCheck(texts=tuple(texts), language=language, target_age=age, names=known)
            await budget.spend(self._purse.database, user_id, self._purse.worst(check), self._purse.caps)
            return (await self._moderation.judge_request(check)).allowed

        try:
            async with asyncio.timeout(self._patience):
                if await fits([*chain.from_iterable(said.values())]):
                    return
                unfit = [field for field, texts in said.items() if len(said) == 1 or not await fits(texts)]
        except (ProviderError, TimeoutError) as error:
            log.warning("no_verdict", exc_info=error)
            sentence = "We cannot check these words just now. Please try again in a moment."
            raise Unavailable(sentence, retry_after=RETRY_SECONDS) from error
        where = f"{unfit[0]} does" if unfit else "These words together do"
        raise Invalid(
            f"{where} not fit into a children's book. Please try gentler words.",
            details={"fields": unfit or list(said), "error_code": ErrorCode.SAFETY_INPUT},
        )
