"""An App Store of one's own: a root, an intermediate and a signing certificate with Apple's markers."""

import base64
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

BUNDLE = "com.example.storybook"
APP_ID = 1234567890
MARK_OF_LEAF = x509.ObjectIdentifier("1.2.840.113635.100.6.11.1")
MARK_OF_INTERMEDIATE = x509.ObjectIdentifier("1.2.840.113635.100.6.2.1")
NOW = datetime.now(UTC)
YEAR = timedelta(days=365)
_numbers = itertools.count(2_000_000_000_000_001)


@dataclass(frozen=True)
class Authority:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def issue(
        self, name: str, *, mark: x509.ObjectIdentifier | None, is_ca: bool, until: datetime, asked_at: str = ""
    ) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(name, key, self, mark=mark, is_ca=is_ca, until=until, asked_at=asked_at)
        return Authority(key, made)

    @classmethod
    def root(cls) -> "Authority":
        key = ec.generate_private_key(ec.SECP384R1())
        return cls(key, _certificate("Test Root CA", key, None, mark=None, is_ca=True, until=NOW + 20 * YEAR))


@dataclass(frozen=True)
class AppleSigner:
    """Signs as the App Store does: with the certificates in the header."""

    root: Authority
    intermediate: Authority
    leaf: Authority

    @classmethod
    def new(
        cls,
        *,
        root: Authority | None = None,
        leaf_mark: x509.ObjectIdentifier | None = MARK_OF_LEAF,
        intermediate_mark: x509.ObjectIdentifier | None = MARK_OF_INTERMEDIATE,
        leaf_until: datetime = NOW + YEAR,
        asked_at: str = "",
    ) -> "AppleSigner":
        """`asked_at` is where one may ask whether its certificates were revoked."""
        root = root or Authority.root()
        intermediate = root.issue(
            "Test WWDR", mark=intermediate_mark, is_ca=True, until=NOW + 10 * YEAR, asked_at=asked_at
        )
        leaf = intermediate.issue("Test Signing", mark=leaf_mark, is_ca=False, until=leaf_until)
        return cls(root, intermediate, leaf)

    def sign(self, claims: dict[str, Any], *, chain: list[bytes] | None = None, **header: Any) -> str:
        ders = chain or [self.leaf.der, self.intermediate.der, self.root.der]
        x5c = [base64.b64encode(der).decode() for der in ders]
        return jwt.encode(claims, self.leaf.key, algorithm="ES256", headers={"x5c": x5c} | header)

    def notification(self, kind: str, transaction: dict[str, Any], **changes: Any) -> dict[str, str]:
        """The body of a server notification (version 2) about a transaction."""
        subtype = changes.pop("subtype", None)
        data = {
            "appAppleId": APP_ID,
            "bundleId": BUNDLE,
            "environment": transaction["environment"],
            "signedTransactionInfo": self.sign(transaction),
        }
        told = {
            "notificationType": kind,
            "notificationUUID": f"uuid-{next(_numbers)}",
            "version": "2.0",
            "signedDate": milliseconds(NOW),
            "data": data,
            **({"subtype": subtype} if subtype else {}),
            **changes,
        }
        return {"signedPayload": self.sign(told)}


def transaction(product_id: str = "storybook.credits.5", **changes: Any) -> dict[str, Any]:
    """The claims of a transaction of StoreKit 2; a plan's is for a month that begins now."""
    number = str(next(_numbers))
    of_plan = {"expiresDate": milliseconds(NOW + timedelta(days=30))} if ".plan." in product_id else {}
    return {
        "transactionId": number,
        "originalTransactionId": number,
        "bundleId": BUNDLE,
        "productId": product_id,
        "purchaseDate": milliseconds(NOW),
        "originalPurchaseDate": milliseconds(NOW),
        "quantity": 1,
        "type": "Auto-Renewable Subscription" if of_plan else "Consumable",
        "inAppOwnershipType": "PURCHASED",
        "signedDate": milliseconds(NOW),
        "environment": "Production",
        **of_plan,
        **changes,
    }


def milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def new_private_key() -> str:
    """A key for the App Store Server API, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: Authority | None,
    *,
    mark: x509.ObjectIdentifier | None,
    is_ca: bool,
    until: datetime,
    asked_at: str = "",
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 2 * YEAR)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(_usage(is_ca=is_ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        of_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(of_issuer, critical=False)
    if asked_at:
        there = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(asked_at))
        builder = builder.add_extension(x509.AuthorityInformationAccess([there]), critical=False)
    if mark:
        builder = builder.add_extension(x509.UnrecognizedExtension(mark, b"\x05\x00"), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
