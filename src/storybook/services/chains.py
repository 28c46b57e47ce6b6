"""Changes of plan: at some stores each is a new purchase, which names the token of the one before.

All purchases of such a chain are one subscription, in whatever order they are heard of.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from storybook.domain.purchases import Store
from storybook.domain.receipts import Payment
from storybook.services import payments, subscriptions


async def take_turn(session: AsyncSession, payment: Payment) -> Payment:
    """The payment as one of the subscription that it belongs to; nobody else works on that until this ends.

    Subscriptions that it turns out to tie together are one from now on, unless they are of several users.
    """
    await payments.take_turn_of_tokens(session, payment)
    await payments.take_turn(session, payment.store, payment.original_transaction_id)
    tied = await payments.tied_to(session, payment)
    while tied:
        for original in sorted(tied):
            await payments.take_turn(session, payment.store, original)
        if tied == (tied := await payments.tied_to(session, payment)):
            break
    if not tied:
        return payment
    first, *others = tied
    if others:
        await _tie(session, payment.store, first, others)
    return payment.model_copy(update={"original_transaction_id": first})


async def _tie(session: AsyncSession, store: Store, first: str, others: list[str]) -> None:
    found = [await subscriptions.owner(session, store, original) for original in (first, *others)]
    owners = {owner for owner in found if owner}
    if len(owners) > 1:
        return
    for original in others:
        await payments.move(session, store, original, to=first)
        await subscriptions.move(session, store, original, to=first)
    for owner in owners:
        await subscriptions.claim(session, owner, store, first)
