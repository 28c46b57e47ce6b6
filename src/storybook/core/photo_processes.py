"""Processes that each decode one photo that may be hostile, and what is heard of them."""

import socket
import subprocess
import sys
import time
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from threading import Lock
from typing import NamedTuple

from storybook.core import photo_decoder, photo_server

MAX_ANSWER_BYTES = 4 * 1024 * 1024
GONE_SECONDS = 1.0
_PIECE = 64 * 1024


class Ended(NamedTuple):
    """What a process said and its exit status: negative where a signal ended it, None where its time was up."""

    said: bytes
    status: int | None


class Decoder:
    """Starts a process for each photo, by a server that is started when it is first needed and replaced when it dies.

    It is also replaced after a photo has brought its process down: the next ones are at other addresses in memory.
    """

    def __init__(self, program: str = photo_decoder.__file__) -> None:
        self._program = program
        self._changing = Lock()
        self._server: _Server | None = None
        self._left: list[_Server] = []

    def decode(self, photo: bytes, seconds: float, size: tuple[int, int] = (0, 0)) -> Ended:
        """What a new process makes of the photo in that time; it is gone when this ends.

        Raises OSError where none can be started. The calling thread stands still.
        """
        deadline = time.monotonic() + seconds
        server = self._running()
        try:
            ended = server.decode(photo, deadline, size)
        except OSError:
            self._leave(server)
            server = self._running()
            ended = server.decode(photo, deadline, size)
        if ended.status is not None and ended.status < 0:
            self._leave(server)
        return ended

    def close(self) -> None:
        """Waits until what is being decoded has ended."""
        if self._server:
            self._leave(self._server)
        for server in self._left:
            server.wait()

    def _running(self) -> "_Server":
        with self._changing:
            if self._server is None:
                self._left = [server for server in self._left if not server.is_gone()]
                self._server = _Server(self._program)
            return self._server

    def _leave(self, server: "_Server") -> None:
        """It gets no more orders, and ends when its processes have."""
        with self._changing:
            if self._server is server:
                self._server = None
                self._left.append(server)
                server.take_no_more()


class _Server:
    """A process of `photo_server`, without our surroundings and in a session of its own."""

    def __init__(self, program: str) -> None:
        self._orders, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                (sys.executable, "-I", photo_server.__file__, program),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )

    def decode(self, photo: bytes, deadline: float, size: tuple[int, int]) -> Ended:
        """Raises OSError where the server is not there any more."""
        talk, its_talk = socket.socketpair()
        wait, its_wait = socket.socketpair()
        with talk, wait:
            with its_talk, its_wait:
                order = photo_server.ORDER.pack(*size)
                socket.send_fds(self._orders, [order], [its_talk.fileno(), its_wait.fileno()])
            try:
                said = _exchange(talk, photo, deadline)
                wait.settimeout(max(0.001, deadline - time.monotonic()))
                end = wait.recv(photo_server.END.size)
            except TimeoutError:
                return Ended(b"", None)
            finally:
                _wait_until_gone(wait)
        if not end:
            raise ConnectionResetError
        [status] = photo_server.END.unpack(end)
        return Ended(said, status)

    def take_no_more(self) -> None:
        self._orders.close()

    def is_gone(self) -> bool:
        return self._process.poll() is not None

    def wait(self) -> None:
        self._process.wait()


def _exchange(talk: socket.socket, photo: bytes, deadline: float) -> bytes:
    """What the process answers to the photo; raises TimeoutError at the deadline or for more than `MAX_ANSWER_BYTES`.

    It is fed and heard side by side: one that does not listen, or never ends its answer, holds nobody up.
    """
    talk.setblocking(False)
    unsent, heard = memoryview(photo), bytearray()
    with DefaultSelector() as ready:
        ready.register(talk, EVENT_READ | EVENT_WRITE)
        while len(heard) <= MAX_ANSWER_BYTES and (left := deadline - time.monotonic()) > 0:
            for _, events in ready.select(left):
                if events & EVENT_WRITE:
                    unsent = _fed(talk, unsent)
                    if not unsent:
                        ready.modify(talk, EVENT_READ)
                if events & EVENT_READ:
                    if not (piece := _heard(talk)):
                        return bytes(heard)
                    heard += piece
    raise TimeoutError


def _fed(talk: socket.socket, unsent: memoryview) -> memoryview:
    """Sends what the socket takes and returns the rest; that there is none is said as well."""
    try:
        rest = unsent[talk.send(unsent[:_PIECE]) :]
        if not rest:
            talk.shutdown(socket.SHUT_WR)
    except BlockingIOError:
        return unsent
    except OSError:
        return unsent[:0]
    return rest


def _heard(talk: socket.socket) -> bytes:
    """Nothing where the other end is closed, also before it has read all."""
    try:
        return talk.recv(_PIECE)
    except ConnectionResetError:
        return b""


def _wait_until_gone(wait: socket.socket) -> None:
    """Has the process ended where it goes on; the server closes its end when it is gone."""
    with suppress(OSError):
        wait.shutdown(socket.SHUT_WR)
        wait.settimeout(GONE_SECONDS)
        while wait.recv(photo_server.END.size):
            pass
