"""Identifiers and the wall clock."""

import secrets
from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id(kind: str) -> str:
    """An identifier such as `book_20260121_093000_5f0c...`: sortable by eye, 80 random bits, under 60 characters."""
    return f"{kind}_{utc_now():%Y%m%d_%H%M%S}_{secrets.token_hex(10)}"
