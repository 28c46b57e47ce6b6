"""How many calls may be made in which time. The one table of limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from storybook.core.settings import Settings

MINUTE = 60
FAMILIES = 20
"""How many users behind one address may use all of their limits at once."""

PROOFS = 20


class CallClass(StrEnum):
    """What a call costs: `paid` starts work that vendors charge for, `auth` proves or claims to be somebody."""

    PAID = "paid"
    WRITE = "write"
    READ = "read"
    POLL = "poll"
    AUTH = "auth"


@dataclass(frozen=True)
class Limit:
    """At most `calls` in every `seconds`, wherever these begin."""

    calls: int
    seconds: int


@dataclass(frozen=True)
class Allowance:
    """What one subject, a user or a network, may do."""

    subject: str
    limit: Limit


@dataclass(frozen=True)
class Standing:
    """Where a subject stands after a call.

    `wait` is the seconds until the call is free, 0 for one that was admitted; `reset` is the seconds until the oldest
    call that counts no longer does.
    """

    of: Allowance
    used: int
    wait: float
    reset: float

    @property
    def limit(self) -> Limit:
        return self.of.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit.calls - self.used)


@dataclass(frozen=True)
class Verdict:
    """Whether a call was admitted, and where it leaves its subjects. It counts for all of them or for none.

    Of a refused call there may be no more than one standing, of a subject that has used up its limit.
    """

    standings: tuple[Standing, ...]

    @property
    def admitted(self) -> bool:
        return all(standing.wait <= 0 for standing in self.standings)

    @property
    def tightest(self) -> Standing:
        """Of the subject that is nearest to its limit."""
        return max(self.standings, key=lambda standing: (standing.wait, -standing.remaining))

    @property
    def retry_after(self) -> int:
        """Whole seconds after which the call is free."""
        return max(1, ceil(self.tightest.wait))


class Limits:
    """The limits of the settings, of users and of networks. A network is many families behind one address."""

    def __init__(self, settings: Settings) -> None:
        writes = Limit(settings.rate_limit_requests, settings.rate_limit_window)
        self._of_a_user: Mapping[CallClass, Limit] = {
            CallClass.PAID: writes,
            CallClass.WRITE: writes,
            CallClass.READ: Limit(settings.rate_limit_reads, MINUTE),
            CallClass.POLL: Limit(settings.rate_limit_polls, MINUTE),
        }
        self._of_a_network: Mapping[CallClass, Limit] = {
            call_class: Limit(FAMILIES * limit.calls, limit.seconds) for call_class, limit in self._of_a_user.items()
        } | {CallClass.AUTH: Limit(PROOFS, MINUTE)}

    def of_call(self, call_class: CallClass, user: str | None, network: str | None) -> Sequence[Allowance]:
        """What bounds a call, in a fixed order; nothing does where neither user nor network is known."""
        of = ((f"user:{user}", user, self._of_a_user), (f"network:{network}", network, self._of_a_network))
        found = [Allowance(name, table[call_class]) for name, who, table in of if who and call_class in table]
        return sorted(found, key=lambda allowance: allowance.subject)
