"""What is wrong with a file of settings is said all at once, in plain words, and without any secret."""

import os
import re
import runpy
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from random import Random

import pytest
from dotenv import dotenv_values

from storybook.core.configuration import load_settings
from storybook.core.cpu import CpuPool
from storybook.core.errors import SetupError
from storybook.core.settings import Settings
from storybook.core.settings_checks import (
    is_monotonous,
    is_pattern,
    is_placeholder_of_a_secret,
    rests_on_a_guess,
)
from storybook.core.settings_rules import SECRETS, Mode

ROOT = Path(__file__).parents[2]
Check = Callable[..., subprocess.CompletedProcess[str]]
Found = Callable[..., list[str]]

GOOD = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://books.family.app",
    "DATABASE_URL": "postgresql://storybook:5a0c1f7e9b3d2486@postgres:5432/storybook",
    "REDIS_URL": "redis://limits:6379/0",
    "USE_CELERY": "true",
    "CELERY_BROKER_URL": "redis://broker:6379/0",
    "USER_KEY_PEPPER": "k3J9x0Vt7qLr2Zp8Nw5Yb1Hd6Sm4Gc0A",
    "ACCESS_TOKEN_SECRET": "Q7u1Ri5Eo9Tk3Wf8Xa2Mj6Pv0Bn4Cz7L",
    "S3_ENDPOINT": "http://minio:9000",
    "S3_BUCKET": "storybook",
    "S3_ACCESS_KEY": "storybook-4f1d0a",
    "S3_SECRET_KEY": "0f3c9a7b1e5d2846",
    "S3_PUBLIC_URL": "https://books.family.app/files",
    "TRUSTED_PROXIES": "172.30.7.2",
    "STORYBOOK_DATA_DIR": "/data",
    "LLM_PROVIDER": "studio",
    "IMAGE_PROVIDER": "studio",
    "TTS_PROVIDER": "studio",
    "SIGHT_PROVIDER": "studio",
    "MODERATION_PROVIDER": "studio",
}
"""Production as it should be."""

SEEDED: list[tuple[str, str | None]] = [
    ("USER_KEY_PEPPER", None),
    ("USER_KEY_PEPPER", "k3J9x0Vt7qLr2Zp8"),
    ("USER_KEY_PEPPER", "0123456789" * 4),
    ("USER_KEY_PEPPER", "abababababababababababababababababab"),
    ("USER_KEY_PEPPER", "passwordpasswordpasswordpassword1234"),
    ("USER_KEY_PEPPER", "Secret42Secret42Secret42Secret42Se"),
    ("USER_KEY_PEPPER", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("USER_KEY_PEPPER", "a" * 16),
    ("USER_KEY_PEPPER", "qwertyuiopasdfghjklzxcvbnm1234567890"),
    ("USER_KEY_PEPPER", "0987654321mnbvcxzlkjhgfdsapoiuytrewq"),
    ("ACCESS_TOKEN_SECRET", "MinioAdmin-Storybook-Postgres-Root1"),
    ("USER_KEY_PEPPER", "change-me-0123456789abcdefghijklmnop"),
    ("ACCESS_TOKEN_SECRET", None),
    ("ACCESS_TOKEN_SECRET", "Q7u1Ri5Eo9Tk3Wf8"),
    ("ACCESS_TOKEN_SECRET", "k3J9x0Vt7qLr2Zp8Nw5Yb1Hd6Sm4Gc0A"),
    ("ACCESS_TOKEN_SECRET_PREVIOUS", "yesterdays"),
    ("METRICS_TOKEN", "k3J9x0Vt7qLr2Zp8"),
    ("METRICS_ADDRESS", "9100"),
    ("METRICS_ADDRESS", "0.0.0.0:9100/metrics"),
    ("METRICS_ADDRESS", "0.0.0.0:9100"),
    ("DATABASE_URL", None),
    ("DATABASE_URL", "mysql://storybook:5a0c1f7e9b3d2486@db/storybook"),
    ("DATABASE_URL", "postgresql://storybook@postgres/storybook"),
    ("DATABASE_URL", "postgresql://storybook:storybook@postgres/storybook"),
    *(
        ("DATABASE_URL", f"postgresql://storybook:{password}@postgres/storybook")
        for password in ("5a0c1f", "storybook1234", "password1234", "a" * 12, "%61" * 12, "123456789012")
    ),
    ("DATABASE_URL", "postgresql://storybook:xxxxxxxxxxxx@postgres/storybook"),
    ("DATABASE_URL", "postgresql://storybook:5a0c1f7e9b3d2486@db.example.com/storybook?sslmode=require"),
    ("DATABASE_URL", "postgresql://storybook:<password-of-it>@postgres/storybook"),
    ("DATABASE_URL", "postgresql://storybook:5a0c1f7e9b3d2486@postgres:notaport/storybook"),
    ("DATABASE_URL", "postgresql://storybook:5a0c1f7e9b3d2486@postgres:5432"),
    ("DATABASE_URL", "postgresql://storybook:5a0c1f7e9b3d2486@postgres/storybook?channel_binding=require"),
    ("DATABASE_URL", "postgresql://storybook:5a0c1f7e9b3d2486@db.far-away.net/storybook"),
    ("DATABASE_URL", "postgresql://storybook:5a0c1f7e9b3d2486@db.far-away.net/storybook?sslmode=prefer"),
    *(
        ("DATABASE_URL", f"postgresql://storybook:5a0c1f7e9b3d2486@postgres/storybook?{option}")
        for option in ("sslmode=nonsense", "sslmode=", "ssl=true", "port=abc", "port=", "port=0", "port=65536")
    ),
    ("LLM_PROVIDER", None),
    ("IMAGE_PROVIDER", None),
    ("TTS_PROVIDER", None),
    ("SIGHT_PROVIDER", None),
    ("MODERATION_PROVIDER", None),
    ("LLM_PROVIDER", "openia"),
    ("LLM_PROVIDER", "openai"),
    ("IMAGE_PROVIDER", "replicate"),
    ("TTS_PROVIDER", "elevenlabs"),
    ("MODERATION_PROVIDER", "judge"),
    ("MODERATION_PROVIDER", "studio,openai"),
    ("LLM_FALLBACK_PROVIDER", "anthropic"),
    ("SIGHT_API_KEY", "k-1f0c2b7d"),
    ("TTS_FALLBACK_API_KEY", "k-1f0c2b7d"),
    ("MODERATION_API_KEY", "k-1f0c2b7d"),
    ("PERSONAL_DATA_VENDORS", "opnai"),
    ("LLM_API_KEY", "sk-your-key-here"),
    ("LLM_API_KEY", "sk-4f9a\u200b1c7d"),
    ("IMAGE_API_KEY", "r8-4f9a1c7d\u00e9"),
    ("LLM_API_KEY", "sk-kéy-1f0"),
    ("IMAGE_API_KEY", "two words"),
    ("TTS_API_KEY", '"sk-1f0\\nsk-2f0"'),
    ("SIGHT_API_KEY", '" "'),
    ("S3_ACCESS_KEY", "storybook-ключ"),
    ("LLM_FALLBACK_PRICE", "0.10/0.50"),
    ("IMAGE_PRICE", "0.04/0.05"),
    ("TTS_PRICE", "cheap"),
    ("IMAGE_FALLBACK_PRICE", "-1"),
    ("SIGHT_PRICE", "inf"),
    ("LLM_BASE_URL", "http://models.far-away.net/v1"),
    ("LLM_BASE_URL", "models.far-away.net"),
    ("PUBLIC_URL", "http://books.family.app"),
    ("PUBLIC_URL", "https://localhost:8000"),
    ("PUBLIC_URL", "books.family.app"),
    ("PUBLIC_URL", "HTTP://books.family.app"),
    ("PUBLIC_URL", "https://192.168.1.5"),
    ("PUBLIC_URL", "https://127.0.0.2"),
    ("PUBLIC_URL", "https://books .family.app"),
    ("PUBLIC_URL", "https://books.family.app/a b"),
    ("S3_PUBLIC_URL", "https://minio:9000/storybook"),
    ("PUBLIC_URL", "https://books.example.org"),
    ("PUBLIC_URL", "https://Example.com:8443/"),
    ("PUBLIC_URL", "https://<your host>"),
    ("PUBLIC_URL", "https://change-me.family.app"),
    *(
        (name, f"https://{host}")
        for name in ("PUBLIC_URL", "S3_PUBLIC_URL")
        for host in ("books.local", "books.localhost", "books.internal.", "127.1", "[::ffff:127.0.0.1]", "100.64.0.9")
    ),
    *(
        (name, f"https://{host}")
        for name in ("PUBLIC_URL", "S3_PUBLIC_URL", "S3_ENDPOINT", "LLM_BASE_URL", "OTEL_EXPORTER_OTLP_ENDPOINT")
        for host in ("books..family.app", "books,family.app", "-", "-books.family.app", "256.1.2.3", "a" * 64 + ".app")
    ),
    *(
        (name, f"https://{user}@books.family.app")
        for name in ("PUBLIC_URL", "S3_PUBLIC_URL", "S3_ENDPOINT", "LLM_BASE_URL", "OTEL_EXPORTER_OTLP_ENDPOINT")
        for user in ("reader:5a0c1f7e9b3d2486", "reader", "")
    ),
    ("PUBLIC_URL", "https://books.family.app:0"),
    ("PUBLIC_URL", "https://books.family.app/stories"),
    ("S3_PUBLIC_URL", None),
    ("S3_PUBLIC_URL", "http://localhost:9000/storybook"),
    ("S3_BUCKET", None),
    ("S3_BUCKET", "My_Bucket"),
    ("S3_BUCKET", "a..b"),
    ("S3_BUCKET", "192.168.5.4"),
    ("S3_ACCESS_KEY", "minioadmin"),
    ("S3_SECRET_KEY", "minioadmin"),
    ("S3_SECRET_KEY", "12345678"),
    ("S3_SECRET_KEY", "a" * 16),
    ("S3_SECRET_KEY", "1234567890123456"),
    ("S3_SECRET_KEY", "qwertyuiopasdfgh"),
    ("S3_SECRET_KEY", "minioadmin123456"),
    ("S3_SECRET_KEY", None),
    ("S3_ENDPOINT", "http://s3.far-away.net"),
    ("S3_ENDPOINT", "minio:9000"),
    ("REDIS_URL", "http://limits:6379"),
    ("REDIS_URL", "redis://"),
    ("REDIS_URL", "redis://limits:notaport/0"),
    ("REDIS_URL", "redis://limits:6379/abc"),
    ("REDIS_URL", "redis://limits.far-away.net:6379/0"),
    ("CELERY_BROKER_URL", None),
    ("CELERY_BROKER_URL", "redis://broker:notaport/0"),
    ("CELERY_BROKER_URL", "redis://broker:6379/abc"),
    ("CELERY_BROKER_URL", "redis://:5a0c1f7e9b3d2486@broker.far-away.net:6379/0"),
    ("CELERY_BROKER_URL", "redis://Limits/1"),
    ("CELERY_BROKER_URL", "amqp://broker:5672"),
    ("CELERY_BROKER_URL", GOOD["REDIS_URL"]),
    ("USE_CELERY", "often"),
    ("ENVIRONMENT", "development"),
    ("ENVIRONMENT", "staging"),
    ("DEBUG", "true"),
    ("DEBUG", "perhaps"),
    ("LOG_LEVEL", "debug"),
    ("LOG_LEVEL", "loud"),
    ("CORS_ORIGINS", "*"),
    ("CORS_ORIGINS", "http://www.family.app"),
    ("CORS_ORIGINS", "HTTP://www.family.app"),
    ("CORS_ORIGINS", "https://www.family.app/app"),
    ("CORS_ORIGINS", "https://www.Family.app"),
    ("CORS_ORIGINS", "https://www.family.app:443"),
    ("CORS_ORIGINS", "https://user:pw@www.family.app"),
    ("CORS_ORIGINS", "https://www.family.app/"),
    ("CORS_ORIGINS", "https://*"),
    ("CORS_ORIGINS", "https://*.family.app"),
    ("TRUSTED_PROXIES", "*"),
    ("TRUSTED_PROXIES", "0.0.0.0/0"),
    ("TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1"),
    ("TRUSTED_PROXIES", "nginx"),
    ("DEVELOPMENT_RECEIPT_KEY", "a-key-that-makes-credits-out-of-nothing"),
    ("SANDBOX_PURCHASES", "true"),
    ("APPLE_ONLINE_CHECKS", "false"),
    ("APPLE_BASE_URL", "https://storekit.elsewhere.net"),
    ("APPLE_BUNDLE_ID", "app.family.books"),
    ("GOOGLE_PACKAGE_NAME", "app.family.books"),
    ("GOOGLE_KEYS_URL", "https://keys.elsewhere.net"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/v1/traces"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://traces.far-away.net"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer 4f1d0a"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%0A4f1d0a"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "an api key=4f1d0a"),
    ("TRACE_READS", "2"),
    ("HEARTBEAT_SECONDS", "20"),
    ("JOB_SLA_SECONDS", "60"),
    ("BUDGET_PER_BOOK", "5000"),
    ("BUDGET_PER_USER_DAY", "500"),
    ("BUDGET_PER_DAY", "-1"),
    ("BUDGET_PER_DAY", "inf"),
    ("LEASE_SECONDS", "inf"),
    ("LEASE_SECONDS", "100000"),
    ("SWEEP_SECONDS", "100000"),
    ("SWEEP_SECONDS", "0.001"),
    ("HEARTBEAT_SECONDS", "0.001"),
    ("GIFTS_PER_ADDRESS", "1000000"),
    ("PENDING_BOOKS", "2"),
    ("RATE_LIMIT_REQUESTS", "100000"),
    ("DATABASE_POOL_SIZE", "many"),
    ("IMAGE_MAX_CONCURRENT", "99"),
    ("TTS_VOICES", "fr=Marie"),
    ("IMAGE_PROVIDR", "fal"),
    ("NGINY_API_1", "api:8000"),
    ("SECRET_KEY", "read-by-nothing"),
]
NAMED_INSTEAD = {
    ("METRICS_ADDRESS", "0.0.0.0:9100"): "METRICS_TOKEN",
    ("LLM_PROVIDER", "openai"): "LLM_API_KEY",
    ("LLM_FALLBACK_PROVIDER", "anthropic"): "LLM_FALLBACK_API_KEY",
    ("MODERATION_PROVIDER", "studio,openai"): "MODERATION_API_KEY",
    ("IMAGE_PROVIDER", "replicate"): "IMAGE_API_KEY",
    ("TTS_PROVIDER", "elevenlabs"): "TTS_API_KEY",
    ("PENDING_BOOKS", "2"): "PENDING_BOOKS_PER_USER",
    ("JOB_SLA_SECONDS", "60"): "IMAGE_TIMEOUT",
    ("S3_SECRET_KEY", None): "S3_ACCESS_KEY and S3_SECRET_KEY",
    ("ACCESS_TOKEN_SECRET_PREVIOUS", "k3J9x0Vt7qLr2Zp8Nw5Yb1Hd6Sm4Gc0A"): "ACCESS_TOKEN_SECRET",
}
"""Where two settings do not go together, the other one may be named."""
COVERED_BY_ANOTHER = {"MODERATION_PROVIDER", "TTS_VOICES", "LLM_FALLBACK_API_KEY"}
"""Named once the providers are mended that these build on."""
NEEDS_MORE = {
    "IMAGE_PRICE": {"IMAGE_BASE_URL": "http://pictures:1/v1"},
    "TTS_PRICE": {"TTS_PROVIDER": "openai", "TTS_BASE_URL": "http://voices:1/v1", "PERSONAL_DATA_VENDORS": "openai"},
    "SIGHT_PRICE": {"SIGHT_BASE_URL": "http://eyes:1/v1"},
    "TTS_VOICES": {"TTS_PROVIDER": "elevenlabs", "TTS_API_KEY": "k-1f0", "PERSONAL_DATA_VENDORS": "elevenlabs"},
}


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Runs the script on a file with these settings."""

    def run(values: dict[str, str], *arguments: str, **shell: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "settings.env"
        file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        file.chmod(0o600)
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "STORYBOOK_ENVIRONMENT": "ready",
        } | shell
        command = [str(ROOT / "scripts" / "check-env.sh"), "--env-file", str(file), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


EXAMINE = runpy.run_path(str(ROOT / "scripts" / "check_env.py"))["examine"]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpu: CpuPool) -> Found:
    """What the script finds in a file with these settings, without a process of its own."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def of(values: dict[str, str | None], mode: Mode = Mode.PRODUCTION) -> list[str]:
        file = tmp_path / "settings.env"
        file.write_text("".join(f"{name}={value}\n" for name, value in values.items() if value is not None))
        file.chmod(0o600)
        lines: list[str] = EXAMINE(file, tmp_path / "secrets", mode, cpu)
        return lines

    return of


def test_production_as_it_should_be_has_nothing_to_mend(check: Check) -> None:
    done = check(GOOD, "--mode", "production", DEBUG="true", LLM_PROVIDER="openia")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "nothing to mend" in done.stdout


@pytest.mark.parametrize(("name", "value"), SEEDED)
def test_a_seeded_mistake_is_found_by_its_name(found: Found, name: str, value: str | None) -> None:
    lines = found(GOOD | NEEDS_MORE.get(name, {}) | {name: value})
    named = NAMED_INSTEAD.get((name, value), name)
    assert [line for line in lines if line.startswith(named)], lines


def test_all_mistakes_are_said_at_once(found: Found) -> None:
    mistakes = {name: value for name, value in reversed(SEEDED) if value is not None}
    lines = found(GOOD | mistakes)
    assert len(mistakes) >= 40
    named = {NAMED_INSTEAD.get((name, value), name) for name, value in mistakes.items()}
    assert {name for name in named if not any(name in line for line in lines)} <= COVERED_BY_ANOTHER


def test_no_value_of_a_secret_is_ever_said(found: Found) -> None:
    secrets = {name.upper(): f"s3cr3t-{number}-xxxx" for number, name in enumerate(SECRETS)}
    address = "postgresql://storybook:s3cr3t-db@postgres/storybook"
    for values in (secrets | {"DATABASE_URL": address}, {"DATABASE_URL": address.replace("postgresql", "mysql")}):
        lines = found(GOOD | values)
        assert lines
        assert "s3cr3t" not in "".join(lines)


KEY_IN_LINES = (
    "-----BEGIN KEY-----\nMIGTAgEAMBMGByqGSM49\nQJBAKJ7\nAwEHBHkwdwIBAQQgV3Q=\nA1B2C3D4E5F6==\n-----END KEY-----"
)
STRAY = [
    "sk-proj-4f9a1c7d",
    "JBSWY3DPEHPK3PXP",
    "JBSWY3DPEHPK3PXP=",
    "K4PZ+9/Q==",
    "OPS_TOKEN: k8J9x0Vt7q",
    "'k8J9x0Vt7q",
]


@pytest.mark.parametrize("name", [*(name.upper() for name in SECRETS), "DATABASE_URL"])
def test_a_secret_in_the_wrong_place_of_the_file_is_never_said(found: Found, name: str) -> None:
    for stray in (*STRAY, KEY_IN_LINES):
        lines = found({"DEBUG": f"0\n\n{name}=" + (stray if stray is KEY_IN_LINES else f"\n{stray}")}, Mode.DEVELOPMENT)
        assert [line for line in lines if line.startswith("Line 4 is no setting")], lines
        pieces = [piece.strip("=-") for piece in stray.split() if any(map(str.isdigit, piece))]
        assert not [piece for piece in pieces if piece in "".join(lines)]


@pytest.mark.parametrize(
    "name",
    [
        *(f"{kind}_PROVIDER" for kind in ("LLM", "IMAGE", "TTS", "SIGHT", "MODERATION", "MODERATION_JUDGE")),
        *("LLM_FALLBACK_PROVIDER", "IMAGE_FALLBACK_PROVIDER", "TTS_FALLBACK_PROVIDER", "PERSONAL_DATA_VENDORS"),
        *("LLM_MODEL", "IMAGE_MODEL", "TTS_MODEL", "TTS_VOICES", "AUTH_MODE", "LOG_LEVEL", "LLM_PRICE"),
    ],
)
def test_a_key_in_the_place_of_another_setting_is_never_said(found: Found, name: str) -> None:
    about = {
        "LLM_PROVIDER": "openai",
        "IMAGE_PROVIDER": "openai",
        "TTS_PROVIDER": "openai",
        "PERSONAL_DATA_VENDORS": "openai",
    }
    keys = {name.replace("PROVIDER", "API_KEY"): "k-1f0" for name in about if name.endswith("_PROVIDER")}
    lines = found(GOOD | about | keys | {"MODERATION_PROVIDER": "studio,judge"} | {name: "sk-proj-4f9a1c7d"})
    assert [line for line in lines if name in line], lines
    assert "4f9a1c7d" not in "".join(lines)


def test_the_file_itself_is_looked_at(found: Found, check: Check, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "user_key_pepper").write_text(GOOD["USER_KEY_PEPPER"])
    assert found(GOOD) == ["USER_KEY_PEPPER is in the file and among the secrets."]
    assert not found({name: value for name, value in GOOD.items() if name != "USER_KEY_PEPPER"})
    file = tmp_path / "twice.env"
    file.write_text("DEBUG=0\nDEBUG=0\nIMAGE_PROVIDR=studio\n")
    done = check({}, "--env-file", str(file), "--mode", "development")
    assert done.returncode == 1
    assert done.stdout.splitlines()[:2] == [
        "FAIL IMAGE_PROVIDR is not known; IMAGE_PROVIDER is.",
        "FAIL DEBUG is there twice.",
    ]
    file.write_text("".join(f"{name}={value}\n" for name, value in GOOD.items()))
    file.chmod(0o644)
    assert "chmod 600" in check({}, "--env-file", str(file), "--mode", "production").stdout
    assert check({}, "--env-file", str(tmp_path / "none.env")).returncode == 2


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("OPENAI_API_KEY", ["LLM_API_KEY", "IMAGE_API_KEY", "TTS_API_KEY", "SIGHT_API_KEY", "MODERATION_API_KEY"]),
        ("ANTHROPIC_API_KEY", ["LLM_API_KEY", "SIGHT_API_KEY"]),
        ("FAL_API_KEY", ["IMAGE_API_KEY"]),
    ],
)
def test_the_key_of_a_vendor_is_led_to_the_work_that_it_is_for(found: Found, name: str, instead: list[str]) -> None:
    [line] = found(GOOD | {name: "sk-4f9a1c7d"})
    assert re.findall(r"[A-Z]+_API_KEY", line) == [name, *instead]
    assert f"the key of {name.removesuffix('_API_KEY').lower()} goes into" in line and "4f9a" not in line


VENDORS: dict[str, str | None] = {
    "LLM_PROVIDER": "openai",
    "LLM_API_KEY": "k-1f0",
    "IMAGE_PROVIDER": "fal",
    "IMAGE_API_KEY": "k-2f0",
    "MODERATION_PROVIDER": "studio,openai,judge",
    "MODERATION_API_KEY": "k-3f0",
}


def test_a_budget_that_no_book_fits_in_is_said_before_the_start(found: Found) -> None:
    assert not found(GOOD | VENDORS)
    [line] = found(GOOD | VENDORS | {"BUDGET_PER_BOOK": "1"})
    assert line.startswith("BUDGET_PER_BOOK: a book of 12 pages may cost 1.54")


def test_a_server_whose_price_nobody_knows_is_found_before_the_start(found: Found) -> None:
    elsewhere = GOOD | {"LLM_PROVIDER": "openai", "LLM_BASE_URL": "https://models.far-away.net/v1"}
    [line] = found(elsewhere)
    assert line.startswith("LLM_PRICE: nobody knows what the server of LLM_BASE_URL takes")
    assert not found(elsewhere | {"LLM_PRICE": "0.10/0.50"})
    [line] = found(elsewhere | {"LLM_PRICE": "99/99"})
    assert line.startswith("BUDGET_PER_BOOK: a book of 12 pages may cost")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"LLM_BASE_URL": "http://localhost:11434/v1", "LLM_MODEL": "llama3"},
            ["LLM_MODEL is set, and LLM_PROVIDER names nobody", "LLM_BASE_URL is set, and LLM_PROVIDER names nobody"],
        ),
        (
            {"MODERATION_JUDGE_PROVIDER": "anthropic", "MODERATION_JUDGE_API_KEY": "k-1f0"},
            ["MODERATION_JUDGE_PROVIDER is set, and MODERATION_PROVIDER does not list judge"],
        ),
        (
            {"LLM_PROVIDER": "openai", "LLM_API_KEY": "k-1f0", "MODERATION_PROVIDER": "studio,judge"}
            | {"MODERATION_JUDGE_MODEL": "gpt-4o"},
            ["MODERATION_JUDGE_MODEL is set, and MODERATION_JUDGE_PROVIDER names nobody"],
        ),
        (
            {"MODERATION_MODEL": "omni-moderation-latest", "MODERATION_PROVIDER": "studio"},
            ["MODERATION_MODEL is set, and MODERATION_PROVIDER names nobody"],
        ),
        (
            {"LLM_PROVIDER": "openai", "LLM_API_KEY": "k-1f0", "LLM_FALLBACK_API_KEY": "k-2f0"},
            ["LLM_FALLBACK_API_KEY is set, and LLM_FALLBACK_PROVIDER names nobody"],
        ),
        (
            {"IMAGE_PRICE": "0.04", "IMAGE_BASE_URL": "http://localhost:1/v1", "IMAGE_PROVIDER": "studio"},
            ["IMAGE_BASE_URL is set, and IMAGE_PROVIDER names", "IMAGE_PRICE is set, and IMAGE_PROVIDER names"],
        ),
    ],
)
@pytest.mark.parametrize("mode", [Mode.DEVELOPMENT, Mode.PRODUCTION])
def test_what_is_set_of_a_vendor_whom_nobody_asks_is_complained_of(
    found: Found, values: dict[str, str], told: list[str], mode: Mode
) -> None:
    lines = found((GOOD if mode is Mode.PRODUCTION else {}) | values, mode)
    assert [line.startswith(start) for line, start in zip(lines, told, strict=True)] == [True] * len(told), lines


def test_a_database_far_away_is_spoken_to_with_encryption(found: Found) -> None:
    address = "postgresql://storybook:5a0c1f7e9b3d2486@db.far-away.net:5432/storybook?sslmode="
    for mode in ("require", "verify-full"):
        assert not found(GOOD | {"DATABASE_URL": address + mode})
        assert Settings(_env_file=None, database_url=address + mode).database_url.endswith(f"?ssl={mode}")


def test_a_redis_far_away_is_spoken_to_with_encryption(found: Found) -> None:
    for name in ("REDIS_URL", "CELERY_BROKER_URL"):
        for address in ("rediss://:5a0c1f7e9b3d2486@redis.far-away.net:6380/0", "redis://10.0.0.7"):
            assert not found(GOOD | {name: address})


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "192.168.1.5", "books"])
def test_a_service_being_developed_may_be_of_this_machine(found: Found, host: str) -> None:
    addresses = {"PUBLIC_URL": f"http://{host}", "LLM_BASE_URL": f"http://{host}/openai/v1"}
    assert not found(addresses | {"LLM_PROVIDER": "openai", "LLM_PRICE": "0/0"}, Mode.DEVELOPMENT)


@pytest.mark.parametrize(
    "mistake",
    [{"LLM_PROVIDER": "openai", "LLM_API_KEY": "k-1f0"}, {"ENVIRONMENT": "production"}, {"TTS_API_KEY": "k-1"}],
)
def test_a_test_of_a_build_costs_nothing_and_touches_nothing_real(found: Found, mistake: dict[str, str | None]) -> None:
    assert not found({"LLM_PROVIDER": "studio"}, Mode.CI)
    lines = found({"LLM_PROVIDER": "studio"} | mistake, Mode.CI)
    assert [line for line in lines if any(name in line for name in mistake)]


@pytest.mark.parametrize("written", [bytes.hex, lambda made: b64encode(made).decode()], ids=["hex", "base64"])
@pytest.mark.parametrize("size", [12, 16, 20, 32, 48])
def test_a_secret_made_by_chance_is_never_taken_for_a_pattern(size: int, written: Callable[[bytes], str]) -> None:
    chance = Random(7)
    wrong = (is_monotonous, is_pattern, rests_on_a_guess, is_placeholder_of_a_secret)
    made = (written(chance.randbytes(size)) for _ in range(6250))
    assert not [secret for secret in made if any(is_wrong(secret) for is_wrong in wrong)]


@pytest.mark.parametrize(
    "placeholder",
    ["sk-proj-xxxxxxxx", "MY_EXAMPLE_KEY", "your-key", "changeme123", "<key>", "todo", "replace_with_yours"],
)
def test_a_secret_that_was_never_filled_in_is_none(found: Found, placeholder: str) -> None:
    lines = found(GOOD | {"LLM_PROVIDER": "openai", "LLM_API_KEY": placeholder})
    assert "LLM_API_KEY still holds a placeholder." in lines


def test_few_digits_and_a_row_of_crosses_happen_by_chance(found: Found) -> None:
    few = "0b1c2d3e" + "".join(Random(7).choices("01bcd23e5", k=24))
    assert len(set(few)) == 9
    for secret in (few, "k3J9x0Vt7qLr2Zp8xxxxNw5Yb1Hd6Sm4Gc0A", "k3J9x0Vt7qLr2Zp8Todo5Nw5Yb1Hd6Sm4Gc0A"):
        assert not found(GOOD | {"USER_KEY_PEPPER": secret})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("PUBLIC_URL", f"https://{host}")
            for host in (
                "read-your-story.com",
                "my-example-books.com",
                "insert-coin-books.com",
                "change-this-story.app",
            )
        ),
        *(("PUBLIC_URL", f"https://{host}") for host in ("exchange-media.com", "example.community", "an-example.com")),
        ("APP_NAME", "Your Story Books"),
        ("CORS_ORIGINS", "https://www.family.app:8443,https://[2a01:4f8::1]"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("S3_BUCKET", "books.family-1.app"),
        *(("PUBLIC_URL", f"https://{host}") for host in ("books.family.app/", "bücher.family.app", "a.app.:8443")),
        ("S3_ENDPOINT", "http://minio_1:9000"),
        ("S3_PUBLIC_URL", "https://[2a01:4f8::1]:9000/a/b"),
        *(
            ("DATABASE_URL", f"postgresql://storybook:5a0c1f7e9b3d2486@postgres/storybook?{options}")
            for options in ("sslmode=disable", "ssl=verify-full&port=6432", "host=one,two&port=5432,6432")
        ),
        *((name, "value") for name in ("NGINX_CALLS_PER_SECOND", "NGINX_PROXY_BEFORE", "STORYBOOK_TLS", "TZ")),
    ],
)
def test_what_is_right_is_not_complained_of(found: Found, name: str, value: str) -> None:
    assert not found(GOOD | {name: value})


def test_every_name_that_the_files_of_infra_read_is_known(found: Found) -> None:
    compose = (ROOT / "infra" / "docker-compose.prod.yml").read_text()
    names = set(re.findall(r"NGINX_[A-Z0-9_]+", (ROOT / "infra" / "nginx" / "start.sh").read_text()))
    names |= set(re.findall(r"\$\{([A-Z_]+)", compose))
    assert len(names) > 10
    assert not found(GOOD | dict.fromkeys(names, "value"))


def test_the_examples_are_good(found: Found, check: Check, tmp_path: Path) -> None:
    development = check({}, "--env-file", str(ROOT / ".env.example"), "--mode", "development")
    assert development.returncode == 0, development.stdout
    filled = (ROOT / "infra" / "production.env.example").read_text().replace("<your host>", "books.family.app")
    file = tmp_path / "production.env"
    file.write_text(filled)
    made = [str(ROOT / "infra" / "secrets.sh"), str(tmp_path / "secrets")]
    subprocess.run(made, check=True, capture_output=True)
    arguments = ("--env-file", str(file), "--mode", "production", "--secrets", str(tmp_path / "secrets"))
    done = check({}, *arguments)
    assert done.returncode == 0, done.stdout
    nowhere = check({}, *arguments[:-1], str(tmp_path / "nowhere"))
    assert (nowhere.returncode, "nowhere is not there" in nowhere.stdout) == (2, True)
    secrets = {path.read_text() for path in (tmp_path / "secrets").iterdir()} - {""}
    subprocess.run(made, check=True, capture_output=True)
    assert secrets == {path.read_text() for path in (tmp_path / "secrets").iterdir()} - {""}


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"metrics_token": ""}, "METRICS_TOKEN is not set, though METRICS_ADDRESS is."),
        ({"celery_broker_url": ""}, "CELERY_BROKER_URL is not set, though USE_CELERY is on."),
        ({"s3_access_key": "", "s3_secret_key": ""}, "S3_ACCESS_KEY and S3_SECRET_KEY are not set, though"),
        ({"postgres_password": "another"}, "DATABASE_URL has another password than the secret postgres_password."),
    ],
)
def test_a_secret_that_the_parts_of_production_need_is_missed(
    found: Found, tmp_path: Path, secrets: dict[str, str], said: str
) -> None:
    folder = tmp_path / "secrets"
    subprocess.run([str(ROOT / "infra" / "secrets.sh"), str(folder)], check=True, capture_output=True)
    filled = (ROOT / "infra" / "production.env.example").read_text().replace("<your host>", "books.family.app")
    values = {name: value for name, value in dotenv_values(stream=StringIO(filled)).items() if value}
    assert not found(values)
    for name, value in secrets.items():
        (folder / name).chmod(0o644)
        (folder / name).write_text(value)
    [line] = found(values)
    assert line.startswith(said)


def test_a_start_goes_by_the_same_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, found: Found) -> None:
    monkeypatch.chdir(tmp_path)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "database_url").write_text(GOOD["DATABASE_URL"] + "\n")
    monkeypatch.setenv("STORYBOOK_SECRETS_DIR", str(secrets))
    for name, value in GOOD.items():
        if name != "DATABASE_URL":
            monkeypatch.setenv(name, value)
    assert load_settings().database_url.endswith("@postgres:5432/storybook")
    for name, value in {"DEBUG": "perhaps", "LOG_LEVEL": "debug", "S3_BUCKET": "No", "CORS_ORIGINS": "*"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SetupError) as refused:
        load_settings()
    assert all(name in str(refused.value) for name in ("DEBUG", "LOG_LEVEL", "S3_BUCKET", "CORS_ORIGINS"))
    assert "\n" not in str(refused.value)
