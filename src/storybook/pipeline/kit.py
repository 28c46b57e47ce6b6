"""What every job needs at hand."""

from dataclasses import dataclass

from storybook.core.database import Database
from storybook.domain.jobs import Step
from storybook.pipeline.policy import STORAGE_SECONDS, Policy
from storybook.providers.registry import Providers
from storybook.storage.base import Storage


@dataclass(frozen=True)
class Kit:
    database: Database
    storage: Storage
    providers: Providers
    policies: dict[Step, Policy]
    storage_waits: tuple[float, ...]
    pictures_at_once: int
    storage_seconds: float = STORAGE_SECONDS
