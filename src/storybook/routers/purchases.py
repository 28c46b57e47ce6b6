"""Buying: a store's receipt becomes credits or a plan. No connection to the database waits for the store."""

from fastapi import APIRouter

from storybook.core.errors import Invalid
from storybook.domain.purchases import ProductKind
from storybook.domain.receipts import Payment, product_of
from storybook.routers.answers import errors
from storybook.routers.deps import ResourcesDep, SessionDep, UserId
from storybook.routers.once import OnceDep
from storybook.schemas.purchases import CreditsAdded, CreditsPurchase, PlanPurchase, Subscribed, SubscriptionCancelled
from storybook.services import credits, purchases, subscriptions

router = APIRouter(prefix="/v1/credits", tags=["credits"])


@router.post("/add", summary="Add bought credits", responses=errors(409, 413))
async def add_credits(
    bought: CreditsPurchase, resources: ResourcesDep, user_id: UserId, session: SessionDep, once: OnceDep
) -> CreditsAdded:
    """A receipt brings its credits once, to the first account that shows it; again, it is answered and brings nothing.

    How many there are follows from the product in the receipt.
    """
    payment = await resources.stores.verify(bought.store, bought.receipt)
    _require_agreement(bought, payment)

    async def add() -> CreditsAdded:
        await purchases.apply(session, user_id, payment)
        return CreditsAdded(
            message="Thank you. The credits are yours.", new_balance=await credits.balance(session, user_id)
        )

    return await once(bought, CreditsAdded, add)


@router.post("/subscribe", summary="Subscribe to a plan", responses=errors(409, 413))
async def start_subscription(
    bought: PlanPurchase, resources: ResourcesDep, user_id: UserId, session: SessionDep, once: OnceDep
) -> Subscribed:
    """A receipt starts a plan, renews it, or changes it to another one; each paid month brings its credits once."""
    payment = await resources.stores.verify(bought.store, bought.receipt)
    if product_of(payment.product_id).plan is not bought.plan:
        raise Invalid("This purchase is of something else. Please send the receipt of the plan.")

    async def begin() -> Subscribed:
        known = await purchases.apply(session, user_id, payment)
        subscription = await subscriptions.get(session, known.store, known.original_transaction_id)
        return Subscribed.to(subscription, trial=known.free)

    return await once(bought, Subscribed, begin)


@router.post("/cancel-subscription", summary="Cancel the plan", responses=errors(404, 409))
async def cancel_subscription(user_id: UserId, session: SessionDep, once: OnceDep) -> SubscriptionCancelled:
    """The plan runs to the end of what was paid. The store has to be told too: only it can stop charging."""

    async def cancel() -> SubscriptionCancelled:
        return SubscriptionCancelled.of(await subscriptions.cancel(session, user_id))

    return await once(None, SubscriptionCancelled, cancel)


def _require_agreement(bought: CreditsPurchase, payment: Payment) -> None:
    product = product_of(payment.product_id)
    if product.kind is not ProductKind.CREDITS:
        raise Invalid("This purchase is a subscription. Please send it to POST /v1/credits/subscribe.")
    if bought.amount not in {None, product.credits}:
        raise Invalid(f"This purchase is of {product.credits} credits.", details={"amount": product.credits})
    if bought.transaction_id not in {None, payment.transaction_id}:
        raise Invalid("The transaction_id is not the one of the receipt.")
