"""When to look whether a picture is there."""

import random
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

REMEMBERED = 20
TRUSTED = 2
"""Before so many are known, looks are now and then: the first may have waited for the vendor to wake up."""
SELDOM = 10
"""Of so many of the last pictures one may have been there before the usual first look."""
TRIES_SOONER = 4
"""Each picture of so many is looked for sooner than usual, to see whether the vendor has become faster."""
SOONER, LEAP, MOST_SOONER = 0.003, 3.0, 0.5
"""Sooner by this part of the time, by so much more each time that it was there, and by no more than that."""
NARROW = 0.01
"""Of the time: so sure it is when a picture was there."""
LONG = 2.0
"""Seconds: after half of a time, a quarter and so on a look is worth it as long as that is no less."""

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
        return self.there - self.missed <= NARROW * self.there + SHORTEST / 2

    def aim(self) -> float:
        """When to look for another that takes as long."""
        return self.there if self.is_sure else random.uniform(*self)


class Pace:
    """Looks when the last pictures were there, and often from then on; seldom, or for some pictures only, before.

    Looks are at odd moments: many pictures that are looked for side by side tell more together.
    """

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._took: deque[Took] = deque(maxlen=REMEMBERED)
        self._sooner = SOONER
        self._until_sooner = TRIES_SOONER

    def learn(self, there: float, missed: float | None) -> None:
        """A picture was there at the look after so many seconds, and not yet at the one before, if there was one."""
        usual, took = self._usual, Took(missed or 0.0, there)
        if usual is None or took.missed >= usual.there:
            self._took.append(took)
        elif there >= usual.there and took.missed <= usual.missed:
            self._took.append(usual)
        elif there >= usual.there or not usual.is_sure:
            self._took.append(took)
            self._sooner = SOONER
        else:
            known = usual.missed if usual.missed < there else 0.0
            self._took.clear()
            self._took.extend([Took(max(took.missed, known), there)] * TRUSTED)
            self._sooner, self._until_sooner = min(self._sooner * LEAP, MOST_SOONER), 1

    def until_look(self, elapsed: float) -> float:
        """Seconds until the next look, after so many since the order."""
        usual = self._usual
        if usual is None:
            return self._wait(elapsed) if elapsed else SHORTEST
        if not elapsed:
            return _step(elapsed, self._first(usual))
        late = elapsed - usual.there
        if late < 0 and (usual.is_sure or elapsed < usual.missed):
            return _step(elapsed, usual.aim())
        pause = late if late > 0 else min((usual.there - usual.missed) / 5, -late)
        return min(self._wait(elapsed), max(pause, elapsed / 100, SHORTEST) * random.uniform(0.5, 1.0))

    @property
    def _usual(self) -> Took | None:
        """When hardly any of the last pictures was there, and no longer after that than any of them says."""
        if len(self._took) < TRUSTED:
            return None
        there = sorted(took.there for took in self._took)[(len(self._took) - 1) // SELDOM]
        return Took(max(took.missed for took in self._took if took.missed < there), there)

    def _first(self, usual: Took) -> float:
        if usual.is_sure:
            self._until_sooner -= 1
        if self._until_sooner:
            return usual.aim()
        self._until_sooner = TRIES_SOONER
        return usual.there * (1 - self._sooner)


def _step(elapsed: float, aim: float) -> float:
    """Seconds until a look then, or until the first one that is worth it on the way there."""
    ahead = aim
    while ahead / 2 >= max(LONG, elapsed + SHORTEST):
        ahead /= 2
    return max(ahead - elapsed, SHORTEST)
