"""What is asked of a run, and the settings that follow from it for each process."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

PAGES = 8
MANY = str(10**6)


class Plan(NamedTuple):
    """Seconds are those of the bench: vendors answer soon, and the dead are noticed soon.

    `broken` names the protection that is switched off, or what is planted; see `breaks`.
    """

    servers: int = 2
    painter: str = "replicate"
    lease: float = 3.0
    heartbeat: float = 1.0
    sweep: float = 0.5
    call_seconds: float = 4.0
    books_at_once: int = 6
    pictures_at_once: int = 3
    seed: int = 1
    pages: int = PAGES
    model: str = ""
    forks: bool = True
    redis: bool = False
    celery: bool = False
    paces: Mapping[str, float] = MappingProxyType({"text": 0.3, "image": 0.3, "moderation": 0.1})
    broken: str = ""
    patience: float = 180.0
    """Seconds that the last books are waited for."""


def settings_of(plan: Plan) -> dict[str, str]:
    """Those that do not depend on where anything is."""
    return {
        "LLM_PROVIDER": "openai",
        "IMAGE_PROVIDER": plan.painter,
        "IMAGE_MODEL": plan.model,
        "MODERATION_PROVIDER": "openai",
        "LEASE_SECONDS": str(plan.lease),
        "HEARTBEAT_SECONDS": str(plan.heartbeat),
        "SWEEP_SECONDS": str(plan.sweep),
        "LLM_TIMEOUT": str(plan.call_seconds),
        "IMAGE_TIMEOUT": str(plan.call_seconds),
        "JOBS_IN_PROCESS": str(plan.books_at_once),
        "IMAGE_MAX_CONCURRENT": str(plan.pictures_at_once),
        "CPU_WORKERS": "1",
        "RATE_LIMIT_REQUESTS": MANY,
        "RATE_LIMIT_READS": MANY,
        "RATE_LIMIT_POLLS": MANY,
        "PENDING_BOOKS_PER_USER": MANY,
        "PENDING_BOOKS": MANY,
        "BOOKS_PER_DAY": MANY,
        "BUDGET_PER_BOOK": "100",
        "BUDGET_PER_USER_DAY": MANY,
        "BUDGET_PER_DAY": MANY,
        "CHAOS_BREAK": plan.broken,
    }
