"""Who may see the operator's page: whoever has its token, and whoever showed it a while ago and has our cookie."""

import hashlib
import hmac
import secrets
from typing import NamedTuple

SECRET_BYTES = 32


class Visit(NamedTuple):
    """An operator who is signed in. `form_token` has to come with every form that changes something."""

    operator: str
    form_token: str


class OperatorDoor:
    """Knows the token of the operator's page; `token_hash` is what the database may know of it."""

    def __init__(self, token: str) -> None:
        self.token_hash = hmac.digest(token.encode(), b"the token of operators", hashlib.sha256)
        self._token = digest(token)

    def opens(self, sent: str) -> bool:
        """Whether that is the token. It takes as long for every text, whatever its length."""
        return hmac.compare_digest(digest(sent), self._token)


def new_secret() -> str:
    """What the cookie of a visit holds, and nobody else knows."""
    return secrets.token_hex(SECRET_BYTES)


def form_token_of(secret: str) -> str:
    """What the forms of a visit bring back; it does not tell the secret."""
    return hmac.digest(secret.encode(), b"forms of operators", hashlib.sha256).hex()


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
