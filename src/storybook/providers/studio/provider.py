"""The studio: a built-in writer, painter and safety screen that need no network and no key."""

from collections.abc import Callable

from storybook.core.cpu import CpuPool
from storybook.core.settings import STUDIO
from storybook.domain.alt_text import AltText
from storybook.domain.characters import CastSheet, CharacterSheet
from storybook.domain.moderation import Category, Verdict
from storybook.domain.pictures import Picture
from storybook.domain.speech import Speech
from storybook.domain.story import StoryDraft
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
from storybook.providers.studio import alt_text, narrator, sight, writer
from storybook.providers.studio.painter import canvas
from storybook.providers.studio.screen import rules


class StudioAuthor:
    name = STUDIO

    def __init__(self, cpu: CpuPool) -> None:
        self._cpu = cpu

    async def write_story(self, request: StoryRequest) -> StoryDraft:
        return await self._cpu.run_quick(writer.write_story, request)

    async def rewrite_page(self, request: RewriteRequest) -> Revision:
        return await self._cpu.run_quick(writer.rewrite_page, request)

    async def restage_page(self, request: RewriteRequest) -> Revision:
        return await self._cpu.run_quick(writer.restage_page, request)

    async def design_cast(self, request: SheetRequest) -> CastSheet:
        return await self._cpu.run_quick(writer.design_cast, request)


class StudioPainter:
    name = STUDIO
    takes_reference = False

    def __init__(self, cpu: CpuPool) -> None:
        self._cpu = cpu

    async def draw(self, request: PictureRequest) -> Picture:
        data = await self._cpu.run(canvas.paint, request)
        return Picture(
            data=data,
            media_type=canvas.media_type_of(request.style),
            width=request.width,
            height=request.height,
            made_by=self.name,
        )


class StudioNarrator:
    """Speaks with a synthetic voice made on this machine."""

    name = STUDIO

    def __init__(self, cpu: CpuPool) -> None:
        self._cpu = cpu

    async def speak(self, request: SpeechRequest) -> Speech:
        return await self._cpu.run(narrator.speak, request)


class StudioSight:
    """Looks at the colours of a photo, or of a picture, and at nothing else."""

    name = STUDIO

    def __init__(self, cpu: CpuPool) -> None:
        self._cpu = cpu

    async def describe(self, request: SightRequest) -> CharacterSheet:
        return await self._cpu.run_quick(sight.describe, request)

    async def describe_picture(self, request: DescriptionRequest) -> AltText:
        return await self._cpu.run_quick(alt_text.describe_picture, request)


class StudioScreen:
    """Judges by rules. It cannot see: it vouches only for pictures that the studio's own painter made."""

    name = STUDIO

    def __init__(self, cpu: CpuPool) -> None:
        self._cpu = cpu

    def sees_pictures_of(self, painter: str) -> bool:
        return painter == STUDIO

    async def judge_request(self, check: TextCheck) -> Verdict:
        return await self._judge(rules.judge_request, check)

    async def judge_story(self, check: TextCheck) -> Verdict:
        return await self._judge(rules.judge, check)

    async def judge_picture(self, check: PictureCheck) -> Verdict:
        picture = check.picture
        if not self.sees_pictures_of(picture.made_by):
            return self._verdict((Category.UNSEEN,))
        sound = await self._cpu.run_quick(canvas.looks_like_a_picture, picture.data, picture.width, picture.height)
        return self._verdict(() if sound else (Category.NOT_A_PICTURE,))

    def _verdict(self, flagged: tuple[Category, ...]) -> Verdict:
        return Verdict(judged_by=self.name, flagged=flagged)

    async def _judge(self, rule: Callable[..., tuple[Category, ...]], check: TextCheck) -> Verdict:
        return self._verdict(
            await self._cpu.run_quick(rule, check.texts, forbidden=check.forbidden, target_age=check.target_age)
        )


class StudioOnNames:
    """Judges the names in texts, which the other layers may not read, and the words for what is not to be in a book,
    by rules.
    """

    name = STUDIO

    def __init__(self, screen: StudioScreen) -> None:
        self._screen = screen

    def sees_pictures_of(self, _painter: str) -> bool:
        return False

    async def judge_request(self, check: TextCheck) -> Verdict:
        named = await self._screen.judge_request(_only_names(check))
        return await self._screen.judge_request(check.model_copy(update={"texts": ()})) if named.allowed else named

    async def judge_story(self, check: TextCheck) -> Verdict:
        return await self._screen.judge_story(_only_names(check))

    async def judge_picture(self, check: PictureCheck) -> Verdict:
        return await self._screen.judge_picture(check)


def _only_names(check: TextCheck) -> TextCheck:
    return check.model_copy(update={"texts": check.names if check.hidden else (), "forbidden": ()})
