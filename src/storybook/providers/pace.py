"""When to look whether a picture is there."""

import random
from collections import deque
from collections.abc import Callable

REMEMBERED = 20
SOONER = 0.98
"""Of the time in which one was there at the first look: it may have been there for a while."""

SHORTEST = 0.02

Wait = Callable[[float], float]
"""Seconds until the next look, after so many since the order."""


def wait_between_looks(elapsed: float) -> float:
    """Seconds until the next look: a tenth of the time so far, at least a quarter of a second and at most one."""
    return min(max(elapsed / 10, 0.25), 1.0) * random.uniform(0.8, 1.2)


class Pace:
    """Seldom before the fastest of the last pictures was there, and often from then on."""

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._took: deque[float] = deque(maxlen=REMEMBERED)

    def learn(self, there: float, missed: float | None) -> None:
        """A picture was there at the look after so many seconds, and not yet at the one before, if there was one."""
        self._took.append(SOONER * there if missed is None else (there + missed) / 2)

    def until_look(self, elapsed: float) -> float:
        """Seconds until the next look, after so many since the order. Nothing is known before the first picture."""
        if not self._took:
            return self._wait(elapsed) if elapsed else SHORTEST
        late = elapsed - min(self._took)
        if late < 0:
            return max(-late, SHORTEST)
        return min(self._wait(elapsed), max(late / 2, elapsed / 100, SHORTEST))
