"""What painters of all vendors have in common: words without names in, pictures of the right size out."""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from importlib import import_module
from io import BytesIO
from typing import NamedTuple

import httpx
from PIL import Image

from storybook.core.cpu import CpuPool
from storybook.core.photos import PhotoRefused, read_picture
from storybook.domain.book_spec import Language
from storybook.domain.calls import Kind, Outcome
from storybook.domain.pictures import Picture
from storybook.providers.base import ImageProvider, PictureRequest
from storybook.providers.choices import Choice
from storybook.providers.http import CallFailed, unusable
from storybook.providers.line import Line
from storybook.providers.names import STAND_IN, Names
from storybook.providers.vendors import Vendor

MODULES = {
    name: f"storybook.providers.{module}"
    for name, module in {"replicate": "replicate", "fal": "fal", "openai": "openai_images"}.items()
}
REFERENCE_SIDE = 768
REFERENCE_QUALITY = 85
MAX_REFERENCES = 32
READING_WAITS = (0.1, 0.5, 1.0)
_STAND_IN = re.compile(rf"(?:\b(?:[Aa]n?|[Tt]he) )?\[\[{STAND_IN}\]\]")
KEEP = "Keep the hero exactly as in the given picture: the same face, body, clothes and colours. "


Read = Callable[[bytes, int, int], Awaitable[bytes]]


class Easel(NamedTuple):
    """What a painter is made with. `hides_names`: the vendor may not read what the characters are called."""

    line: Line
    client: httpx.AsyncClient
    cpu: CpuPool
    choice: Choice
    hides_names: bool


class Drawing(NamedTuple):
    """What a vendor is asked to draw. `reference` is a small JPEG of the hero as a data URI."""

    positive: str
    negative: str
    seed: int
    reference: str | None = None


def painter(easel: Easel) -> ImageProvider:
    """The painter of the choice; raises SetupError. Only the vendor's package that is used is loaded."""
    made: ImageProvider = import_module(MODULES[easel.choice.provider]).make(easel)
    return made


def words_of(request: PictureRequest, *, hides_names: bool) -> tuple[str, str]:
    """What is to be seen and what is not. Without names, the first in `names` is the hero, the others have letters."""
    texts = request.prompt.positive, request.prompt.negative
    if not hides_names:
        return texts
    names = Names(request.names or (sheet.name for sheet in request.sheets), Language.EN)
    positive, negative = (_STAND_IN.sub(_nobody_special, names.hide(text)) for text in texts)
    return positive, negative


def _nobody_special(stand_in: re.Match[str]) -> str:
    return "the hero" if stand_in[1] == "A" else f"character {stand_in[1]}"


class References:
    """Pictures of heroes as data URIs. Each is made once, since all pictures of a book ask for the same."""

    def __init__(self, cpu: CpuPool) -> None:
        self._cpu = cpu
        self._made: dict[bytes, asyncio.Future[str]] = {}

    async def of(self, hero: Picture) -> str:
        return await asyncio.shield(self._making(hero))

    def expect(self, hero: Picture) -> None:
        """Somebody will ask for this one soon, who also hears of it when it cannot be made."""
        self._making(hero).add_done_callback(lambda made: made.cancelled() or made.exception())

    def _making(self, hero: Picture) -> asyncio.Future[str]:
        making = self._made.get(hero.data)
        if making is None:
            making = self._made[hero.data] = asyncio.ensure_future(self._make(hero.data))
            for old in list(self._made)[:-MAX_REFERENCES]:
                del self._made[old]
        return making

    async def _make(self, data: bytes) -> str:
        try:
            small = await self._cpu.run_quick(shrink, data)
        except BaseException:
            self._made.pop(data, None)
            raise
        return f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"


async def drawing_of(request: PictureRequest, references: References | None, *, hides_names: bool) -> Drawing:
    """What a painter is asked; one that keeps to a picture of the hero has `references`."""
    positive, negative = words_of(request, hides_names=hides_names)
    if request.reference is None or references is None:
        return Drawing(positive, negative, request.prompt.seed)
    return Drawing(KEEP + positive, negative, request.prompt.seed, await references.of(request.reference))


def shrink(data: bytes) -> bytes:
    """One of our own pictures, small enough to travel inside of a request."""
    with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
        small = image.convert("RGB")
        small.thumbnail((REFERENCE_SIDE, REFERENCE_SIDE))
        written = BytesIO()
        small.save(written, "JPEG", quality=REFERENCE_QUALITY)
    return written.getvalue()


async def finished(data: bytes, request: PictureRequest, vendor: Vendor, read: Read = read_picture) -> Picture:
    """What the vendor drew, as a JPEG in the shape asked for; raises CallFailed where it is no sound picture, or where
    this machine cannot read it.
    """
    try:
        drawn = await _patiently(lambda: read(data, request.width, request.height))
    except PhotoRefused:
        raise spoiled("the result is no picture", vendor) from None
    except OSError as error:
        failure = unusable("the result cannot be read here", vendor, Kind.IMAGE)
        raise CallFailed(
            str(failure), outcome=Outcome.UNKNOWN, code=failure.code, charged=failure.charged, retryable=True
        ) from error
    with Image.open(BytesIO(drawn), formats=("JPEG",)) as image:
        width, height = image.size
    return Picture(data=drawn, media_type="image/jpeg", width=width, height=height, made_by=vendor.name)


async def _patiently(read: Callable[[], Awaitable[bytes]]) -> bytes:
    """What was paid for is not given up because this machine can start no process for a moment."""
    for wait in READING_WAITS:
        try:
            return await read()
        except OSError:
            await asyncio.sleep(wait)
    return await read()


def spoiled(reason: str, vendor: Vendor) -> CallFailed:
    """The vendor drew and charged, but there is no picture; it is worth one more."""
    failure = unusable(reason, vendor, Kind.IMAGE)
    return CallFailed(
        str(failure), outcome=Outcome.UNUSABLE, code=failure.code, charged=failure.charged, retryable=True
    )
