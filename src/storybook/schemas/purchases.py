"""Bodies of what is bought."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from storybook.domain.credits import PlanName
from storybook.domain.purchases import Store
from storybook.models import Subscription

Receipt = Annotated[
    str,
    Field(
        min_length=1,
        max_length=20_000,
        pattern=r"^[\x20-\x7e]+$",
        description="The store's proof: the signed transaction (JWS) of StoreKit 2, or the purchase's original JSON of "
        "Google Play",
    ),
]
TRIAL = "Thank you. Your free trial has begun. Its credits come with the first month that is paid."
IN_STORE = {
    Store.APPLE: "the App Store (Settings, your name, Subscriptions)",
    Store.GOOGLE: "Google Play (Payments & subscriptions)",
    Store.DEVELOPMENT: "the store",
}


class CreditsPurchase(BaseModel):
    """The credits come from the proof. What is said beside it has to agree with it."""

    store: Store
    receipt: Receipt
    amount: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    transaction_id: Annotated[str, Field(min_length=1, max_length=120)] | None = None


class PlanPurchase(BaseModel):
    plan: Literal[PlanName.BASIC, PlanName.PREMIUM]
    store: Store
    receipt: Receipt


class CreditsAdded(BaseModel):
    status: Literal["success"] = "success"
    message: str
    new_balance: int


class SubscriptionBody(BaseModel):
    plan: PlanName
    credits_per_month: int
    current_period_end: datetime


class Subscribed(BaseModel):
    status: Literal["success"] = "success"
    message: str
    subscription: SubscriptionBody

    @classmethod
    def to(cls, subscription: Subscription, *, trial: bool) -> Self:
        return cls(
            message=TRIAL if trial else "Thank you. The credits of this month are yours.",
            subscription=SubscriptionBody(
                plan=PlanName(subscription.plan),
                credits_per_month=subscription.credits_per_month,
                current_period_end=subscription.current_period_end,
            ),
        )


class SubscriptionCancelled(BaseModel):
    status: Literal["success"] = "success"
    message: str

    @classmethod
    def of(cls, subscription: Subscription) -> Self:
        last_day = f"{subscription.current_period_end:%Y-%m-%d}"
        where = IN_STORE[Store(subscription.store)]
        return cls(
            message=f"Your plan runs until {last_day} and then ends; credits that are left stay yours. "
            f"Please cancel it in {where} too: only the store can stop charging you."
        )
