"""What is sold in the app stores. A product has the same id in every store."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
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


def still_due(period: Period, given: Iterable[Period]) -> int:
    """What a period brings beside what the same subscription brought for that time: a better plan, the difference."""
    before = sum(each.credits for each in given if period.is_for_the_time_of(each))
    return max(0, period.credits - before)


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
