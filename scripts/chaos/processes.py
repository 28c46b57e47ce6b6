"""Programs of the product and of what it needs, as processes that can be killed, stopped and started."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
SOURCE = Path(__file__).parents[2] / "src"
INSIDE = Path(__file__).parent / "inside"
"""What is there tells the database who writes."""
SURROUNDINGS = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join((str(INSIDE), str(SOURCE)))}
START_SECONDS = 90.0
CAREFUL = 10.0
DEAD = frozenset({"", "Z"})
"""States of a process that is gone, or waits for its parent to hear of it."""


async def until(seen: Callable[[], Awaitable[bool]], seconds: float = 120.0) -> float:
    """How long it took; TimeoutError when it does not come to pass."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await seen():  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(0.02)
    return time.monotonic() - began


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def answers(port: int, path: str = "/health/ready") -> int:
    """The status of an answer; 0 where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def state_of(pid: int) -> str:
    """What the kernel says that a process does, in a letter: R, S, T, Z; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    """The process ids of its children, their children, and so on."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, last = [], {pid}
    while last := {child for child, parent in parents.items() if parent in last}:
        found += sorted(last)
    return found


def living(pids: Collection[int], roots: Collection[int]) -> list[int]:
    """Those of these processes that are alive, and are the roots or descend from them."""
    families = [pid for root in roots for pid in (root, *descendants(root))]
    return [pid for pid in families if pid in pids and state_of(pid) not in DEAD]


class Nursery:
    """Where servers are forked; see `nursery`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "scripts.chaos.nursery"]
        path = os.pathsep.join((str(INSIDE), str(SOURCE), str(SOURCE.parent)))
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=SURROUNDINGS | {"PYTHONPATH": path},
        )
        self._lock = threading.Lock()
        self._said()

    def fork(self, arguments: list[str], environment: dict[str, str], log: Path) -> int:
        """The process id of a new one."""
        with self._lock:
            self._tell(json.dumps({"arguments": arguments, "environment": environment, "log": str(log)}))
            return int(self._said())

    def close(self) -> None:
        """Whatever was forked ends with it."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        if self._process.stdin:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _said(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


class Process:
    """One program, its environment and whether it is up. `role` is how the database knows it."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path, role: str = "") -> None:
        self.role = role
        self.up = False
        self.pid = 0
        self._command = command
        self._environment = SURROUNDINGS | environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, works: Callable[[], bool]) -> None:
        """Blocks until it works."""
        self.pid = self._begin()
        until = time.monotonic() + START_SECONDS
        while not works():
            if not self.lives or time.monotonic() > until:
                raise RuntimeError(f"{self._command} does not start: {self.log()[-500:]}")
            time.sleep(0.05)
        self.up = True

    def _begin(self) -> int:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the product's own command
                self._command, cwd=self._log.parent, env=self._environment, stdout=log, stderr=log
            )
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def state(self) -> str:
        return state_of(self.pid)

    def send(self, number: signal.Signals) -> None:
        if self.lives:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """As the kernel does that has no memory left."""
        self.up = False
        self.send(signal.SIGKILL)
        self.wait(CAREFUL)

    def wait(self, seconds: float) -> int:
        """Its exit code."""
        return self._process.wait(seconds) if self._process else 0

    def log(self) -> str:
        return self._log.read_text(errors="replace")


class Server(Process):
    """`storybook serve` at a port that stays the same; forked where there is a nursery."""

    def __init__(self, number: int, environment: dict[str, str], folder: Path, nursery: Nursery | None = None) -> None:
        self.port = free_port()
        role = f"chaos_{number}"
        command = [str(PROGRAMS / "storybook"), "serve", "--port", str(self.port)]
        super().__init__(command, environment, folder / f"server-{number}.log", role)
        self._nursery = nursery

    def _begin(self) -> int:
        if self._nursery is None:
            return super()._begin()
        return self._nursery.fork(self._command[1:], self._environment, self._log)

    @property
    def lives(self) -> bool:
        if self._nursery is None:
            return super().lives
        return self.pid > 0 and Path(f"/proc/{self.pid}").exists()

    def wait(self, seconds: float) -> int:
        """Who was forked tells its exit code nobody."""
        if self._nursery is None:
            return super().wait(seconds)
        until = time.monotonic() + seconds
        while self.lives and time.monotonic() < until:
            time.sleep(0.01)
        return 0

    def launch(self) -> None:
        self.start(lambda: answers(self.port) == 200)

    async def begin(self) -> None:
        await asyncio.to_thread(self.launch)
