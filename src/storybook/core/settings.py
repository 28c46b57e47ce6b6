"""Everything that can be configured, read once from the environment and an optional `.env` file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from storybook.core.errors import SetupError

STUDIO = "studio"
LogLevel = Literal["debug", "info", "warning", "error"]


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


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

    storybook_data_dir: Path = Path(".data")
    database_url: str = Field(default="", description="postgresql+asyncpg://...; empty: our own PostgreSQL")
    database_pool_size: int = Field(default=10, ge=1, le=100)

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
    lease_seconds: float = Field(default=30, gt=0)
    heartbeat_seconds: float = Field(default=10, gt=0)
    sweep_seconds: float = Field(default=5, gt=0)
    cpu_workers: int = Field(default=2, ge=1, le=64, description="Worker processes for drawing and typesetting")

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
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
            "DATABASE_URL": self.database_url,
            "LLM_PROVIDER": self.llm_provider,
            "IMAGE_PROVIDER": self.image_provider,
            "TTS_PROVIDER": self.tts_provider,
            "SIGHT_PROVIDER": self.sight_provider,
            "MODERATION_PROVIDER": self.moderation_provider,
            "PUBLIC_URL": self.public_url or self.s3_public_url,
        }
        found = [f"{name} is not set." for name, value in missing.items() if not value]
        if self.debug:
            found.append("DEBUG is on.")
        if "*" in self.cors_origins:
            found.append("CORS_ORIGINS allows every site.")
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
