"""Settings: read once, refused early, in words that name the setting."""

import re
from pathlib import Path

import pytest

from storybook.core.configuration import load_settings
from storybook.core.errors import SetupError
from storybook.core.settings import Settings

SAFE = {
    "ENVIRONMENT": "production",
    "USER_KEY_PEPPER": "a secret of 32 characters, or more",
    "ACCESS_TOKEN_SECRET": "another secret of 32 characters!",
    "DATABASE_URL": "postgresql://user:a-long-way-to-say-it@localhost/storybook",
    "LLM_PROVIDER": "studio",
    "IMAGE_PROVIDER": "studio",
    "TTS_PROVIDER": "studio",
    "SIGHT_PROVIDER": "studio",
    "MODERATION_PROVIDER": "studio",
    "STORYBOOK_DATA_DIR": "/data",
    "PUBLIC_URL": "https://books.family.app",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_without_any_setting_everything_is_our_own(environment: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.embedded_database
    assert not settings.in_production
    assert settings.image_max_concurrent == 3


def test_a_safe_production_starts(environment: pytest.MonkeyPatch) -> None:
    for name, value in SAFE.items():
        environment.setenv(name, value)
    assert load_settings().database_url == "postgresql+asyncpg://user:a-long-way-to-say-it@localhost/storybook"


@pytest.mark.parametrize("missing", [name for name in SAFE if name != "ENVIRONMENT"])
def test_production_refuses_to_start_without(environment: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in SAFE.items():
        if name != missing:
            environment.setenv(name, value)
    with pytest.raises(SetupError, match=missing):
        load_settings()


def test_production_refuses_a_secret_that_can_be_guessed(environment: pytest.MonkeyPatch) -> None:
    for name, value in (SAFE | {"ACCESS_TOKEN_SECRET": "s" * 31}).items():
        environment.setenv(name, value)
    with pytest.raises(SetupError, match="ACCESS_TOKEN_SECRET has fewer than 32 characters"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("IMAGE_MAX_CONCURRENT", "0"),
        ("DATABASE_URL", "sqlite:///books.db"),
        ("HEARTBEAT_SECONDS", "20"),
        ("ENVIRONMENT", "staging"),
        ("LOG_LEVEL", "loud"),
        ("S3_BUCKET", "books"),
        ("USE_CELERY", "true"),
    ],
)
def test_a_setting_that_cannot_be_is_named_in_one_line(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(SetupError, match=name) as refused:
        load_settings()
    assert "\n" not in str(refused.value)


def test_a_secret_is_never_shown(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("USER_KEY_PEPPER", "a long secret")
    assert "a long secret" not in repr(load_settings())


def test_every_setting_is_explained_in_the_readme() -> None:
    named = set(re.findall(r"`([A-Z0-9_*]+)`", (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")))
    endings = tuple(name.removeprefix("*") for name in named if name.startswith("*"))
    settings = {name.upper() for name in Settings.model_fields}
    assert {name for name in settings if name not in named and not name.endswith(endings)} == set()
