"""Tokens as others would make them, and devices as the app does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt

from storybook.core.tokens import ALGORITHM, AUDIENCE, ISSUER, AccessTokens

Headers = dict[str, str]


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def forged(
    tokens: AccessTokens,
    *,
    without: str = "",
    algorithm: str = ALGORITHM,
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """A token that is right but for what is given: signed with our own key, unless `algorithm` or `header` differ."""
    now = datetime.now(UTC)
    right = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user_nobody",
        "sid": "device_nobody",
        "jti": "1",
        "iat": now,
        "exp": now + timedelta(days=1),
    }
    body = {name: value for name, value in (right | claims).items() if name != without}
    key = None if algorithm == "none" else tokens._keys[tokens._kid]
    return jwt.encode(body, key, algorithm, headers={"kid": tokens._kid} | (header or {}))


async def sign_in(client: httpx.AsyncClient, key: str | None = None, **wish: str) -> dict[str, Any]:
    """The tokens of a new device; without a key it is a new user's."""
    answer = await client.post("/v1/auth/device", headers={"X-User-Key": key} if key else {}, json=wish or None)
    assert answer.status_code == 200, answer.text
    signed_in: dict[str, Any] = answer.json()
    return signed_in
