"""Providers at the seam that answer at once, remember what they were asked, and fail when told."""

import asyncio
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from storybook.domain.alt_text import AltText
from storybook.domain.book_spec import BookSpec
from storybook.domain.characters import Appearance, CastSheet, CharacterSheet, Clothing
from storybook.domain.moderation import Category, Verdict
from storybook.domain.pictures import Picture
from storybook.domain.speech import Speech, WordTiming
from storybook.domain.story import Actor, CastMember, Role, Scene, StoryDraft, StoryPage
from storybook.providers.base import (
    DescriptionRequest,
    PictureCheck,
    PictureRequest,
    Revision,
    RewriteRequest,
    SheetRequest,
    SightRequest,
    SpeechRequest,
    StoryRequest,
    TextCheck,
)

NOT_UNDERSTOOD = "Xyzzy"
SENTENCES = {
    "en": ["Luna the fox takes step {}.", "She sees a small light.", "She smiles."],
    "ko": ["여우 루나가 {}걸음째 걸어가요.", "작은 빛이 보여요.", "루나가 웃어요."],
    "ja": ["きつねのルナが{}歩目を歩きます。", "小さな光が見えます。", "ルナは笑います。"],
}
TITLES = {"en": "{} and the light", "ko": "{}의 작은 빛", "ja": "{}と小さな光"}
MORALS = {"en": "A small light is enough.", "ko": "작은 빛이면 충분해요.", "ja": "小さな光で十分です。"}


def sheet(name: str) -> CharacterSheet:
    return CharacterSheet(
        name=name,
        master_description=f"{name}, a small red fox with a green scarf",
        appearance=Appearance(age_visual="a child", face="white muzzle", hair="red fur", skin="fur", body="small"),
        clothing=Clothing(top="green scarf", bottom="none", shoes="none", accessories="none"),
        personality_traits=("kind",),
        visual_style_notes="soft shapes",
    )


def draft_for(request: StoryRequest) -> StoryDraft:
    spec = request.spec
    hero = request.known[0].name if request.known else "Luna"
    scene = Scene(description=f"{hero} walks", place="forest", actors=(Actor(name=hero),))
    return StoryDraft(
        title=TITLES[spec.language].format(hero),
        moral=MORALS[spec.language],
        language=spec.language,
        target_age=spec.target_age,
        cast=(CastMember(name=hero, role=Role.HERO, kind="fox", look="a small red fox"),),
        cover=scene,
        pages=tuple(
            StoryPage(page_number=number, text=_told(spec, number), scene=scene)
            for number in range(1, spec.page_count + 1)
        ),
    )


def _told(spec: BookSpec, number: int) -> str:
    sentences = 1 if spec.target_age == "3-5" else 2 if number % 2 else 3
    return " ".join(SENTENCES[spec.language][:sentences]).format(number)


def _staged(request: RewriteRequest) -> StoryPage:
    """The page with the wish as one more of the scene's things."""
    page = request.draft.pages[request.page_number - 1]
    wished = (*page.scene.props, *([request.feedback] if request.feedback else []))
    return page.model_copy(update={"scene": page.scene.model_copy(update={"props": wished})})


def png(width: int, height: int, shade: int) -> bytes:
    """A PNG of two shades, one above the other."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lower = height // 2
    rows = (b"\0" + bytes([shade]) * width) * (height - lower) + (b"\0" + bytes([shade ^ 0x80]) * width) * lower
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@dataclass
class FakeAuthor:
    name: str = "fake-author"
    stories: list[StoryRequest] = field(default_factory=list)
    casts: list[SheetRequest] = field(default_factory=list)
    rewrites: list[RewriteRequest] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    change: Callable[[StoryDraft], StoryDraft] = lambda draft: draft

    async def write_story(self, request: StoryRequest) -> StoryDraft:
        self.stories.append(request)
        if self.errors:
            raise self.errors.pop(0)
        return self.change(draft_for(request))

    async def rewrite_page(self, request: RewriteRequest) -> Revision:
        self.rewrites.append(request)
        page = _staged(request)
        told = f"{request.feedback or 'Anew'}, the fox walks. The moon smiles."
        return Revision(page=page.model_copy(update={"text": told if request.draft.language == "en" else page.text}))

    async def restage_page(self, request: RewriteRequest) -> Revision:
        return Revision(page=_staged(request), understood=request.feedback != NOT_UNDERSTOOD)

    async def design_cast(self, request: SheetRequest) -> CastSheet:
        self.casts.append(request)
        return CastSheet(characters=tuple(sheet(member.name) for member in request.cast))


@dataclass
class FakeNarrator:
    """Holds each voice back until `gate` is set."""

    name: str = "fake-narrator"
    spoken: list[SpeechRequest] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def speak(self, request: SpeechRequest) -> Speech:
        self.spoken.append(request)
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        first = WordTiming(start=0, end=len(request.text.split()[0]), begin_ms=100, end_ms=400)
        return Speech(data=b"ID3" + request.text.encode(), milliseconds=1000, made_by=self.name, words=(first,))


@dataclass
class FakeSight:
    """Says something else of each picture, and holds that back until `open` is set."""

    name: str = "fake-sight"
    seen: list[SightRequest] = field(default_factory=list)
    described: list[DescriptionRequest] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    says: str = "A fox looks at the {shade} sky."
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def describe(self, request: SightRequest) -> CharacterSheet:
        self.seen.append(request)
        if self.errors:
            raise self.errors.pop(0)
        return sheet(request.name or "Luna")

    async def describe_picture(self, request: DescriptionRequest) -> AltText:
        self.described.append(request)
        await self.open.wait()
        if self.errors:
            raise self.errors.pop(0)
        return AltText(text=self.says.format(shade=zlib.crc32(request.picture.data)))


@dataclass
class FakePainter:
    """Holds each picture back until `gate` is set; `at_once` is the most that it drew side by side."""

    name: str = "fake-painter"
    takes_reference: bool = False
    drawn: list[PictureRequest] = field(default_factory=list)
    errors: dict[int, list[Exception]] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    drawing: int = 0
    at_once: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    async def draw(self, request: PictureRequest) -> Picture:
        number = request.prompt.page_number
        self.drawn.append(request)
        self.drawing += 1
        self.at_once = max(self.at_once, self.drawing)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if self.errors.get(number):
                raise self.errors[number].pop(0)
        finally:
            self.drawing -= 1
        data = png(96, 128, (20 * number + request.prompt.seed) % 256)
        return Picture(data=data, media_type="image/png", width=96, height=128, made_by=self.name)


@dataclass
class FakeScreen:
    """Allows everything, except where `flag_*` says otherwise; `unfit` and `unfit_in_story` are words that no request,
    or no story, may have.
    """

    name: str = "fake-screen"
    flag_request: bool = False
    unfit: str | None = None
    errors: list[Exception] = field(default_factory=list)
    request_gate: asyncio.Event = field(default_factory=asyncio.Event)
    flag_story: bool = False
    unfit_in_story: str | None = None
    story_errors: list[Exception] = field(default_factory=list)
    flag_pictures: set[int] = field(default_factory=set)
    checked_texts: list[TextCheck] = field(default_factory=list)
    checked_pictures: list[PictureCheck] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.request_gate.set()

    async def screen_request(self, _check: TextCheck) -> Verdict:
        return self._verdict(flagged=False)

    async def judge_request(self, check: TextCheck) -> Verdict:
        self.checked_texts.append(check)
        await self.request_gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        named = self.unfit is not None and any(self.unfit in text for text in check.texts)
        return self._verdict(flagged=self.flag_request or named)

    async def judge_story(self, check: TextCheck) -> Verdict:
        self.checked_texts.append(check)
        if self.story_errors:
            raise self.story_errors.pop(0)
        named = self.unfit_in_story is not None and any(self.unfit_in_story in text for text in check.texts)
        return self._verdict(flagged=self.flag_story or named)

    async def judge_picture(self, check: PictureCheck) -> Verdict:
        self.checked_pictures.append(check)
        return self._verdict(flagged=check.prompt.page_number in self.flag_pictures)

    def _verdict(self, *, flagged: bool) -> Verdict:
        return Verdict(judged_by=self.name, flagged=(Category.VIOLENCE,) if flagged else ())


__all__ = ["CastMember", "FakeAuthor", "FakePainter", "FakeScreen", "draft_for", "png", "sheet"]
