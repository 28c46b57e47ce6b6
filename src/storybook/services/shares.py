"""What payments bring, entered in the ledger."""

from sqlalchemy.ext.asyncio import AsyncSession

from storybook.domain.credits import Transaction
from storybook.domain.purchases import ProductKind, Store
from storybook.models import StoreTransaction
from storybook.services import credits, payments

_ENTERED_AS = {
    ProductKind.CREDITS: Transaction.PURCHASE,
    ProductKind.SUBSCRIPTION: Transaction.SUBSCRIPTION,
}


async def give(session: AsyncSession, store: Store, original_transaction_id: str) -> None:
    """Each payment of a purchase or subscription brings its share to its user: no more and no less."""
    for payment in await payments.share_out(session, store, original_transaction_id):
        await _bring(session, payment, payment.credits)


async def take_back(session: AsyncSession, payment: StoreTransaction) -> None:
    """A payment that was refunded brings nothing; the others for its time bring what it kept from them."""
    if payment.user_id:
        await give(session, Store(payment.store), payment.original_transaction_id)
        await _bring(session, payment, 0)


async def _bring(session: AsyncSession, payment: StoreTransaction, amount: int) -> None:
    named = payments.reference(payment.store, payment.transaction_id)
    entered_as = _ENTERED_AS[ProductKind(payment.kind or "")]
    await credits.bring(session, payment.user_id or "", entered_as, amount, named)
