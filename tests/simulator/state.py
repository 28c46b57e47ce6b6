"""All that the simulator knows: its script, what it was asked, what it is working on."""

import base64
import datetime as dt
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tests.simulator.faults import BEFORE_WORK, Place, Rule, Script
from tests.simulator.journal import Journal


class Flag(BaseModel):
    """What moderation says: texts that contain this, or all pictures, are flagged with these categories."""

    model_config = ConfigDict(extra="forbid")

    contains: str | None = None
    pictures: bool = False
    categories: list[str] = ["violence"]


class Obedience(BaseModel):
    """A language model does what a quoted text orders: the words behind `after`, between « and », stand in its story.

    `into` are the keys of the answer that get them. `coded` says that they are Base64, which nobody else reads.
    """

    model_config = ConfigDict(extra="forbid")

    after: str
    into: list[str]
    coded: bool = False

    def ordered(self, texts: tuple[str, ...]) -> str | None:
        """What the texts order it to say."""
        found = re.search(rf"{re.escape(self.after)}\s*«(.+?)»", "\n".join(texts))
        if found is None:
            return None
        return base64.b64decode(found[1]).decode() if self.coded else found[1]


class Pace(BaseModel):
    """How long calls of a kind take; None is all kinds, or all vendors."""

    model_config = ConfigDict(extra="forbid")

    seconds: float
    vendor: str | None = None
    kind: str | None = None


class Job(BaseModel):
    """A picture that a queue is working on."""

    id: str
    model: str
    ready_at: float
    width: int
    height: int
    wish: dict[str, Any]
    asked_at: dt.datetime
    rule: Rule | None = None
    cancelled: bool = False

    @property
    def ready(self) -> bool:
        return time.monotonic() >= self.ready_at

    @property
    def accepted(self) -> bool:
        """Whether the vendor has begun to work on it."""
        return self.rule is None or self.rule.fault not in BEFORE_WORK or bool(self.rule.charged)


class State:
    def __init__(self, journal: Path) -> None:
        self.journal = Journal(journal)
        self.jobs: dict[str, Job] = {}
        self.forget()

    def forget(self) -> None:
        """As at the start; the journal and the jobs stay, but no list names these any more."""
        self.lists_from = dt.datetime.now(dt.UTC)
        self.script = Script()
        self.flags: list[Flag] = []
        self.paces: list[Pace] = []
        self.obeys: list[Obedience] = []
        self.counts: Counter[tuple[str, str, Place]] = Counter()
        self.at_once: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self.recording = False
        self.bodies: list[dict[str, Any]] = []
        self.held: list[str] = []

    def seconds_for(self, vendor: str, kind: str) -> float:
        fitting = [pace for pace in self.paces if pace.vendor in (None, vendor) and pace.kind in (None, kind)]
        return fitting[-1].seconds if fitting else 0.0

    def flagged(self, text: str) -> list[str]:
        found = [flag.categories for flag in self.flags if flag.contains and flag.contains in text]
        return [category for categories in found for category in categories]

    def flagged_picture(self) -> list[str]:
        return [category for flag in self.flags if flag.pictures for category in flag.categories]
