"""What must be true of the settings together, as one table: starting and `scripts/check-env.sh` both go by it."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from pydantic import SecretStr

from storybook.core import settings_checks as check
from storybook.core.settings import JUDGE, STUDIO, Environment, Settings

MAX_WRITES_A_SECOND = 10
MAX_GIFTS = 1000
MIN_PERIOD = 0.1
"""Seconds; the database is asked as often by each process."""


class Mode(StrEnum):
    """Where the settings are to be used. What tests a build (`ci`) must cost nothing and touch nothing real."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
    CI = "ci"


class Problem(NamedTuple):
    """What is wrong with a setting, without its value. `str()` is a sentence."""

    setting: str
    what: str

    def __str__(self) -> str:
        return f"{self.setting} {self.what}."


class Rule(NamedTuple):
    modes: frozenset[Mode]
    setting: str
    what: str
    broken: Callable[[Settings], bool]


def problems(settings: Settings, mode: Mode) -> list[Problem]:
    """Everything that is wrong with these settings, in the order of the table."""
    return [Problem(rule.setting, rule.what) for rule in RULES if mode in rule.modes and rule.broken(settings)]


EVERYWHERE = frozenset(Mode)
PRODUCTION = frozenset({Mode.PRODUCTION})
CI = frozenset({Mode.CI})

SECRETS = tuple(name for name, field in Settings.model_fields.items() if field.annotation is SecretStr)
TEXTS = tuple(name for name, field in Settings.model_fields.items() if field.annotation is str)
OWN_SECRETS = ("user_key_pepper", "access_token_secret", "access_token_secret_previous", "ops_token", "metrics_token")
API_KEYS = tuple(name for name in SECRETS if name.endswith("_api_key"))
PRICES = tuple(name for name in TEXTS if name.endswith("_price"))
BASE_URLS = tuple(name for name in TEXTS if name.endswith("_base_url"))
STORE_URLS = ("apple_base_url", "google_play_base_url", "google_token_url", "google_keys_url")
COLLECTOR, HEADERS = "otel_exporter_otlp_endpoint", "otel_exporter_otlp_headers"
PUBLIC_URLS = ("public_url", "s3_public_url")
PROVIDERS = tuple(name for name in TEXTS if name.endswith("_provider"))
OF_PROVIDERS = {
    f"{provider.removesuffix('provider')}{what}": provider
    for provider in PROVIDERS
    for what in ("api_key", "model", "base_url", "price")
}
"""Whose setting each of these is."""
NEEDED = (
    *("user_key_pepper", "access_token_secret", "database_url"),
    *("llm_provider", "image_provider", "tts_provider", "sight_provider", "moderation_provider"),
)
S3_KEYS = ("s3_access_key", "s3_secret_key")
S3_REST = ("s3_endpoint", *S3_KEYS)


def text_of(settings: Settings, name: str) -> str:
    """The value as it was written, a secret too; empty where it is not one text."""
    value = getattr(settings, name)
    value = value.get_secret_value() if isinstance(value, SecretStr) else value
    return value if isinstance(value, str) else ""


def _each(modes: frozenset[Mode], names: tuple[str, ...], what: str, wrong: Callable[[str], bool]) -> Iterator[Rule]:
    """The same question about each of these settings."""
    return (Rule(modes, name.upper(), what, lambda s, name=name: wrong(text_of(s, name))) for name in names)  # type: ignore[misc]


def _one(modes: frozenset[Mode], name: str, what: str, broken: Callable[[Settings], bool]) -> Rule:
    return Rule(modes, name.upper(), what, broken)


def _asks_a_vendor(settings: Settings, name: str) -> bool:
    """Whether it is a bill, and not a server of the operator's own."""
    base_url = text_of(settings, name.replace("_provider", "_base_url"))
    return _names_a_vendor(settings, name) and not check.is_near(base_url)


def _names_a_vendor(settings: Settings, name: str) -> bool:
    """The judge is somebody else's model, and needs no key of its own."""
    return bool(_listed(settings, name) - {"", STUDIO, JUDGE})


def _listed(settings: Settings, name: str) -> set[str]:
    return {part.strip() for part in text_of(settings, name).split(",")}


def _is_for_nobody(settings: Settings, name: str) -> bool:
    """Whether it is the key, model, address or price of a vendor, and none is asked with it."""
    return bool(text_of(settings, name)) and not _names_a_vendor(settings, OF_PROVIDERS[name])


def _judges_nothing(settings: Settings) -> bool:
    return bool(settings.moderation_judge_provider) and JUDGE not in _listed(settings, "moderation_provider")


def _same_secrets(settings: Settings) -> bool:
    given = [text for name in OWN_SECRETS if (text := text_of(settings, name))]
    return len(set(given)) < len(given)


RULES: tuple[Rule, ...] = (
    # Missing
    *_each(PRODUCTION, NEEDED, "is not set", check.is_missing),
    _one(PRODUCTION, "public_url", "is not set", lambda s: not (s.public_url or s.s3_public_url)),
    _one(EVERYWHERE, "s3_public_url", "must say where clients read what is in S3_BUCKET",
         lambda s: bool(s.s3_bucket) and not s.s3_public_url),
    _one(PRODUCTION, "s3_bucket", "is not set, though other settings of S3 are",
         lambda s: not s.s3_bucket and any(text_of(s, name) for name in (*S3_REST, "s3_public_url"))),
    _one(EVERYWHERE, "s3_access_key", "and S3_SECRET_KEY belong together, and only one of them is set",
         lambda s: bool(text_of(s, "s3_access_key")) != bool(text_of(s, "s3_secret_key"))),
    _one(PRODUCTION, "s3_access_key", "and S3_SECRET_KEY are not set, though S3_BUCKET and S3_ENDPOINT are",
         lambda s: bool(s.s3_bucket and s.s3_endpoint) and not any(text_of(s, name) for name in S3_KEYS)),
    _one(EVERYWHERE, "celery_broker_url", "is not set, though USE_CELERY is on",
         lambda s: s.use_celery and not s.celery_broker_url),
    _one(EVERYWHERE, "database_url", "is not set, though USE_CELERY is on: all processes need the same database",
         lambda s: s.use_celery and not s.database_url),
    *(_one(EVERYWHERE, name, f"is set, and {provider.upper()} names nobody who wants it",
           lambda s, name=name: _is_for_nobody(s, name)) for name, provider in OF_PROVIDERS.items()),  # type: ignore[misc]
    _one(EVERYWHERE, "moderation_judge_provider", f"is set, and MODERATION_PROVIDER does not list {JUDGE}",
         _judges_nothing),
    _one(PRODUCTION, "metrics_token", "is not set, though METRICS_ADDRESS is",
         lambda s: bool(s.metrics_address) and not text_of(s, "metrics_token")),
    # Never filled in
    *_each(EVERYWHERE, SECRETS, "still holds a placeholder", check.is_placeholder_of_a_secret),
    *_each(PRODUCTION, TEXTS, "still holds a placeholder", check.is_placeholder),
    *_each(PRODUCTION, ("database_url",), "still holds a placeholder", check.has_placeholder_password),
    # Cannot be
    *_each(EVERYWHERE, (*PUBLIC_URLS, "s3_endpoint", COLLECTOR, *dict.fromkeys((*BASE_URLS, *STORE_URLS))),
           "must be an address such as https://host, without a user or a password", check.is_no_web_address),
    *_each(EVERYWHERE, ("public_url",), "must end after the host and its port, without a path", check.has_a_path),
    *_each(EVERYWHERE, ("redis_url", "celery_broker_url"), "must be an address such as redis://host:6379/0",
           check.is_no_redis_address),
    *_each(EVERYWHERE, ("database_url",), "must be an address such as postgresql://user:password@host:5432/name; of "
           "options, sslmode alone is usual, as in ?sslmode=require, and others are not understood",
           check.is_no_database_address),
    *_each(EVERYWHERE, (COLLECTOR,), "must be without /v1/traces, which is added", check.names_its_signal),
    *_each(EVERYWHERE, (COLLECTOR,), "must be where the collector takes HTTP, usually port 4318; 4317 is for gRPC",
           check.is_of_grpc),
    *_each(EVERYWHERE, (HEADERS,), "must list what the collector is told as name=value,name=value",
           check.are_no_headers),
    *_each(EVERYWHERE, ("metrics_address",), "must be a host and a port such as 0.0.0.0:9100", check.is_no_socket),
    *_each(EVERYWHERE, ("s3_bucket",), "must be 3 to 63 small letters, digits, single dots and "
           "hyphens, and no address", check.is_no_bucket),
    _one(EVERYWHERE, "cors_origins", "must list origins as browsers say them: https://host or https://host:port, "
         "in small letters, without a path, a user or the usual port",
         lambda s: any(map(check.is_no_origin, s.cors_origins))),
    _one(EVERYWHERE, "trusted_proxies", "must list addresses or networks",
         lambda s: any(map(check.is_no_network, s.trusted_proxies))),
    _one(EVERYWHERE, "heartbeat_seconds", "must be at most half of LEASE_SECONDS",
         lambda s: s.heartbeat_seconds * 2 > s.lease_seconds),
    _one(EVERYWHERE, "lease_seconds", "must be at most JOB_SLA_SECONDS", lambda s: s.lease_seconds > s.job_sla_seconds),
    _one(EVERYWHERE, "sweep_seconds", "must be at most LEASE_SECONDS", lambda s: s.sweep_seconds > s.lease_seconds),
    _one(EVERYWHERE, "heartbeat_seconds", f"must be at least {MIN_PERIOD}", lambda s: s.heartbeat_seconds < MIN_PERIOD),
    _one(EVERYWHERE, "sweep_seconds", f"must be at least {MIN_PERIOD}", lambda s: s.sweep_seconds < MIN_PERIOD),
    _one(EVERYWHERE, "llm_timeout", "must be less than JOB_SLA_SECONDS", lambda s: s.llm_timeout >= s.job_sla_seconds),
    _one(EVERYWHERE, "image_timeout", "must be less than JOB_SLA_SECONDS",
         lambda s: s.image_timeout >= s.job_sla_seconds),
    _one(EVERYWHERE, "budget_per_book", "must be at most BUDGET_PER_USER_DAY",
         lambda s: s.budget_per_book > s.budget_per_user_day),
    _one(EVERYWHERE, "budget_per_user_day", "must be at most BUDGET_PER_DAY",
         lambda s: s.budget_per_user_day > s.budget_per_day),
    _one(EVERYWHERE, "pending_books_per_user", "must be at most PENDING_BOOKS",
         lambda s: s.pending_books_per_user > s.pending_books),
    *_each(EVERYWHERE, (*API_KEYS, "s3_access_key"), "has a blank, a new line or a letter beyond ASCII; copy it again",
           check.is_no_key),
    *(_one(EVERYWHERE, name, "is what the server of a base URL takes, and there is none",
           lambda s, name=name: bool(text_of(s, name)) and not text_of(s, name.replace("_price", "_base_url")))  # type: ignore[misc]
      for name in PRICES),
    # Secrets that are not safe
    *_each(PRODUCTION, OWN_SECRETS, f"has fewer than {check.MIN_SECRET} characters", check.is_short),
    *_each(PRODUCTION, OWN_SECRETS, f"has fewer than {check.MIN_DIFFERENT} different characters, or a pattern",
           check.is_monotonous),
    _one(PRODUCTION, "access_token_secret", "must differ from its predecessor, USER_KEY_PEPPER and all tokens",
         _same_secrets),
    *_each(PRODUCTION, ("database_url",), "has no password", check.has_no_password),
    *_each(PRODUCTION, ("database_url",), "has a password that is guessed first, or a pattern",
           check.has_guessed_password),
    *_each(PRODUCTION, ("database_url",), f"has a password of fewer than {check.MIN_PASSWORD} characters",
           check.has_short_password),
    *_each(PRODUCTION, S3_KEYS, "is guessed first", check.is_guessed_first),
    *_each(PRODUCTION, (*OWN_SECRETS, "s3_secret_key"), "is mostly words that are guessed first",
           check.rests_on_a_guess),
    *_each(PRODUCTION, ("s3_secret_key",), "has a pattern", check.is_pattern),
    *_each(PRODUCTION, ("s3_secret_key",), f"has fewer than {check.MIN_PASSWORD} characters",
           check.has_short_secret_key),
    # Who is let in, and what is let out
    _one(PRODUCTION, "debug", "is on", lambda s: s.debug),
    _one(PRODUCTION, "log_level", "writes too much", lambda s: s.log_level == "debug"),
    _one(PRODUCTION, "cors_origins", "allows every site", lambda s: "*" in s.cors_origins),
    _one(PRODUCTION, "cors_origins", "allows sites without encryption",
         lambda s: any(map(check.is_unencrypted, s.cors_origins))),
    _one(PRODUCTION, "trusted_proxies", "lets everybody say where a call comes from",
         lambda s: check.are_everybody(s.trusted_proxies)),
    *_each(PRODUCTION, PUBLIC_URLS, "must begin with https://", check.is_unencrypted),
    *_each(PRODUCTION, PUBLIC_URLS, "is of this machine or its network, and no phone can reach it",
           check.is_out_of_reach),
    *_each(PRODUCTION, BASE_URLS, "would be asked without encryption", check.is_read_on_the_way),
    *_each(PRODUCTION, ("s3_endpoint",), "would be sent pictures without encryption", check.is_read_on_the_way),
    *_each(PRODUCTION, ("database_url",), "leads over other networks without encryption; add ?sslmode=require",
           check.is_database_read_on_the_way),
    *_each(PRODUCTION, ("redis_url", "celery_broker_url"), "leads over other networks without encryption; use rediss://",
           check.is_redis_read_on_the_way),
    _one(PRODUCTION, "celery_broker_url", "must be another Redis than REDIS_URL, which may forget",
         lambda s: check.are_one_redis(s.celery_broker_url, s.redis_url)),
    *_each(PRODUCTION, (COLLECTOR,), "would be told without encryption", check.is_read_on_the_way),
    _one(PRODUCTION, "rate_limit_requests", "lets one user write as fast as it can",
         lambda s: s.rate_limit_requests > MAX_WRITES_A_SECOND * s.rate_limit_window),
    _one(PRODUCTION, "storybook_data_dir", "must begin with / where files are kept there",
         lambda s: not s.s3_bucket and not s.storybook_data_dir.is_absolute()),
    # Credits that nobody paid for
    _one(PRODUCTION, "gifts_per_address", f"is more than {MAX_GIFTS}", lambda s: s.gifts_per_address > MAX_GIFTS),
    *_each(PRODUCTION, ("development_receipt_key",), "lets its holder make credits", bool),
    _one(PRODUCTION, "sandbox_purchases", "gives credits that nobody paid for", lambda s: s.sandbox_purchases),
    _one(PRODUCTION, "apple_online_checks", "is off, so a stolen certificate is believed",
         lambda s: not s.apple_online_checks),
    *(_one(PRODUCTION, name, "is not the store's own address",
           lambda s, name=name: getattr(s, name) != Settings.model_fields[name].default) for name in STORE_URLS),  # type: ignore[misc]
    # The wrong place
    _one(CI, "environment", "is production in a test of a build", lambda s: s.environment is Environment.PRODUCTION),
    *(_one(CI, name, "names a vendor, and a test of a build must cost nothing",
           lambda s, name=name: _asks_a_vendor(s, name)) for name in PROVIDERS),  # type: ignore[misc]
    *_each(CI, API_KEYS, "is set, and a test of a build needs none", bool),
)  # fmt: skip
