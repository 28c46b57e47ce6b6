"""The tables, one module per subject."""

from storybook.models.base import Base
from storybook.models.books import Book, Page
from storybook.models.characters import Character
from storybook.models.credits import CreditTransaction, Subscription, UserCredits
from storybook.models.files import DiscardedFiles
from storybook.models.idempotency import IdempotencyKey
from storybook.models.jobs import ImagePromptRow, Job, JobPhoto, StepArtifact, StoryDraftRow
from storybook.models.limits import RateLimit
from storybook.models.streak import DailyStory, DailyStreak, ReadingLog
from storybook.models.users import User

__all__ = [
    "Base",
    "Book",
    "Character",
    "CreditTransaction",
    "DailyStory",
    "DailyStreak",
    "DiscardedFiles",
    "IdempotencyKey",
    "ImagePromptRow",
    "Job",
    "JobPhoto",
    "Page",
    "RateLimit",
    "ReadingLog",
    "StepArtifact",
    "StoryDraftRow",
    "Subscription",
    "User",
    "UserCredits",
]
