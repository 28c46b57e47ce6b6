"""Which stores this service takes purchases of."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from storybook.core.errors import NotFound, SetupError
from storybook.core.settings import Settings
from storybook.domain.purchases import Product, Store
from storybook.domain.receipts import News, Payment, SandboxReceipt, StoreEnvironment, StoreNotOffered
from storybook.stores.apple import AppleApp, AppleStore
from storybook.stores.base import ReceiptVerifier
from storybook.stores.development import DevelopmentStore
from storybook.stores.google import GoogleStore
from storybook.stores.google_api import GoogleApi, ServiceAccount
from storybook.stores.google_push import GooglePush

APPLE_ROOT_CA_G3 = "63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179"
"""The SHA-256 of Apple's root certificate that purchases are signed under; it is valid until 2039."""


class Stores:
    """The stores that are set up. What nobody paid for is refused, unless `sandbox` says otherwise."""

    def __init__(self, verifiers: Mapping[Store, ReceiptVerifier], *, sandbox: bool) -> None:
        self._verifiers = verifiers
        self._sandbox = sandbox

    async def verify(self, store: Store, receipt: str) -> Payment:
        """The payment that a receipt proves; raises InvalidReceipt, UnknownProduct, StoreNotOffered or StoreAway."""
        payment = await self._of(store).verify(receipt)
        if self._is_play(payment):
            raise SandboxReceipt
        return payment

    async def read_news(self, store: Store, body: bytes, headers: Mapping[str, str]) -> News | None:
        """What a store's notification says, None when nothing follows from it.

        Raises ForgedNews, StoreAway, or NotFound for a store that is not set up.
        """
        if store not in self._verifiers:
            raise NotFound("This service does not listen to this store.")
        news = await self._verifiers[store].read_news(body, headers)
        return None if news and news.payment and self._is_play(news.payment) else news

    async def renewal(self, store: Store, original_transaction_id: str, token: str | None) -> Payment | None:
        """The newest payment of a subscription; raises StoreNotOffered or StoreAway."""
        payment = await self._of(store).renewal(original_transaction_id, token)
        return None if payment and self._is_play(payment) else payment

    async def confirm(self, store: Store, product: Product, token: str) -> None:
        """Tells the store that the goods were given; raises StoreNotOffered or StoreAway."""
        await self._of(store).confirm(product, token)

    def _of(self, store: Store) -> ReceiptVerifier:
        try:
            return self._verifiers[store]
        except KeyError:
            raise StoreNotOffered from None

    def _is_play(self, payment: Payment) -> bool:
        return payment.environment is StoreEnvironment.SANDBOX and not self._sandbox


def make_stores(settings: Settings, client: httpx.AsyncClient) -> Stores:
    """The stores that the settings name; raises SetupError for one that is named and not set up to the end."""
    verifiers: dict[Store, ReceiptVerifier] = {}
    if settings.apple_bundle_id:
        verifiers[Store.APPLE] = AppleStore(_apple_app(settings), client)
    if settings.google_package_name:
        verifiers[Store.GOOGLE] = _google(settings, client)
    if settings.development_receipt_key.get_secret_value() and not settings.in_production:
        verifiers[Store.DEVELOPMENT] = DevelopmentStore(settings.development_receipt_key.get_secret_value())
    return Stores(verifiers, sandbox=settings.sandbox_purchases and not settings.in_production)


def _apple_app(settings: Settings) -> AppleApp:
    private_key = settings.apple_private_key.get_secret_value()
    if settings.apple_private_key_file and not private_key:
        private_key = _read("APPLE_PRIVATE_KEY_FILE", settings.apple_private_key_file).decode()
    _require(
        "APPLE_BUNDLE_ID",
        APPLE_APP_ID=settings.apple_app_id,
        APPLE_ISSUER_ID=settings.apple_issuer_id,
        APPLE_KEY_ID=settings.apple_key_id,
        APPLE_PRIVATE_KEY=private_key,
        APPLE_ROOT_CERTIFICATES=settings.apple_root_certificates,
    )
    return AppleApp(
        bundle_id=settings.apple_bundle_id,
        app_id=settings.apple_app_id,
        issuer_id=settings.apple_issuer_id,
        key_id=settings.apple_key_id,
        private_key=private_key,
        root_certificates=tuple(
            _root(file, pinned=settings.in_production) for file in settings.apple_root_certificates
        ),
        online_checks=settings.apple_online_checks,
        base_url=settings.apple_base_url.rstrip("/"),
    )


def _google(settings: Settings, client: httpx.AsyncClient) -> GoogleStore:
    file = settings.google_service_account_file
    _require(
        "GOOGLE_PACKAGE_NAME",
        GOOGLE_SERVICE_ACCOUNT_FILE=file,
        GOOGLE_PUSH_AUDIENCE=settings.google_push_audience,
        GOOGLE_PUSH_ACCOUNT=settings.google_push_account,
    )
    api = GoogleApi(
        client,
        ServiceAccount.read(file or Path()),
        base_url=settings.google_play_base_url.rstrip("/"),
        token_url=settings.google_token_url,
        package_name=settings.google_package_name,
    )
    push = GooglePush(
        client,
        keys_url=settings.google_keys_url,
        audience=settings.google_push_audience,
        account=settings.google_push_account,
    )
    return GoogleStore(settings.google_package_name, api, push)


def _require(named: str, **needed: object) -> None:
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SetupError(f"{named} is set, so {', '.join(missing)} must be set too.")


def _root(file: Path, *, pinned: bool) -> bytes:
    """A root certificate as DER, from DER or PEM; in production it must be Apple's."""
    data = _read("APPLE_ROOT_CERTIFICATES", file)
    try:
        is_pem = data.lstrip().startswith(b"-----BEGIN")
        certificate = x509.load_pem_x509_certificate(data) if is_pem else x509.load_der_x509_certificate(data)
    except ValueError as error:
        raise SetupError(f"APPLE_ROOT_CERTIFICATES: {file} is not a certificate.") from error
    der = certificate.public_bytes(Encoding.DER)
    if pinned and hashlib.sha256(der).hexdigest() != APPLE_ROOT_CA_G3:
        raise SetupError(f"APPLE_ROOT_CERTIFICATES: {file} is not Apple Root CA - G3.")
    return der


def _read(setting: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SetupError(f"{setting}: {file} cannot be read ({error.strerror}).") from error
