"""Which stores are offered: those that are set up to the end, and in production only those that take money."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from storybook.core.errors import NotFound, SetupError
from storybook.core.settings import Environment, Settings
from storybook.core.settings_rules import Mode, problems
from storybook.domain.purchases import Store
from storybook.domain.receipts import SandboxReceipt, StoreNotOffered
from storybook.stores.registry import Stores, make_stores
from tests.apple import APP_ID, BUNDLE, AppleSigner, new_private_key, transaction
from tests.google import AUDIENCE, PACKAGE, PUSH_ACCOUNT, write_account
from tests.receipts import RECEIPT_KEY, payment, signed

SIGNER = AppleSigner.new()


def apple(folder: Path, *, encoding: Encoding = Encoding.DER) -> dict[str, Any]:
    root = folder / "root.cer"
    root.write_bytes(SIGNER.root.certificate.public_bytes(encoding))
    key = folder / "key.p8"
    key.write_text(new_private_key())
    return {
        "apple_bundle_id": BUNDLE,
        "apple_app_id": APP_ID,
        "apple_issuer_id": "issuer",
        "apple_key_id": "KEY",
        "apple_private_key_file": key,
        "apple_root_certificates": str(root),
        "apple_online_checks": False,
    }


def google(folder: Path) -> dict[str, Any]:
    return {
        "google_package_name": PACKAGE,
        "google_service_account_file": write_account(folder),
        "google_push_audience": AUDIENCE,
        "google_push_account": PUSH_ACCOUNT,
    }


def made(**settings: Any) -> Stores:
    return make_stores(Settings(_env_file=None, **settings), httpx.AsyncClient())


async def test_without_settings_nothing_is_sold() -> None:
    for store in Store:
        with pytest.raises(StoreNotOffered):
            await made().verify(store, "a receipt")
        with pytest.raises(NotFound):
            await made().read_news(store, b"", {})


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
async def test_apple_is_offered_when_it_is_set_up(tmp_path: Path, encoding: Encoding) -> None:
    stores = made(**apple(tmp_path, encoding=encoding))
    assert await stores.verify(Store.APPLE, SIGNER.sign(transaction()))


async def test_development_receipts_count_in_development_only() -> None:
    receipt = signed(payment())
    assert await made(development_receipt_key=RECEIPT_KEY).verify(Store.DEVELOPMENT, receipt)
    production = made(development_receipt_key=RECEIPT_KEY, environment=Environment.PRODUCTION)
    with pytest.raises(StoreNotOffered):
        await production.verify(Store.DEVELOPMENT, receipt)


async def test_what_nobody_paid_for_is_taken_where_the_operator_says_so_and_never_in_production() -> None:
    receipt = signed(payment(environment="sandbox"))
    with pytest.raises(SandboxReceipt):
        await made(development_receipt_key=RECEIPT_KEY).verify(Store.DEVELOPMENT, receipt)
    assert await made(development_receipt_key=RECEIPT_KEY, sandbox_purchases=True).verify(Store.DEVELOPMENT, receipt)
    unsafe = problems(Settings(_env_file=None, sandbox_purchases=True), Mode.PRODUCTION)
    assert "SANDBOX_PURCHASES" in {problem.setting for problem in unsafe}


async def test_the_development_key_opens_no_other_store() -> None:
    receipt = signed(payment(store="apple"))
    assert (await made(development_receipt_key=RECEIPT_KEY).verify(Store.DEVELOPMENT, receipt)).store == "development"


NEEDED = {
    "apple": ["apple_app_id", "apple_issuer_id", "apple_key_id", "apple_private_key_file", "apple_root_certificates"],
    "google": ["google_service_account_file", "google_push_audience", "google_push_account"],
}


@pytest.mark.parametrize(("which", "missing"), [(which, each) for which, names in NEEDED.items() for each in names])
def test_a_store_that_is_half_set_up_is_named(tmp_path: Path, which: str, missing: str) -> None:
    settings = {"apple": apple, "google": google}[which](tmp_path)
    del settings[missing]
    with pytest.raises(SetupError, match=missing.removesuffix("_file").upper()):
        made(**settings)


def test_in_production_the_root_certificate_is_apples(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="not Apple Root CA - G3"):
        made(**apple(tmp_path), environment=Environment.PRODUCTION)


@pytest.mark.parametrize(
    ("setting", "content"),
    [
        ("apple_root_certificates", "no certificate"),
        ("google_service_account_file", "{}"),
        ("apple_root_certificates", None),
    ],
)
def test_a_file_that_is_no_good_is_named(tmp_path: Path, setting: str, content: str | None) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SetupError, match=setting.upper()):
        made(**apple(tmp_path) | google(tmp_path) | {setting: str(file)})


def test_production_does_not_start_with_a_development_key() -> None:
    unsafe = problems(Settings(_env_file=None, development_receipt_key=RECEIPT_KEY), Mode.PRODUCTION)
    assert "DEVELOPMENT_RECEIPT_KEY" in {problem.setting for problem in unsafe}


def test_a_development_key_must_be_long() -> None:
    with pytest.raises(SetupError, match="DEVELOPMENT_RECEIPT_KEY"):
        made(development_receipt_key="short")
