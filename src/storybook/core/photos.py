"""Pictures from outside: decoded at arm's length, and drawn anew so that only the pixels are left."""

import asyncio
import atexit
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from storybook.core.errors import ApiError, BadRequest, Unavailable
from storybook.core.photo_decoder import Refusal
from storybook.core.photo_processes import Decoder, Ended

MAX_BYTES = 10 * 1024 * 1024
WALL_SECONDS = 1.7
AT_ONCE = 2
AT_ONCE_WITH_WAITING = 8
MAX_PICTURE_BYTES = 20 * 1024 * 1024
PICTURE_WALL_SECONDS = 10.0
RETRY_SECONDS = 3

_SIGNATURE = b"\xff\xd8\xff"
_BROKEN = "This photo is broken and cannot be read. Please choose another one."
_TOO_MUCH_WORK = "This photo takes too much work to read. Please choose a smaller one."
_SENTENCES = {
    Refusal.NO_PICTURE: "This is not a photo that we can read. Please send a JPEG, PNG or WebP picture.",
    Refusal.TOO_MANY_PIXELS: "This photo has more than 25 million pixels. Please choose a smaller one.",
    Refusal.TOO_SMALL: "This photo is too small. Please choose one of at least 64 by 64 pixels.",
    Refusal.MOVING: "This picture moves. Please choose a still photo.",
    Refusal.TOO_MUCH_WORK: _TOO_MUCH_WORK,
}


class PhotoRefused(BadRequest):
    """The photo cannot be used; the sentence says what to do."""


class PhotoTooLarge(ApiError):
    """More than `MAX_BYTES`."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"


_decoder = Decoder()
_photos = ThreadPoolExecutor(AT_ONCE, "photo")
_pictures = ThreadPoolExecutor(AT_ONCE, "picture")
atexit.register(_decoder.close)


async def read_photo(data: bytes, decoder: Decoder = _decoder, seconds: float = WALL_SECONDS) -> bytes:
    """The photo as a small RGB JPEG, upright, without metadata and without any byte of the original.

    Raises PhotoRefused where it is no still JPEG, PNG or WebP picture of a sound size, PhotoTooLarge over `MAX_BYTES`,
    Unavailable when too many photos are being read. Each photo is decoded by a process that lives for it alone, with
    limits of time and memory and without our secrets: one that turns bad takes no worker of the service along. Threads
    talk with it, since whoever does that stands still meanwhile.
    """
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge("This photo has more than 10 MB. Please choose a smaller one.")
    return await _door.read(data, decoder, seconds)


async def read_picture(data: bytes, width: int, height: int) -> bytes:
    """A vendor's picture, upright, as an RGB JPEG in the shape of that size, cropped where its own is another one, and
    reduced to it where it is larger. One that is smaller stays so: to enlarge it would add nothing.

    As `read_photo`, but it waits for its turn, however long; raises PhotoRefused, also over `MAX_PICTURE_BYTES` and
    where next to nothing is left of it or to be seen.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise PhotoRefused("This picture has more than 20 MB.")
    decode = partial(_decoder.decode, data, PICTURE_WALL_SECONDS, (width, height))
    return _read(await asyncio.get_running_loop().run_in_executor(_pictures, decode))


class _Door:
    """Lets in only as many photos as the machine can bear, and turns away those that would wait long."""

    def __init__(self) -> None:
        self._inside = 0

    async def read(self, data: bytes, decoder: Decoder, seconds: float) -> bytes:
        if self._inside >= AT_ONCE_WITH_WAITING:
            raise Unavailable("Many photos are being read just now. Please try again.", retry_after=RETRY_SECONDS)
        self._inside += 1
        try:
            return _read(await asyncio.get_running_loop().run_in_executor(_photos, decoder.decode, data, seconds))
        finally:
            self._inside -= 1


_door = _Door()


def _read(ended: Ended) -> bytes:
    """The JPEG that the decoder made; raises PhotoRefused. Where a signal ended it, it went over its limits."""
    status = ended.status
    if status == 0 and ended.said.startswith(_SIGNATURE):
        return ended.said
    if status in _SENTENCES:
        raise PhotoRefused(_SENTENCES[Refusal(status)])
    raise PhotoRefused(_TOO_MUCH_WORK if status is None or status < 0 else _BROKEN)
