"""Photos that clients send: decoded at arm's length, and drawn anew so that only the pixels are left."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import lru_cache

from storybook.core import photo_decoder
from storybook.core.errors import ApiError, BadRequest, Unavailable
from storybook.core.photo_decoder import Refusal

MAX_BYTES = 10 * 1024 * 1024
MAX_READ_BYTES = 4 * 1024 * 1024
WALL_SECONDS = 2.0
AT_ONCE = 2
AT_ONCE_WITH_WAITING = 8
RETRY_SECONDS = 3

_PIECE = 256 * 1024
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


async def read_photo(data: bytes) -> bytes:
    """The photo as a small RGB JPEG, upright, without metadata and without any byte of the original.

    Raises PhotoRefused where it is no still JPEG, PNG or WebP picture of a sound size, PhotoTooLarge over `MAX_BYTES`,
    Unavailable when too many photos are being read. Each photo is decoded by a process that lives for it alone, with
    limits of time and memory and without our secrets: one that turns bad takes no worker of the service along.
    """
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge("This photo has more than 10 MB. Please choose a smaller one.")
    async with _door(asyncio.get_running_loop()).turn():
        try:
            async with asyncio.timeout(WALL_SECONDS), _decoder() as process:
                read = await _ask(process, data)
                status = await process.wait()
        except TimeoutError:
            raise PhotoRefused(_TOO_MUCH_WORK) from None
    if status == 0 and read.startswith(_SIGNATURE) and len(read) < MAX_READ_BYTES:
        return read
    raise PhotoRefused(_sentence_for(status))


class _Door:
    """Lets in only as many photos as the machine can bear, and turns away those that would wait long."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._inside = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        if self._inside >= AT_ONCE_WITH_WAITING:
            raise Unavailable("Many photos are being read just now. Please try again.", retry_after=RETRY_SECONDS)
        self._inside += 1
        try:
            async with self._turns:
                yield
        finally:
            self._inside -= 1


@lru_cache(maxsize=1)
def _door(_: asyncio.AbstractEventLoop) -> _Door:
    """One for the process; a semaphore belongs to the loop that it is used in."""
    return _Door()


@asynccontextmanager
async def _decoder() -> AsyncIterator[Process]:
    """A decoder that is gone when the block ends, however it ends."""
    program = (sys.executable, "-I", photo_decoder.__file__)
    process = await asyncio.create_subprocess_exec(
        *program, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd="/", start_new_session=True
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        if process.stdin:
            process.stdin.close()
        await process.communicate()


async def _ask(process: Process, data: bytes) -> bytes:
    """What the decoder answers, and no more than `MAX_READ_BYTES` of it."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("the decoder has no pipes")
    with suppress(BrokenPipeError, ConnectionResetError):
        for start in range(0, len(data), _PIECE):
            process.stdin.write(data[start : start + _PIECE])
            await process.stdin.drain()
    process.stdin.close()
    try:
        return await process.stdout.readexactly(MAX_READ_BYTES)
    except asyncio.IncompleteReadError as end:
        return end.partial


def _sentence_for(status: int) -> str:
    """A negative status is a signal's: the decoder went over its limits."""
    if status in _SENTENCES:
        return _SENTENCES[Refusal(status)]
    return _TOO_MUCH_WORK if status < 0 else _BROKEN
