"""Who pushes news to us: Google signs each push of Pub/Sub with a token (OIDC) for one audience and one account."""

import time

import httpx
import jwt

from storybook.domain.receipts import ForgedNews, StoreAway
from storybook.stores.http import ask

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
KEYS_SECONDS = 3600
ASK_AGAIN_SECONDS = 60


class GooglePush:
    """Google's public keys are kept for an hour; for a key that is not among them they are asked for once a minute."""

    def __init__(self, client: httpx.AsyncClient, *, keys_url: str, audience: str, account: str) -> None:
        self._client = client
        self._keys_url = keys_url
        self._audience = audience
        self._account = account
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at = float("-inf")

    async def check(self, authorization: str) -> None:
        """Raises ForgedNews for every push that Google did not sign for us."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise ForgedNews
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._audience,
                issuer=ISSUERS,
                options={"require": ["exp", "aud", "iss"]},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise ForgedNews from error
        if claims.get("email") != self._account or claims.get("email_verified") is not True:
            raise ForgedNews

    async def _key(self, key_id: object) -> jwt.PyJWK:
        age = time.monotonic() - self._asked_at
        if age > KEYS_SECONDS or (key_id not in self._keys and age > ASK_AGAIN_SECONDS):
            await self._ask_for_keys()
        if not isinstance(key_id, str) or key_id not in self._keys:
            raise ForgedNews
        return self._keys[key_id]

    async def _ask_for_keys(self) -> None:
        answer = await ask(self._client, "GET", self._keys_url)
        try:
            found = jwt.PyJWKSet.from_dict(answer.body)
        except jwt.PyJWTError as error:
            raise StoreAway from error
        self._keys = {key.key_id: key for key in found.keys if key.key_id}
        self._asked_at = time.monotonic()
