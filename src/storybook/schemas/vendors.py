"""How vendors are doing, ready to be drawn."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from storybook.schemas.drawings import said
from storybook.services.breakers import Resting
from storybook.services.operations import VendorSeen

Line = tuple[str, str]
"""A vendor and a kind of calls."""


class Vendor(NamedTuple):
    """`lamp` is `open` while a process leaves it alone, `half_open` while one tries it out, else `closed`.

    `share_good` is in per cent of the calls that have ended, and None while none has.
    """

    name: str
    kind: str
    lamp: str
    says: str
    share_good: int | None
    ended: int
    under_way: int
    p50: str
    p95: str
    from_x: float
    to_x: float
    last: tuple[str, ...]


def vendors(asked: Sequence[VendorSeen], chosen: set[Line], resting: dict[Line, Resting]) -> Iterable[Vendor]:
    """Those that were asked in the last hour, those that the settings choose, and those that are left alone."""
    seen = {(vendor.vendor, vendor.kind): vendor for vendor in asked}
    slowest = max((vendor.p95 or 0 for vendor in asked), default=0) or 1
    for vendor, kind in sorted({*seen, *chosen, *resting}):
        found, lamp = seen.get((vendor, kind)), _lamp(resting.get((vendor, kind)))
        if found is None:
            yield Vendor(vendor, kind, *lamp, None, 0, 0, "", "", 0, 0, ())
            continue
        p50, p95 = found.p50 or 0, found.p95 or 0
        good = round(100 * found.good / found.ended) if found.ended else None
        places = round(100 * p50 / slowest, 1), round(100 * p95 / slowest, 1)
        times = ("", "") if found.p50 is None else (said(p50 / 1000), said(p95 / 1000))
        yield Vendor(vendor, kind, *lamp, good, found.ended, found.under_way, *times, *places, found.last)


def _lamp(resting: Resting | None) -> tuple[str, str]:
    """The colour of the lamp and its words."""
    if resting is None:
        return "closed", "asked"
    if resting.open:
        return "open", f"left alone by {resting.open}"
    return "half_open", f"tried out by {resting.half_open}"
