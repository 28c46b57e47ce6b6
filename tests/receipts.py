"""Receipts and news of a store, signed with the development key."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from storybook.domain.receipts import NewsKind

RECEIPT_KEY = "a key that signs receipts in tests"
PACK = "storybook.credits.5"
BASIC = "storybook.plan.basic"
PREMIUM = "storybook.plan.premium"
NOW = datetime.now(UTC)
MONTH = timedelta(days=30)
_numbers = itertools.count(1)


def payment(product_id: str = PACK, **changes: Any) -> dict[str, Any]:
    """What a store says of a payment; a plan's is for a month that began a minute ago."""
    transaction_id = str(changes.get("transaction_id", f"t{next(_numbers)}"))
    began = changes.pop("began", NOW - timedelta(minutes=1))
    of_plan = {"period_end": (began + MONTH).isoformat()} if ".plan." in product_id else {}
    return {
        "transaction_id": transaction_id,
        "original_transaction_id": transaction_id,
        "product_id": product_id,
        "environment": "production",
        "purchased_at": began.isoformat(),
        **of_plan,
        **changes,
    }


def signed(claims: dict[str, Any], *, key: str = RECEIPT_KEY, **more: Any) -> str:
    return jwt.encode({"aud": "storybook", **claims, **more}, key, algorithm="HS256")


def news(kind: NewsKind, about: dict[str, Any], **changes: Any) -> dict[str, str]:
    """The body of a notification about a payment."""
    claims = {
        "notification_id": f"n{next(_numbers)}",
        "kind": kind,
        "told_at": datetime.now(UTC).isoformat(),
        "transaction_id": about["transaction_id"],
        "original_transaction_id": about["original_transaction_id"],
        "payment": about | {"store": "development"},
        **changes,
    }
    return {"signedPayload": signed(claims)}
