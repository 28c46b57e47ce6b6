"""What tests of adapters ask for, and whom: one request a kind, one bench without a database, one meter in memory."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storybook.core.cpu import CpuPool
from storybook.core.settings import Settings
from storybook.domain.book_spec import BookSpec, HeroSpec
from storybook.domain.calls import NOTHING, Bill, Kind, LostCalls, Outcome, PaidCall, Purpose
from storybook.domain.jobs import JobKind, Step
from storybook.domain.orders import BookOrder, Claim
from storybook.domain.pictures import Picture, PicturePrompt
from storybook.domain.story import Actor, Scene
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import policies
from storybook.pipeline.workbench import Workbench
from storybook.providers.base import (
    PictureCheck,
    PictureRequest,
    SightRequest,
    SpeechRequest,
    StoryRequest,
    TextCheck,
)
from storybook.providers.breaker import Rests
from storybook.providers.http import make_client
from storybook.providers.registry import Providers, Workshop, make_providers
from tests.fakes import png, sheet
from tests.fixtures_simulator import Simulated, settings_for

NAME = "Minjun"
SPEC = BookSpec(
    topic="a fox and a light",
    target_age="5-7",
    style="watercolor",
    language="en",
    page_count=4,
    character=HeroSpec(name=NAME),
)
PROMPT = PicturePrompt(
    page_number=1,
    scene=Scene(description="A fox walks", place="forest", actors=(Actor(name=NAME),)),
    positive=f"{NAME}, a small red fox, walks through the forest",
    negative="text, letters, frames",
    seed=7,
)
PICTURE = Picture(data=png(96, 128, 90), media_type="image/png", width=96, height=128, made_by="replicate")
STEPS = {
    Kind.TEXT: Step.GENERATE_STORY,
    Kind.IMAGE: Step.GENERATE_IMAGES,
    Kind.SPEECH: Step.NARRATE,
    Kind.SIGHT: Step.GENERATE_CHARACTER_SHEET,
    Kind.MODERATION: Step.MODERATE_OUTPUT,
}


@dataclass
class Row:
    """A call as it was written down."""

    call: PaidCall
    vendor_id: str | None = None
    outcome: Outcome = Outcome.BEGUN
    bill: Bill = NOTHING
    begun: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    ended: dt.datetime | None = None


@dataclass
class Notebook:
    """A meter without a database and without a budget."""

    rows: list[Row] = field(default_factory=list)
    looked: int = 0
    """How often somebody asked for an earlier call."""

    async def start(self, call: PaidCall) -> int:
        self.rows.append(Row(call))
        return len(self.rows) - 1

    async def note_id(self, number: int, vendor_id: str) -> None:
        self.rows[number].vendor_id = vendor_id

    async def end(self, number: int, outcome: Outcome, bill: Bill, milliseconds: int) -> None:
        row = self.rows[number]
        row.outcome, row.bill, row.ended = outcome, bill, dt.datetime.now(dt.UTC)

    async def accepted_before(self, about: Purpose, vendor: str, kind: Kind) -> tuple[int, str] | None:
        self.looked += 1
        for number, row in reversed(list(enumerate(self.rows))):
            open_ = row.outcome in {Outcome.BEGUN, Outcome.UNKNOWN}
            if open_ and row.vendor_id and self._is_for(row, about, vendor, kind):
                return number, row.vendor_id
        return None

    async def lost_before(self, about: Purpose, vendor: str, kind: Kind) -> LostCalls | None:
        lost = [
            number
            for number, row in enumerate(self.rows)
            if row.outcome in {Outcome.BEGUN, Outcome.UNKNOWN}
            and not row.vendor_id
            and self._is_for(row, about, vendor, kind)
        ]
        if not lost:
            return None
        begun = [self.rows[number].begun for number in lost]
        ended = max(self.rows[number].ended or self.rows[number].begun for number in lost)
        return LostCalls(tuple(lost), begun[0], begun[-1], (dt.datetime.now(dt.UTC) - ended).total_seconds())

    async def heard_of(self, vendor: str, ids: list[str], since: dt.datetime) -> set[str]:
        ours = [row for row in self.rows if row.call.vendor == vendor and row.begun >= since]
        return {row.vendor_id for row in ours if row.vendor_id in ids}

    async def note_breaker(self, line: str, vendor: str, kind: Kind, rest: float | None) -> None:
        pass

    @staticmethod
    def _is_for(row: Row, about: Purpose, vendor: str, kind: Kind) -> bool:
        """Under whichever claim of the job."""
        call = row.call
        same = call.purpose is not None and call.purpose._replace(fence=about.fence) == about
        return same and (call.vendor, call.kind) == (vendor, kind)

    def micro_dollars(self, *outcomes: Outcome) -> int:
        """What the calls cost, of all outcomes or of these."""
        return sum(row.bill.micro_dollars for row in self.rows if not outcomes or row.outcome in outcomes)


@asynccontextmanager
async def providers_of(
    settings: Settings,
    cpu: CpuPool,
    meter: Any,
    rests: Rests = Rests(),  # noqa: B008 - a value
) -> AsyncIterator[Providers]:
    async with make_client() as client:
        yield make_providers(Workshop(settings, cpu, client, meter, rests))


def settings_of(adapter: str, simulated: Simulated, folder: Path) -> Settings:
    """The settings that choose an adapter, such as `image.fal`. The judge asks OpenAI's language model."""
    kind, _, name = adapter.partition(".")
    prefix = {"text": "llm", "speech": "tts"}.get(kind, kind)
    chosen = {prefix: name} if name != "judge" else {"llm": "openai", "moderation": "judge"}
    if kind == Kind.IMAGE:
        chosen["moderation"] = "openai"
    return settings_for(simulated, folder, **chosen, personal_data_vendors=("openai", "anthropic"))


def work_of(kind: Kind, providers: Providers) -> Callable[[], Awaitable[Any]]:
    """One request to the provider of a kind."""
    match kind:
        case Kind.TEXT:
            return lambda: providers.text.write_story(StoryRequest(spec=SPEC, seed=1))
        case Kind.IMAGE:
            request = PictureRequest(
                prompt=PROMPT, style="watercolor", sheets=(sheet(NAME),), width=512, height=768, names=(NAME,)
            )
            return lambda: providers.image.draw(request)
        case Kind.SPEECH:
            spoken = SpeechRequest(text=f"{NAME} walks on.", language="en", target_age="5-7")
            return lambda: providers.speech.speak(spoken)
        case Kind.SIGHT:
            seen = SightRequest(photo=png(64, 64, 9), name=NAME, gender=None, style="watercolor", language="en", seed=1)
            return lambda: providers.sight.describe(seen)
        case Kind.MODERATION:
            check = TextCheck(texts=("A fox walks.",), language="en", target_age="5-7")
            return lambda: providers.moderation.judge_story(check)


def picture_check() -> PictureCheck:
    return PictureCheck(picture=PICTURE, prompt=PROMPT, language="en", target_age="5-7")


def bench(settings: Settings, *, timeout: float, pause: float = 0.0, fence: int = 1) -> Workbench:
    """A bench whose tries take so long at most, and follow each other at once, or after `pause` in all."""
    quick = {
        step: policy._replace(timeout=timeout, waits=(0.0,) * len(policy.waits), pause=pause)
        for step, policy in policies(settings).items()
    }
    nothing: Any = None
    kit = Kit(nothing, nothing, nothing, quick, (), 3)
    claim = Claim(
        job_id="job",
        user_id="user",
        kind=JobKind.BOOK,
        order=BookOrder(spec=SPEC),
        seed=1,
        asset_token="token",
        fence=fence,
        recoveries=0,
    )
    return Workbench(claim, kit, {})
