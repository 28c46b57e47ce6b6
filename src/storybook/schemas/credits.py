"""Bodies of the credits' routes."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from storybook.domain.book_spec import Language
from storybook.domain.credits import PlanName, SubscriptionStatus, Transaction
from storybook.domain.plans import PLANS, Plan, features_of, name_of
from storybook.domain.wording import SHOWN_AS, Shown, change_of, sentence_for
from storybook.models import CreditTransaction, Subscription, UserCredits
from storybook.services.transactions import Standing


class CreditsPart(BaseModel):
    credits: int = Field(description="What can be spent now")
    held: int = Field(description="What belongs to books that are being made")
    owed: int = Field(description="What a store took back after it was spent; later credits settle it first")
    total_purchased: int = Field(description="All that was ever bought, also by a plan")
    total_used: int = Field(description="All that was ever spent on finished books")

    @classmethod
    def of(cls, account: UserCredits) -> Self:
        return cls(
            credits=account.credits,
            held=account.held,
            owed=account.owed,
            total_purchased=account.total_purchased,
            total_used=account.total_used,
        )


class SubscriptionPart(BaseModel):
    plan: PlanName
    plan_name: str
    status: SubscriptionStatus = Field(description="`cancelled` runs on to the end of its period")
    credits_per_month: int
    current_period_end: datetime
    features: list[str]

    @classmethod
    def of(cls, subscription: Subscription, language: Language) -> Self:
        plan = PlanName(subscription.plan)
        return cls(
            plan=plan,
            plan_name=name_of(plan, language),
            status=SubscriptionStatus(subscription.status),
            credits_per_month=subscription.credits_per_month,
            current_period_end=subscription.current_period_end,
            features=features_of(plan, language),
        )


class PlanPart(BaseModel):
    id: PlanName
    name: str
    price: int = Field(description="Korean won a month")
    credits_per_month: int
    features: list[str]

    @classmethod
    def of(cls, plan: Plan, language: Language) -> Self:
        return cls(
            id=plan.id,
            name=name_of(plan.id, language),
            price=plan.price,
            credits_per_month=plan.credits_per_month,
            features=features_of(plan.id, language),
        )


class CreditStatusAnswer(BaseModel):
    credits: CreditsPart
    subscription: SubscriptionPart | None = Field(description="The plan whose paid period runs; null for none")
    available_plans: list[PlanPart]

    @classmethod
    def of(cls, standing: Standing) -> Self:
        language = standing.language
        return cls(
            credits=CreditsPart.of(standing.credits),
            subscription=SubscriptionPart.of(standing.plan, language) if standing.plan else None,
            available_plans=[PlanPart.of(plan, language) for plan in PLANS.values()],
        )


class BalanceAnswer(BaseModel):
    credits: int = Field(description="What can be spent now")


class CheckAnswer(BaseModel):
    has_credits: bool
    current_credits: int
    required: int


class TransactionAnswer(BaseModel):
    """One change of what can be spent."""

    id: int
    amount: int = Field(description="The change: a book that is accepted is -1, one that fails gives +1 back")
    balance_after: int = Field(description="What could be spent after it")
    transaction_type: Shown
    description: str = Field(description="What happened, in the user's language")
    created_at: datetime

    @classmethod
    def of(cls, entry: CreditTransaction, language: Language) -> Self:
        transaction = Transaction(entry.transaction_type)
        return cls(
            id=entry.id,
            amount=change_of(transaction, entry.amount),
            balance_after=entry.balance_after,
            transaction_type=SHOWN_AS[transaction],
            description=sentence_for(transaction, language),
            created_at=entry.created_at,
        )
