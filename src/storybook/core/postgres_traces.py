"""What a server leaves in its folder: the lock its processes hold, and the file in which it tells about itself."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
_POLL_SECONDS = 0.01


def try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock until it is closed everywhere, or None when somebody else holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return descriptor


def wait_for_lock(path: Path, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while (lock := try_lock(path)) is None and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return lock


def status(cluster: Path) -> list[str]:
    """The lines the server keeps about itself: its process first, "ready" last when it takes connections."""
    try:
        return [line.strip() for line in (cluster / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []


def postmaster(cluster: Path) -> int | None:
    first = status(cluster)[:1]
    return int(first[0]) if first and first[0].isdigit() else None


def serves(pid: int, cluster: Path) -> bool:
    """Whether this process is a PostgreSQL on this cluster; where the system does not tell, any living one may be."""
    process = Path("/proc") / str(pid)
    if not Path("/proc/self/cmdline").exists():
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            return True
        return False
    try:
        program = (process / "cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
    if Path(os.fsdecode(program)).name != "postgres":
        return False
    with suppress(OSError):
        return (process / "cwd").samefile(cluster)
    return True
