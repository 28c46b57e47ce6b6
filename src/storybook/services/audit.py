"""Proves the ledger: every rule of money, checked against what is stored, in one statement and so at one moment.

An entry moves one amount between two accounts, so all accounts together are zero by construction. What is left to
prove is that every amount and move is allowed, that nothing was ever below zero, that each hold is the price of its job
and had one end which fits it, that payments are those of the stores and brought what was bought, and that balances are
what the entries make of them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from storybook.domain.credits import CACHED, MOVES, OF_PAYMENTS, PRICES, WELCOME_GIFT
from storybook.domain.operations import refund_of
from storybook.domain.purchases import PRODUCTS, Product
from storybook.services.audit_checks import CHECKS, FACTS


class Finding(NamedTuple):
    """What is wrong with which row: `check` names the rule, `row` the kind of row and its id."""

    check: str
    row: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.row}: {self.check}: expected {self.expected}, found {self.found}"


class Extent(NamedTuple):
    """How much there is to prove."""

    entries: int
    accounts: int


_STATEMENT = text(FACTS + "\nUNION ALL\n".join(CHECKS))
_EXTENT = text("SELECT (SELECT count(*) FROM credit_transactions), (SELECT count(*) FROM user_credits)")
_RULES = {
    "types": [transaction.value for transaction in MOVES],
    "sources": [move.source.value for move in MOVES.values()],
    "targets": [move.target.value for move in MOVES.values()],
    "counted": [account.value for account in CACHED],
    "names": [name for name, _ in CACHED.values()],
    "signs": [sign for _, sign in CACHED.values()],
    "of_payments": [transaction.value for transaction in OF_PAYMENTS],
    "kinds": [kind.value for kind in PRICES],
    "prices": list(PRICES.values()),
    "gift": WELCOME_GIFT,
    "refund_of": refund_of(""),
}


async def examine(session: AsyncSession, products: Iterable[Product] = PRODUCTS.values()) -> list[Finding]:
    """All that is wrong; nothing when the ledger is right. Entries stay in the database.

    The gift and the prices are those of the domain, so one that changes makes findings of the entries before that.
    `products` is all that was ever sold: a product that is withdrawn has to stay in it.
    """
    rules = _RULES | _catalogue(products)
    return [Finding(*row) for row in await session.execute(_STATEMENT, rules)]


def _catalogue(products: Iterable[Product]) -> dict[str, list[str] | list[int]]:
    sold = list(products)
    return {
        "products": [product.id for product in sold],
        "product_kinds": [product.kind.value for product in sold],
        "product_credits": [product.credits for product in sold],
    }


async def extent(session: AsyncSession) -> Extent:
    return Extent(*(await session.execute(_EXTENT)).one())
