"""What the service asks of an app store."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from storybook.domain.purchases import Product
from storybook.domain.receipts import ForgedNews, News, Payment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(milliseconds: int) -> datetime:
    """Raises ValueError for what is no time."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise ValueError("is no time") from error


class CamelCase(BaseModel, alias_generator=to_camel):
    """What stores write; unknown parts are left out."""


class SignedNews(CamelCase):
    """A notification that is one signed token."""

    signed_payload: str

    @classmethod
    def read(cls, body: bytes) -> str:
        """The token; raises ForgedNews."""
        try:
            return cls.model_validate_json(body).signed_payload
        except ValidationError as error:
            raise ForgedNews from error


class ReceiptVerifier(Protocol):
    """One app store. Every method raises StoreAway when the store cannot be asked."""

    async def verify(self, receipt: str) -> Payment:
        """The payment that a receipt proves; raises InvalidReceipt, or UnknownProduct."""
        ...

    async def read_news(self, body: bytes, headers: Mapping[str, str]) -> News | None:
        """What a notification says; None when it changes nothing here. Raises ForgedNews.

        `headers` are in lower case.
        """
        ...

    async def renewal(self, original_transaction_id: str, token: str | None) -> Payment | None:
        """The newest payment of a subscription; None when the store knows of none."""
        ...

    async def confirm(self, product: Product, token: str) -> None:
        """Tells the store that the goods were given, so that it keeps the money. May be said again."""
        ...
