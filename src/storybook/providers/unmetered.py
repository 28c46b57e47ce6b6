"""A meter for calls outside of any job: it keeps no rows and no budget."""

import datetime as dt

from storybook.domain.calls import Bill, Kind, LostCalls, Outcome, PaidCall, Purpose


class Unmetered:
    """`spent` sums up the bills, in micro-dollars."""

    def __init__(self) -> None:
        self.spent = 0

    async def start(self, _: PaidCall) -> int:
        return 0

    async def note_id(self, number: int, vendor_id: str) -> None:
        pass

    async def end(self, _number: int, _outcome: Outcome, bill: Bill, _milliseconds: int) -> None:
        self.spent += bill.micro_dollars

    async def accepted_before(self, _about: Purpose, _vendor: str, _kind: Kind) -> tuple[int, str] | None:
        return None

    async def lost_before(self, _about: Purpose, _vendor: str, _kind: Kind) -> LostCalls | None:
        return None

    async def heard_of(self, _vendor: str, _ids: list[str], _since: dt.datetime) -> set[str]:
        return set()

    async def note_breaker(self, _line: str, _vendor: str, _kind: Kind, _rest: float | None) -> None:
        pass
