"""The tables, one module per subject."""

from storybook.models.base import Base
from storybook.models.books import Book, Page
from storybook.models.calls import JobBudget, OpenBreaker, ProviderCall
from storybook.models.characters import Character
from storybook.models.credits import CreditTransaction, UserCredits
from storybook.models.files import DiscardedFiles
from storybook.models.idempotency import IdempotencyKey
from storybook.models.jobs import ImagePromptRow, Job, JobPhoto, StepArtifact, StoryDraftRow
from storybook.models.limits import GiftCount, RateLimit
from storybook.models.operations import OperatorAction, OperatorVisit
from storybook.models.periodic import PeriodicRun
from storybook.models.stores import StoreNotification, StoreRenewal, StoreTransaction, Subscription
from storybook.models.streak import DailyBook, DailyStory, DailyStreak, Milestone, ReadingLog
from storybook.models.users import AccountDeletion, Device, RefreshToken, User

__all__ = [
    "AccountDeletion",
    "Base",
    "Book",
    "Character",
    "CreditTransaction",
    "DailyBook",
    "DailyStory",
    "DailyStreak",
    "Device",
    "DiscardedFiles",
    "GiftCount",
    "IdempotencyKey",
    "ImagePromptRow",
    "Job",
    "JobBudget",
    "JobPhoto",
    "Milestone",
    "OpenBreaker",
    "OperatorAction",
    "OperatorVisit",
    "Page",
    "PeriodicRun",
    "ProviderCall",
    "RateLimit",
    "ReadingLog",
    "RefreshToken",
    "StepArtifact",
    "StoreNotification",
    "StoreRenewal",
    "StoreTransaction",
    "StoryDraftRow",
    "Subscription",
    "User",
    "UserCredits",
]
