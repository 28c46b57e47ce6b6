"""Until when a runner may take a job to be its own, by a clock of its own."""

import time

_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> float:
    """Seconds of a clock that goes on while the process is stopped and, if there is one, while the machine sleeps."""
    return time.clock_gettime(_CLOCK)


class Lease:
    """A lease of so many seconds as its holder sees it: it ends no later than by the database's clock.

    It counts from the moment before the database was asked for it.
    """

    def __init__(self, seconds: float, asked_at: float) -> None:
        self._seconds = seconds
        self._ends = asked_at + seconds

    def renewed(self, asked_at: float) -> None:
        self._ends = asked_at + self._seconds

    @property
    def left(self) -> float:
        """Seconds for which it is sure to last; none or fewer when it may be over."""
        return self._ends - now()
