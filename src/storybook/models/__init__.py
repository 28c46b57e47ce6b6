"""The tables, one module per subject."""

from storybook.models.base import Base
from storybook.models.books import Book, Page
from storybook.models.characters import Character
from storybook.models.credits import CreditTransaction, Subscription, UserCredits
from storybook.models.jobs import ImagePromptRow, Job, StepArtifact, StoryDraftRow
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
    "ImagePromptRow",
    "Job",
    "Page",
    "RateLimit",
    "ReadingLog",
    "StepArtifact",
    "StoryDraftRow",
    "Subscription",
    "User",
    "UserCredits",
]
