"""Who may see the operator's page: whoever has its token, and whoever showed it a while ago and has our cookie."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import jwt

from storybook.core.ids import utc_now

LIFETIME = timedelta(hours=8)
MAX_LENGTH = 1000
_AUDIENCE = "storybook-operators"
_ALGORITHM = "HS256"


class Visit(NamedTuple):
    """An operator who is signed in. `form_token` has to come with every form that changes something."""

    operator: str
    form_token: str


class OperatorDoor:
    """Knows the token of the operator's page. A new token ends all visits."""

    def __init__(self, token: str, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._token = _digest(token)
        self._key = hmac.digest(token.encode(), b"operators: key of visits", hashlib.sha512)
        self._clock = clock

    def opens(self, sent: str) -> bool:
        """Whether that is the token. It takes as long for every text, whatever its length."""
        return hmac.compare_digest(_digest(sent), self._token)

    def admit(self, operator: str) -> str:
        """The cookie of a visit that lasts for `LIFETIME`."""
        now = self._clock()
        claims = {"aud": _AUDIENCE, "sub": operator, "jti": secrets.token_hex(16), "iat": now, "exp": now + LIFETIME}
        return jwt.encode(claims, self._key, _ALGORITHM)

    def visit_of(self, cookie: str) -> Visit | None:
        """The visit of a cookie; None for one that has ended or is not ours."""
        if len(cookie) > MAX_LENGTH:
            return None
        try:
            claims = jwt.decode(
                cookie,
                self._key,
                [_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["aud", "sub", "jti", "exp"], "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        form_token = hmac.digest(self._key, f"form of {claims['jti']}".encode(), hashlib.sha256).hex()
        return Visit(str(claims["sub"]), form_token)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
