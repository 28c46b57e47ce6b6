"""Everything that can be configured. What must be true of it together is in `settings_rules`."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

STUDIO = "studio"
JUDGE = "judge"
"""The layer of moderation that is a language model."""
LogLevel = Literal["debug", "info", "warning", "error"]


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class AuthMode(StrEnum):
    """What opens an account: a key that the app made up or a token, or a token alone."""

    DEVICE_KEY = "device-key"
    TOKEN = "token"  # noqa: S105 - the name of a way in


_NUMBER = r"\d{1,6}(\.\d{1,6})?"


def _dollars(price: str) -> str:
    if price and not re.fullmatch(_NUMBER, price, re.ASCII):
        raise ValueError("must be a number of dollars, such as 0.04")
    return price


def _dollars_of_tokens(price: str) -> str:
    if price and not re.fullmatch(rf"{_NUMBER}(/{_NUMBER})?", price, re.ASCII):
        raise ValueError("must be dollars for a million tokens in and out, such as 0.10/0.50")
    return price


Dollars = Annotated[str, AfterValidator(_dollars)]
DollarsOfTokens = Annotated[str, AfterValidator(_dollars_of_tokens)]


class Settings(BaseSettings):
    """The settings of one process. Names are environment variables, in upper case."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, allow_inf_nan=False)

    environment: Environment = Environment.DEVELOPMENT
    app_name: str = "AI Story Book API"
    debug: bool = False
    log_level: LogLevel = "info"
    docs: bool | None = Field(
        default=None, description="/docs, /redoc and /openapi.json; not said: everywhere but in production"
    )
    otel_exporter_otlp_endpoint: str = Field(default="", description="Where traces go; empty: nowhere")
    otel_exporter_otlp_headers: SecretStr = Field(
        default=SecretStr(""), description="What the collector wants to be told: name=value,name=value"
    )
    trace_reads: float = Field(default=0.05, ge=0, le=1, description="The share of reads and polls that are traced")
    public_url: str = Field(default="", description="Where clients reach this server; empty: as they asked")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    user_key_pepper: SecretStr = Field(default=SecretStr(""), description="Secret that user keys are hashed with")
    auth_mode: AuthMode = Field(default=AuthMode.DEVICE_KEY, description="token: a key only signs a device in")
    access_token_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret that access tokens are signed with"
    )
    access_token_secret_previous: SecretStr = Field(
        default=SecretStr(""), description="The secret before; tokens signed with it are good until they expire"
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="What /metrics asks for; in production there is none without it"
    )
    metrics_address: str = Field(default="", description="Where `worker` and `beat` tell theirs, as 0.0.0.0:9100")
    ops_token: SecretStr = Field(default=SecretStr(""), description="Opens the operator's page; empty: there is none")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Addresses whose X-Forwarded-For is believed"
    )

    storybook_data_dir: Path = Path(".data")
    database_url: str = Field(default="", description="postgresql+asyncpg://...; empty: our own PostgreSQL")
    database_pool_size: int = Field(default=10, ge=1, le=100)

    redis_url: str = Field(default="", description="redis://...; empty: limits are counted in the database")
    use_celery: bool = Field(default=False, description="Jobs are worked on by `storybook worker`, and not here")
    celery_broker_url: str = Field(default="", description="redis://...; a Redis that forgets nothing")
    rate_limit_requests: int = Field(default=10, ge=1, description="Writes that a user may make in RATE_LIMIT_WINDOW")
    rate_limit_window: int = Field(default=60, ge=1, le=86_400, description="Seconds")
    rate_limit_reads: int = Field(default=240, ge=1, description="Reads that a user may make in a minute")
    rate_limit_polls: int = Field(default=300, ge=30, description="Looks at jobs that a user may take in a minute")
    books_per_day: int = Field(default=20, ge=1, description="Books that a user may order in 24 hours")
    work_per_day: int = Field(
        default=60,
        ge=1,
        description="Pages again, voices, descriptions and characters from photos, of a user in 24 hours",
    )
    pending_books_per_user: int = Field(default=5, ge=1, description="Unfinished books that a user may have at once")
    pending_books: int = Field(default=200, ge=1, description="Unfinished books of all users together")
    gifts_per_address: int = Field(default=5, ge=0, description="Welcome gifts to one network on one day")

    apple_bundle_id: str = Field(default="", description="Of the app in the App Store; empty: nothing is sold there")
    apple_app_id: int = Field(default=0, ge=0, description="The app's number in App Store Connect")
    apple_issuer_id: str = ""
    apple_key_id: str = ""
    apple_private_key: SecretStr = Field(default=SecretStr(""), description="The In-App Purchase key, PEM")
    apple_private_key_file: Path | None = None
    apple_root_certificates: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="AppleRootCA-G3.cer, from apple.com/certificateauthority"
    )
    apple_online_checks: bool = Field(default=True, description="Ask Apple whether its certificates were revoked")
    apple_base_url: str = "https://api.storekit.apple.com"

    google_package_name: str = Field(default="", description="Of the app in Google Play; empty: nothing is sold there")
    google_service_account_file: Path | None = None
    google_push_audience: str = Field(default="", description="The audience that Pub/Sub signs its pushes for")
    google_push_account: str = Field(default="", description="The service account that Pub/Sub pushes as")
    google_play_base_url: str = "https://androidpublisher.googleapis.com"
    google_token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    google_keys_url: str = "https://www.googleapis.com/oauth2/v3/certs"

    development_receipt_key: SecretStr = Field(
        default=SecretStr(""), description="Receipts signed with this key are taken; never in production"
    )

    sandbox_purchases: bool = Field(
        default=False, description="The stores' test purchases bring credits; never in production"
    )

    s3_endpoint: str = ""
    s3_access_key: SecretStr = SecretStr("")
    s3_secret_key: SecretStr = SecretStr("")
    s3_bucket: str = Field(default="", description="Empty: files in the data directory")
    s3_public_url: str = ""
    s3_region: str = "us-east-1"

    llm_provider: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_model: str = Field(default="", description="Empty: the provider's own choice")
    llm_base_url: str = Field(default="", description="Another server that speaks the same, such as Ollama or vLLM")
    llm_price: DollarsOfTokens = Field(
        default="", description="What the server of LLM_BASE_URL takes, in dollars; 0: nothing"
    )
    llm_fallback_provider: str = ""
    llm_fallback_api_key: SecretStr = SecretStr("")
    llm_fallback_model: str = ""
    llm_fallback_base_url: str = ""
    llm_fallback_price: DollarsOfTokens = ""

    image_provider: str = ""
    image_api_key: SecretStr = SecretStr("")
    image_model: str = ""
    image_base_url: str = ""
    image_price: Dollars = ""
    image_fallback_provider: str = ""
    image_fallback_api_key: SecretStr = SecretStr("")
    image_fallback_model: str = ""
    image_fallback_base_url: str = ""
    image_fallback_price: Dollars = ""

    tts_provider: str = ""
    tts_api_key: SecretStr = SecretStr("")
    tts_model: str = ""
    tts_base_url: str = ""
    tts_price: Dollars = ""
    tts_voices: Annotated[dict[str, str], NoDecode] = Field(
        default={}, description="A voice a language: ko=...,en=...,ja=..."
    )
    tts_fallback_provider: str = ""
    tts_fallback_api_key: SecretStr = SecretStr("")
    tts_fallback_model: str = ""
    tts_fallback_base_url: str = ""
    tts_fallback_price: Dollars = ""

    sight_provider: str = ""
    sight_api_key: SecretStr = SecretStr("")
    sight_model: str = ""
    sight_base_url: str = ""
    sight_price: DollarsOfTokens = ""

    moderation_provider: str = Field(
        default="", description="Layers, such as studio,openai,judge; the strictest counts"
    )
    moderation_api_key: SecretStr = SecretStr("")
    moderation_model: str = ""
    moderation_base_url: str = ""
    moderation_price: Dollars = ""
    moderation_judge_provider: str = Field(default="", description="Whose model the judge asks; empty: that of LLM_*")
    moderation_judge_api_key: SecretStr = SecretStr("")
    moderation_judge_model: str = ""
    moderation_judge_base_url: str = ""
    moderation_judge_price: DollarsOfTokens = ""
    moderation_judge_sees: bool = Field(default=True, description="Off where the judge's model takes no pictures")

    personal_data_vendors: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Vendors that have agreed to keep nothing, and may see a child's name or photo"
    )
    budget_per_book: float = Field(default=3.0, gt=0, description="Dollars that one book may cost at worst")
    budget_per_user_day: float = Field(default=10.0, gt=0, description="Dollars")
    budget_per_day: float = Field(default=100.0, gt=0, description="Dollars, for all users together")

    image_max_concurrent: int = Field(default=3, ge=1, le=16)
    llm_timeout: float = Field(default=30, gt=0)
    image_timeout: float = Field(default=90, gt=0)
    image_max_retries: int = Field(default=3, ge=1, le=10)
    job_sla_seconds: int = Field(default=600, ge=1)
    jobs_in_process: int = Field(default=4, ge=1, le=100, description="Books worked on at once in one process")
    short_jobs_in_process: int = Field(
        default=3, ge=1, le=100, description="Pages, voices and characters worked on at once, beside the books"
    )
    lease_seconds: float = Field(default=30, gt=0)
    heartbeat_seconds: float = Field(default=10, gt=0)
    sweep_seconds: float = Field(default=5, gt=0)
    cpu_workers: int = Field(default=2, ge=1, le=64, description="Worker processes for drawing and typesetting")

    @field_validator("tts_voices", mode="before")
    @classmethod
    def _split_voices(cls, value: object) -> object:
        if isinstance(value, str):
            pairs = (part.partition("=") for part in value.split(",") if part.strip())
            return {language.strip(): voice.strip() for language, _, voice in pairs}
        return value

    @field_validator(
        "cors_origins", "trusted_proxies", "apple_root_certificates", "personal_data_vendors", mode="before"
    )
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, url: str) -> str:
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                # What libpq calls sslmode is ssl to the driver.
                return "postgresql+asyncpg://" + re.sub(r"(?<=[?&])sslmode=", "ssl=", url.removeprefix(prefix))
        if url and not url.startswith("postgresql+asyncpg://"):
            raise ValueError("must be a PostgreSQL address such as postgresql://user:password@host/name")
        return url

    @property
    def in_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def shows_docs(self) -> bool:
        return not self.in_production if self.docs is None else self.docs

    @property
    def embedded_database(self) -> bool:
        return not self.database_url
