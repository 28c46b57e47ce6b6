"""Keys that nobody has. Whoever tries many of them from one network is refused; a new user who reads is not."""

import time
from collections import OrderedDict

from fastapi import Request

from storybook.routers.counting import count_stranger

REMEMBERED_SECONDS = 60
REMEMBERED = 10_000


class Strangers:
    """The new keys that were counted a moment ago, as their subjects: each is counted once a minute."""

    def __init__(self) -> None:
        self._met: OrderedDict[str, float] = OrderedDict()

    def knows(self, subject: str) -> bool:
        return self._met.get(subject, 0.0) > time.monotonic()

    def remember(self, subject: str) -> None:
        self._met[subject] = time.monotonic() + REMEMBERED_SECONDS
        self._met.move_to_end(subject)
        if len(self._met) > REMEMBERED:
            self._met.popitem(last=False)


async def meet_stranger(request: Request, subject: str, address: str | None) -> None:
    """Counts a new key for its network; raises TooManyCalls when there were too many."""
    strangers: Strangers = request.app.state.strangers
    if address is None or strangers.knows(subject):
        return
    await count_stranger(request, address)
    strangers.remember(subject)
