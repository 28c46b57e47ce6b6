"""A Google of one's own on loopback: tokens, purchases, keys, and pushes that it signs."""

import base64
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fixtures_http import serving

PACKAGE = "com.example.storybook"
ACCOUNT_EMAIL = "store@project.example"
PUSH_ACCOUNT = "push@project.example"
AUDIENCE = "https://books.example/v1/stores/google/news"
SIGNING_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ACCOUNT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_numbers = itertools.count(1)


class FakeGoogle:
    """Knows the purchases that it is given, by their tokens; `status` fails every call of the API."""

    def __init__(self) -> None:
        self.purchases: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.tokens_given = 0
        self.keys_given = 0
        self.status = 200
        self.url = ""

    @property
    def api_url(self) -> str:
        return f"/androidpublisher/v3/applications/{PACKAGE}/"

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, dict[str, Any]]:
        if path == "/token":
            return self._token(body)
        if path == "/keys":
            self.keys_given += 1
            public = jwt.algorithms.RSAAlgorithm.to_jwk(SIGNING_KEY.public_key(), as_dict=True)
            return 200, {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}
        if not path.startswith(self.api_url) or authorization != "Bearer an access token":
            return 401, {}
        self.asked.append(f"{method} {path.removeprefix(self.api_url)}")
        if self.status != 200:
            return self.status, {}
        found = self.purchases.get(unquote(path.rpartition("/tokens/")[2].partition(":")[0]))
        return (200, {} if ":" in path else found) if found else (404, {})

    def _token(self, body: bytes) -> tuple[int, dict[str, Any]]:
        form = parse_qs(body.decode())
        claims = jwt.decode(
            form["assertion"][0], ACCOUNT_KEY.public_key(), algorithms=["RS256"], audience=f"{self.url}/token"
        )
        assert claims["iss"] == ACCOUNT_EMAIL
        self.tokens_given += 1
        return 200, {"access_token": "an access token", "expires_in": 3600, "token_type": "Bearer"}

    def pack(self, **changes: Any) -> str:
        """A bought pack of credits; its token."""
        token = f"token/{next(_numbers)}"
        self.purchases[token] = {
            "kind": "androidpublisher#productPurchase",
            "orderId": f"GPA.{next(_numbers)}",
            "purchaseState": 0,
            "purchaseTimeMillis": str(int(time.time() * 1000)),
            "consumptionState": 0,
            "acknowledgementState": 0,
        } | changes
        return token

    def plan(self, product_id: str = "storybook.plan.basic", **changes: Any) -> str:
        """A subscription in its first month; its token."""
        token = f"token/{next(_numbers)}"
        now = datetime.now(UTC)
        order = changes.pop("order", f"GPA.{next(_numbers)}")
        item = {
            "productId": product_id,
            "expiryTime": (now + timedelta(days=30)).isoformat(),
            "latestSuccessfulOrderId": order,
        }
        self.purchases[token] = {
            "kind": "androidpublisher#subscriptionPurchaseV2",
            "startTime": (now - timedelta(minutes=1)).isoformat(),
            "subscriptionState": "SUBSCRIPTION_STATE_ACTIVE",
            "acknowledgementState": "ACKNOWLEDGEMENT_STATE_PENDING",
            "lineItems": [item],
        } | changes
        return token


def receipt(product_id: str, token: str, package: str = PACKAGE) -> str:
    """The purchase as the app has it."""
    return json.dumps({"packageName": package, "productId": product_id, "purchaseToken": token, "orderId": "ignored"})


def push(told: dict[str, Any], message_id: str = "m1", package: str = PACKAGE) -> bytes:
    data = {"version": "1.0", "packageName": package, "eventTimeMillis": str(int(time.time() * 1000))} | told
    message = {"messageId": message_id, "data": base64.b64encode(json.dumps(data).encode()).decode()}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def authorization(key: Any = SIGNING_KEY, *, kid: str = "one", **changes: Any) -> dict[str, str]:
    """The header that Google pushes with."""
    now = int(time.time())
    claims = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "email": PUSH_ACCOUNT,
        "email_verified": True,
        "iat": now,
        "exp": now + 600,
    } | changes
    told = {name: value for name, value in claims.items() if value is not None}
    return {"authorization": f"Bearer {jwt.encode(told, key, algorithm='RS256', headers={'kid': kid})}"}


def write_account(folder: Path) -> Path:
    """The key file of a service account."""
    pem = ACCOUNT_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file = folder / "account.json"
    file.write_text(json.dumps({"client_email": ACCOUNT_EMAIL, "private_key": pem, "private_key_id": "two"}))
    return file


@contextmanager
def running() -> Iterator[FakeGoogle]:
    google = FakeGoogle()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, told = google.answer(self.command, self.path, body, self.headers.get("Authorization", ""))
            data = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        google.url = url
        yield google
