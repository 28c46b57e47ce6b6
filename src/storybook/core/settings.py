"""Everything that can be configured, read once from the environment and an optional `.env` file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from storybook.core.errors import SetupError

STUDIO = "studio"
MIN_SECRET = 32
"""Whoever has a token can try out secrets on it, as fast as a machine can."""
LogLevel = Literal["debug", "info", "warning", "error"]


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class AuthMode(StrEnum):
    """What opens an account: a key that the app made up or a token, or a token alone."""

    DEVICE_KEY = "device-key"
    TOKEN = "token"  # noqa: S105 - the name of a way in


class Settings(BaseSettings):
    """The settings of one process. Names are environment variables, in upper case."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    environment: Environment = Environment.DEVELOPMENT
    app_name: str = "AI Story Book API"
    debug: bool = False
    log_level: LogLevel = "info"
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
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Addresses whose X-Forwarded-For is believed"
    )

    storybook_data_dir: Path = Path(".data")
    database_url: str = Field(default="", description="postgresql+asyncpg://...; empty: our own PostgreSQL")
    database_pool_size: int = Field(default=10, ge=1, le=100)

    redis_url: str = Field(default="", description="redis://...; empty: limits are counted in the database")
    rate_limit_requests: int = Field(default=10, ge=1, description="Writes that a user may make in RATE_LIMIT_WINDOW")
    rate_limit_window: int = Field(default=60, ge=1, le=86_400, description="Seconds")
    rate_limit_reads: int = Field(default=240, ge=1, description="Reads that a user may make in a minute")
    rate_limit_polls: int = Field(default=300, ge=30, description="Looks at jobs that a user may take in a minute")
    books_per_day: int = Field(default=20, ge=1, description="Books that a user may order in 24 hours")
    work_per_day: int = Field(
        default=60, ge=1, description="Pages again, voices and characters from photos, of a user in 24 hours"
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
    image_provider: str = ""
    tts_provider: str = ""
    sight_provider: str = ""
    moderation_provider: str = ""

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

    @field_validator("cors_origins", "trusted_proxies", "apple_root_certificates", mode="before")
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
                return "postgresql+asyncpg://" + url.removeprefix(prefix)
        if url and not url.startswith("postgresql+asyncpg://"):
            raise ValueError("must be a PostgreSQL address such as postgresql://user:password@host/name")
        return url

    @model_validator(mode="after")
    def _heartbeat_fits_the_lease(self) -> Self:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError("HEARTBEAT_SECONDS must be at most half of LEASE_SECONDS")
        return self

    @model_validator(mode="after")
    def _stored_files_have_an_address(self) -> Self:
        if self.s3_bucket and not self.s3_public_url:
            raise ValueError("S3_PUBLIC_URL must say where clients read what is in S3_BUCKET")
        return self

    @property
    def in_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def embedded_database(self) -> bool:
        return not self.database_url

    def unsafe_in_production(self) -> list[str]:
        """What must not stay as it is in production, each as one sentence that names the setting."""
        missing = {
            "USER_KEY_PEPPER": self.user_key_pepper.get_secret_value(),
            "ACCESS_TOKEN_SECRET": self.access_token_secret.get_secret_value(),
            "DATABASE_URL": self.database_url,
            "LLM_PROVIDER": self.llm_provider,
            "IMAGE_PROVIDER": self.image_provider,
            "TTS_PROVIDER": self.tts_provider,
            "SIGHT_PROVIDER": self.sight_provider,
            "MODERATION_PROVIDER": self.moderation_provider,
            "PUBLIC_URL": self.public_url or self.s3_public_url,
        }
        found = [f"{name} is not set." for name, value in missing.items() if not value]
        if 0 < len(self.access_token_secret.get_secret_value()) < MIN_SECRET:
            found.append(f"ACCESS_TOKEN_SECRET has fewer than {MIN_SECRET} characters.")
        if self.debug:
            found.append("DEBUG is on.")
        if "*" in self.cors_origins:
            found.append("CORS_ORIGINS allows every site.")
        if self.development_receipt_key.get_secret_value():
            found.append("DEVELOPMENT_RECEIPT_KEY lets its holder make credits.")
        if self.sandbox_purchases:
            found.append("SANDBOX_PURCHASES gives credits that nobody paid for.")
        return found


def load_settings() -> Settings:
    """The settings of the environment; raises SetupError with one line that names what is wrong."""
    try:
        settings = Settings()
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc'])).upper() or 'Settings'}: {e['msg']}" for e in error.errors()]
        raise SetupError("Settings are not usable: " + "; ".join(problems)) from None
    if settings.in_production and (unsafe := settings.unsafe_in_production()):
        raise SetupError("Not safe for production: " + " ".join(unsafe))
    return settings
