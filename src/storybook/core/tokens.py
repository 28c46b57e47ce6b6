"""Access tokens: signed JSON (RFC 7519) that says which device of which user asks, good for a quarter of an hour."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import jwt

from storybook.core.errors import SIGN_IN_AGAIN, TokenExpired, Unauthenticated
from storybook.core.ids import utc_now

LIFETIME = timedelta(minutes=15)
ISSUER = "storybook"
AUDIENCE = "storybook-api"
ALGORITHM = "HS256"
MAX_LENGTH = 1000
_CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp")


class Bearer(NamedTuple):
    """Who a token was issued to."""

    user_id: str
    device_id: str


class AccessTokens:
    """Issues tokens under one secret, and accepts those of the secret before as well until they expire."""

    def __init__(self, secret: str, previous: str = "", *, clock: Callable[[], datetime] = utc_now) -> None:
        self._kid = _kid(secret)
        self._keys = {_kid(known): _key(known) for known in (previous, secret) if known}
        self._clock = clock

    def issue(self, bearer: Bearer) -> str:
        """A token that is good for `LIFETIME` from now."""
        now = self._clock()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": bearer.user_id,
            "sid": bearer.device_id,
            "jti": secrets.token_hex(8),
            "iat": now,
            "exp": now + LIFETIME,
        }
        return jwt.encode(claims, self._keys[self._kid], ALGORITHM, headers={"kid": self._kid})

    def read(self, token: str) -> Bearer:
        """Who a token is of; raises TokenExpired, or Unauthenticated for one that is not ours."""
        try:
            claims = jwt.decode(
                token,
                self._key_of(token),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": list(_CLAIMS), "verify_iat": False},
            )
        except jwt.ExpiredSignatureError:
            raise TokenExpired from None
        except jwt.InvalidTokenError:
            raise _not_ours() from None
        return Bearer(str(claims["sub"]), str(claims["sid"]))

    def _key_of(self, token: str) -> bytes:
        """The length is bounded because the header is parsed before anything is known to be ours."""
        if len(token) > MAX_LENGTH:
            raise _not_ours()
        key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise _not_ours()
        return key


def _key(secret: str) -> bytes:
    """A signing key of the right length, used for nothing else, whatever the secret looks like."""
    return hmac.digest(secret.encode(), b"access tokens: key", hashlib.sha512)


def _kid(secret: str) -> str:
    """Names a secret without telling it."""
    return hmac.digest(secret.encode(), b"access tokens: name", hashlib.sha256).hex()[:16]


def _not_ours() -> Unauthenticated:
    return Unauthenticated(f"This access token cannot be used here. {SIGN_IN_AGAIN}")
