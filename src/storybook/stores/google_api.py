"""The Google Play Developer API, called as a service account."""

import json
import time
from pathlib import Path

import httpx
import jwt
from pydantic import BaseModel, ValidationError

from storybook.core.errors import SetupError
from storybook.domain.receipts import StoreAway
from storybook.stores.http import Answer, ask

SCOPE = "https://www.googleapis.com/auth/androidpublisher"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS = 600
RENEW_BEFORE_SECONDS = 60


class ServiceAccount(BaseModel):
    """The parts of Google's key file that are used."""

    client_email: str
    private_key: str
    private_key_id: str

    @classmethod
    def read(cls, file: Path) -> "ServiceAccount":
        """Raises SetupError with one line."""
        try:
            return cls.model_validate(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError) as error:
            raise SetupError(
                f"GOOGLE_SERVICE_ACCOUNT_FILE: {file} is not the key of a service account ({type(error).__name__})."
            ) from error


class _AccessToken(BaseModel):
    access_token: str
    expires_in: int


class GoogleApi:
    """Addresses below one application. The access token is kept until shortly before it expires."""

    def __init__(
        self, client: httpx.AsyncClient, account: ServiceAccount, *, base_url: str, token_url: str, package_name: str
    ) -> None:
        self._client = client
        self._account = account
        self._base = f"{base_url}/androidpublisher/v3/applications/{package_name}"
        self._token_url = token_url
        self._token = ""
        self._renew_at = 0.0

    async def ask(self, method: str, path: str) -> Answer:
        """Raises StoreAway."""
        headers = {"Authorization": f"Bearer {await self._access_token()}"}
        return await ask(self._client, method, f"{self._base}/{path}", headers=headers)

    async def _access_token(self) -> str:
        if time.monotonic() >= self._renew_at:
            form = {"grant_type": GRANT, "assertion": self._assertion()}
            answer = await ask(self._client, "POST", self._token_url, data=form)
            try:
                given = _AccessToken.model_validate(answer.body)
            except ValidationError as error:
                raise StoreAway from error
            self._token = given.access_token
            self._renew_at = time.monotonic() + given.expires_in - RENEW_BEFORE_SECONDS
        return self._token

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._account.client_email,
            "scope": SCOPE,
            "aud": self._token_url,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        headers = {"kid": self._account.private_key_id}
        return jwt.encode(claims, self._account.private_key, algorithm="RS256", headers=headers)
