"""Forks a process for each photo, since to start Python and Pillow takes longer than to decode. Run as a program.

It never sees a photo itself. An order comes over its standard input with two sockets: one is all that the new process
can read and write, over the other the server says how it ended. When that one is closed the process is ended.
"""

import gc
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from selectors import EVENT_READ, DefaultSelector
from typing import NoReturn

ORDER = struct.Struct("!II")
"""Width and height of what is to be made, both 0 where the photo keeps its shape."""
END = struct.Struct("!i")
"""An exit status; a negative one is a signal's."""
OPEN_FILES = 64

Decode = Callable[[int, int], int]


class Server:
    """Lives until nobody can order any more and all its processes have ended."""

    def __init__(self, orders: socket.socket, decode: Decode) -> None:
        self._orders = orders
        self._decode = decode
        self._ready = DefaultSelector()
        self._waiting: dict[int, socket.socket] = {}
        self._children, wakes = socket.socketpair()
        for end in (self._children, wakes):
            end.setblocking(False)
        signal.set_wakeup_fd(wakes.detach())
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        self._ready.register(self._children, EVENT_READ, self._reap)
        self._ready.register(self._orders, EVENT_READ, self._take)
        while self._orders.fileno() >= 0 or self._waiting:
            for key, _ in self._ready.select():
                key.data()

    def _take(self) -> None:
        order, descriptors, _, _ = socket.recv_fds(self._orders, ORDER.size, 2)
        if not order:
            self._ready.unregister(self._orders)
            self._orders.close()
            return
        talks, waits = descriptors
        pid = os.fork()
        if pid == 0:
            _become_decoder(talks, lambda: self._decode(*ORDER.unpack(order)))
        os.close(talks)
        self._waiting[pid] = socket.socket(fileno=waits)
        self._ready.register(waits, EVENT_READ, lambda: self._end(pid))

    def _end(self, pid: int) -> None:
        """Nobody waits for this process any more; it may be gone already."""
        if pid in self._waiting:
            self._ready.unregister(self._waiting[pid])
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            while self._children.recv(512):
                pass
        while self._waiting:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with suppress(OSError):  # whoever it has left behind keeps its number in use
                os.killpg(pid, signal.SIGKILL)
            with self._waiting.pop(pid) as waits:
                with suppress(KeyError):
                    self._ready.unregister(waits)
                with suppress(OSError):
                    waits.send(END.pack(os.waitstatus_to_exitcode(status)))


def _become_decoder(talks: int, decode: Callable[[], int]) -> NoReturn:
    """What this process has left is the one socket, as its standard input and output."""
    status = 1
    try:
        os.setpgid(0, 0)  # whoever it leaves behind is ended with it
        signal.set_wakeup_fd(-1)
        os.dup2(talks, 0)
        os.dup2(talks, 1)
        os.closerange(3, OPEN_FILES)
        status = decode()
        sys.stdout.flush()
    finally:
        os._exit(status)


def _decoder_of(program: str) -> Decode:
    """The `main` of the program. What it imports is there from now on for all processes."""
    found = spec_from_file_location("decoder", program)
    if found is None or found.loader is None:
        raise ImportError(program)
    module = module_from_spec(found)
    found.loader.exec_module(module)
    decode: Decode = module.main
    return decode


def main() -> None:
    """The only argument is the program that decodes."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    decode = _decoder_of(sys.argv[1])
    gc.freeze()
    Server(socket.socket(fileno=0), decode).run()


if __name__ == "__main__":
    main()
