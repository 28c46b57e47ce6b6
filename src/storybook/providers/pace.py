"""When to look whether a picture is there."""

import random
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

REMEMBERED = 20
SELDOM = 10
"""Of so many of the last pictures one may have been there before the usual first look."""
TRIES_SOONER = 4
"""Each picture of so many is looked for sooner than usual, to see whether the vendor has become faster."""
SOONER, LEAP, MOST_SOONER = 0.003, 3.0, 0.5
"""Sooner by this part of the time, by so much more each time that it was there, and by no more than that."""
NARROW = 0.02
"""Of the time: so sure it is when a picture was there."""

SHORTEST = 0.02

Wait = Callable[[float], float]
"""Seconds until the next look, after so many since the order."""


def wait_between_looks(elapsed: float) -> float:
    """Seconds until the next look: a tenth of the time so far, at least a quarter of a second and at most one."""
    return min(max(elapsed / 10, 0.25), 1.0) * random.uniform(0.8, 1.2)


class Took(NamedTuple):
    """A picture was not there yet after so many seconds, and there after so many."""

    missed: float
    there: float

    @property
    def is_sure(self) -> bool:
        return self.there - self.missed <= NARROW * self.there + SHORTEST


class Pace:
    """Looks when the last pictures were there, and often from then on; for some pictures also once before.

    Looks are at odd moments: many pictures that are looked for side by side tell more together.
    """

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._took: deque[Took] = deque(maxlen=REMEMBERED)
        self._sooner = SOONER
        self._until_sooner = TRIES_SOONER

    @property
    def _usual(self) -> Took | None:
        """Of the last pictures the one than which hardly any was sooner."""
        return sorted(self._took, key=lambda took: took.there)[len(self._took) // SELDOM] if self._took else None

    def learn(self, there: float, missed: float | None) -> None:
        """A picture was there at the look after so many seconds, and not yet at the one before, if there was one."""
        usual = self._usual
        if usual is None or (missed or 0.0) >= usual.there or not usual.is_sure:
            before = usual.missed if usual else 0.0
            self._took.append(Took(min(before, there) if missed is None else missed, there))
        elif there < usual.there:
            self._took.clear()
            self._took.append(Took(min(usual.missed, there), there))
            self._sooner, self._until_sooner = min(self._sooner * LEAP, MOST_SOONER), 1
        elif missed is None:
            self._took.append(usual)
        else:
            self._took.append(Took(missed, there))
            self._sooner = SOONER

    def until_look(self, elapsed: float) -> float:
        """Seconds until the next look, after so many since the order. Nothing is known before the first picture."""
        usual = self._usual
        if usual is None:
            return self._wait(elapsed) if elapsed else SHORTEST
        if not elapsed:
            return max(self._first(usual), SHORTEST)
        late = elapsed - usual.there
        if late < 0 and usual.is_sure:
            return max(-late, SHORTEST)
        return min(self._wait(elapsed), max(late / 2, elapsed / 100, SHORTEST) * random.uniform(0.5, 1.0))

    def _first(self, usual: Took) -> float:
        if not usual.is_sure:
            return random.uniform(*usual)
        self._until_sooner -= 1
        if self._until_sooner:
            return usual.there
        self._until_sooner = TRIES_SOONER
        return usual.there * (1 - self._sooner)
