"""What is sold in the app stores. A product has the same id in every store."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from storybook.domain.credits import PlanName
from storybook.domain.plans import PLANS


class Store(StrEnum):
    """`development` signs receipts with a key of its own and is refused in production."""

    APPLE = "apple"
    GOOGLE = "google"
    DEVELOPMENT = "development"


class ProductKind(StrEnum):
    CREDITS = "credits"
    SUBSCRIPTION = "subscription"


class Product(NamedTuple):
    """`credits` come with each payment: once for a pack, once a period for a plan. `price` is in Korean won."""

    id: str
    kind: ProductKind
    credits: int
    price: int
    plan: PlanName | None = None


class Period(NamedTuple):
    """What was paid for: some time, and `credits` that come with it. A pack is for no time."""

    began: datetime | None
    end: datetime | None
    credits: int

    def is_for_the_time_of(self, other: "Period") -> bool:
        """More than half of the shorter one lies in the other: stores only guess when a period began."""
        if not (self.began and self.end and other.began and other.end):
            return False
        shared = min(self.end, other.end) - max(self.began, other.began)
        return shared * 2 > min(self.end - self.began, other.end - other.began)


def shares(periods: Sequence[Period]) -> list[int]:
    """What each payment of one subscription brings, so that all bring what the best of those for the same time would.

    Their sum is that of the best choice of which no two are for the same time, in whatever order they come. The first
    ones bring all of theirs, and later ones the difference to a better plan, where that makes the same sum.
    """
    in_line: list[Period] = []
    for period in periods:
        in_line.append(period._replace(credits=_still_due(period, in_line)))
    best = _best(tuple(sorted(periods, key=_by_time)))
    if _sum(in_line) == _sum(best):
        return [each.credits for each in in_line]
    chosen = list(best)
    return [_take_out(each, chosen) for each in periods]


def _by_time(period: Period) -> tuple[str, str, int]:
    return str(period.end), str(period.began), period.credits


def _still_due(period: Period, given: Iterable[Period]) -> int:
    return max(0, period.credits - _sum(each for each in given if period.is_for_the_time_of(each)))


@lru_cache(maxsize=256)
def _best(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    """Of these, the ones that bring most and of which no two are for the same time."""
    if not periods:
        return ()
    first, *others = periods
    beside = tuple(each for each in others if not first.is_for_the_time_of(each))
    with_it = (first, *_best(beside))
    if len(beside) == len(others):
        return with_it
    return max(with_it, _best(tuple(others)), key=_sum)


def _take_out(period: Period, chosen: list[Period]) -> int:
    if period not in chosen:
        return 0
    chosen.remove(period)
    return period.credits


def _sum(periods: Iterable[Period]) -> int:
    return sum(each.credits for each in periods)


_PACKS = {5: 4_900, 15: 12_900, 30: 22_900}
_PAID_PLANS = (PLANS[PlanName.BASIC], PLANS[PlanName.PREMIUM])

PRODUCTS = {
    product.id: product
    for product in (
        *(Product(f"storybook.credits.{n}", ProductKind.CREDITS, n, price) for n, price in _PACKS.items()),
        *(
            Product(f"storybook.plan.{plan.id}", ProductKind.SUBSCRIPTION, plan.credits_per_month, plan.price, plan.id)
            for plan in _PAID_PLANS
        ),
    )
}
