"""A store of one's own: receipts and news are tokens (JWT, HS256) that are signed with a development key."""

from collections.abc import Mapping
from typing import Any

import jwt

from storybook.core.errors import SetupError
from storybook.domain.purchases import Product, Store
from storybook.domain.receipts import ExpiredReceipt, ForeignReceipt, ForgedNews, InvalidReceipt, News, Payment
from storybook.stores.base import SignedNews

AUDIENCE = "storybook"
MIN_KEY_BYTES = 32


class DevelopmentStore:
    """Believes whoever holds the key. It knows nothing but what it is told, and wants to hear nothing."""

    def __init__(self, key: str) -> None:
        if len(key.encode()) < MIN_KEY_BYTES:
            raise SetupError(f"DEVELOPMENT_RECEIPT_KEY must have at least {MIN_KEY_BYTES} characters.")
        self._key = key

    async def verify(self, receipt: str) -> Payment:
        try:
            return Payment.model_validate(self._open(receipt) | {"store": Store.DEVELOPMENT})
        except jwt.ExpiredSignatureError as error:
            raise ExpiredReceipt from error
        except jwt.InvalidAudienceError as error:
            raise ForeignReceipt from error
        except (jwt.PyJWTError, ValueError) as error:
            raise InvalidReceipt from error

    async def read_news(self, body: bytes, headers: Mapping[str, str]) -> News | None:
        del headers
        try:
            return News.model_validate(self._open(SignedNews.read(body)) | {"store": Store.DEVELOPMENT})
        except (jwt.PyJWTError, ValueError) as error:
            raise ForgedNews from error

    async def renewal(self, original_transaction_id: str, token: str | None) -> Payment | None:
        del original_transaction_id, token
        return None

    async def confirm(self, product: Product, token: str) -> None:
        pass

    def _open(self, signed: str) -> dict[str, Any]:
        claims = jwt.decode(signed, self._key, algorithms=["HS256"], audience=AUDIENCE)
        return {name: value for name, value in claims.items() if name not in {"aud", "exp"}}
