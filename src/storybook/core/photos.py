"""Photos that clients send: decoded at arm's length, and drawn anew so that only the pixels are left."""

import asyncio
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import IO, NamedTuple

from storybook.core import photo_decoder
from storybook.core.errors import ApiError, BadRequest, Unavailable
from storybook.core.photo_decoder import Refusal

MAX_BYTES = 10 * 1024 * 1024
MAX_READ_BYTES = 4 * 1024 * 1024
WALL_SECONDS = 1.7
AT_ONCE = 2
AT_ONCE_WITH_WAITING = 8
RETRY_SECONDS = 3

_PIECE = 64 * 1024
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


class Decoder(NamedTuple):
    """The program that decodes one photo, and how long it may take."""

    program: str = photo_decoder.__file__
    seconds: float = WALL_SECONDS

    def decode(self, data: bytes) -> bytes:
        """What `read_photo` returns and raises; the process is gone when this ends. The calling thread stands still."""
        deadline = time.monotonic() + self.seconds
        with _process(self.program) as process:
            try:
                read = _exchange(process, data, deadline)
                status = process.wait(max(0.0, deadline - time.monotonic()))
            except (TimeoutError, subprocess.TimeoutExpired):
                raise PhotoRefused(_TOO_MUCH_WORK) from None
            finally:
                process.kill()
        if status == 0 and read.startswith(_SIGNATURE):
            return read
        raise PhotoRefused(_sentence_for(status))


async def read_photo(data: bytes, decoder: Decoder = Decoder()) -> bytes:  # noqa: B008 - a value
    """The photo as a small RGB JPEG, upright, without metadata and without any byte of the original.

    Raises PhotoRefused where it is no still JPEG, PNG or WebP picture of a sound size, PhotoTooLarge over `MAX_BYTES`,
    Unavailable when too many photos are being read. Each photo is decoded by a process that lives for it alone, with
    limits of time and memory and without our secrets: one that turns bad takes no worker of the service along. Threads
    start it and talk with it, since whoever starts a process stands still meanwhile.
    """
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge("This photo has more than 10 MB. Please choose a smaller one.")
    return await _door.read(data, decoder)


class _Door:
    """Lets in only as many photos as the machine can bear, and turns away those that would wait long."""

    def __init__(self) -> None:
        self._readers = ThreadPoolExecutor(AT_ONCE, "photo")
        self._inside = 0

    async def read(self, data: bytes, decoder: Decoder) -> bytes:
        if self._inside >= AT_ONCE_WITH_WAITING:
            raise Unavailable("Many photos are being read just now. Please try again.", retry_after=RETRY_SECONDS)
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, decoder.decode, data)
        finally:
            self._inside -= 1


_door = _Door()


def _process(program: str) -> subprocess.Popen[bytes]:
    """Started without our surroundings and in a session of its own."""
    return subprocess.Popen(  # noqa: S603 - our own program
        (sys.executable, "-I", program),
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )


def _exchange(process: subprocess.Popen[bytes], data: bytes, deadline: float) -> bytes:
    """What the process answers to the data; raises TimeoutError at the deadline or for more than `MAX_READ_BYTES`.

    It is fed and heard side by side: one that does not listen, or never ends its answer, holds nobody up.
    """
    if process.stdin is None or process.stdout is None:
        raise ValueError("the decoder has no pipes")
    os.set_blocking(process.stdin.fileno(), False)
    unsent, heard = memoryview(data), bytearray()
    with DefaultSelector() as ready:
        ready.register(process.stdin, EVENT_WRITE)
        ready.register(process.stdout, EVENT_READ)
        while len(heard) <= MAX_READ_BYTES and (left := deadline - time.monotonic()) > 0:
            for key, _ in ready.select(left):
                if key.fileobj is process.stdin:
                    unsent = _feed(ready, process.stdin, unsent)
                elif piece := os.read(key.fd, _PIECE):
                    heard += piece
                else:
                    return bytes(heard)
    raise TimeoutError


def _feed(ready: DefaultSelector, pipe: IO[bytes], unsent: memoryview) -> memoryview:
    """Writes what the pipe takes and returns the rest; the pipe is closed when there is none."""
    try:
        rest = unsent[os.write(pipe.fileno(), unsent[:_PIECE]) :]
    except BrokenPipeError:
        rest = unsent[:0]
    if not rest:
        ready.unregister(pipe)
        pipe.close()
    return rest


def _sentence_for(status: int) -> str:
    """A negative status is a signal's: the decoder went over its limits."""
    if status in _SENTENCES:
        return _SENTENCES[Refusal(status)]
    return _TOO_MUCH_WORK if status < 0 else _BROKEN
