"""Databases of our own for tests: started here, or owned by another process that a test may kill."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from storybook.core.embedded_postgres import EmbeddedPostgres, server_bin

OWNER = """
import sys
from pathlib import Path
from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.core.errors import SetupError
try:
    database = EmbeddedPostgres.start(Path(sys.argv[1]), durable=False)
except SetupError as error:
    print(f"SetupError: {error}", flush=True)
    sys.exit(1)
"""
HOLD = OWNER + "print(database.url, flush=True)\nsys.stdin.read()\n"
HOLD_WITH_CHILD = (
    OWNER
    + """
import os, time
child = os.fork()
if not child:
    time.sleep(60)
    os._exit(0)
print(child, flush=True)
sys.stdin.read()
"""
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")

Start = Callable[..., EmbeddedPostgres]


def folder_of(url: str) -> str:
    """The folder of the server's socket."""
    return parse_qs(urlsplit(url).query)["host"][0]


def ask(url: str, sql: str, database: str = "postgres") -> str:
    """What psql answers, unaligned."""
    folder = folder_of(url)
    command: list[str | Path] = [
        server_bin("psql"),
        "-X",
        "-At",
        "-h",
        folder,
        "-U",
        "storybook",
        "-d",
        database,
        "-c",
        sql,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until(done: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Owners:
    """Other processes that own a database; none of them outlives the test."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def start(self, data_dir: Path, script: str = HOLD, *, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        owner = subprocess.Popen(
            [*prefix, sys.executable, "-c", script, data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.started.append(owner)
        return owner

    def end(self) -> None:
        for owner in self.started:
            owner.kill()
            owner.communicate()


@pytest.fixture
def owners() -> Iterator[Owners]:
    owners = Owners()
    yield owners
    owners.end()


def said(owner: subprocess.Popen[str]) -> str:
    assert owner.stdout is not None
    return owner.stdout.readline().strip()


@pytest.fixture
def start(data_dir: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    started: list[EmbeddedPostgres] = []

    def start_one(folder: Path = data_dir, *, durable: bool = False) -> EmbeddedPostgres:
        started.append(EmbeddedPostgres.start(folder, durable=durable))
        return started[-1]

    yield start_one
    for database in started:
        database.stop()
