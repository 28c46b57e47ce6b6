"""A real PostgreSQL of our own, for a service that was given no DATABASE_URL.

    database = EmbeddedPostgres.start(data_dir)     # blocking: about 1 s when new, else a fraction of a second
    engine = create_async_engine(database.url)
    ...
    await engine.dispose()
    database.stop()

What a caller may rely on:

- One living process at a time uses a data folder. Two locks see to it, both of the kind that vanish with their holder
  and so cannot be stale: `data_dir/lock` is ours, `data_dir/postgres.lock` is held by the processes of the server.
- The server lives no longer than this process: a small shell between us and the server waits on a pipe from us and
  stops the server when the pipe closes, whether we called `stop`, ended, got SIGTERM or were killed with SIGKILL.
- Nothing listens on the network. The server's socket is in the cluster's own private folder; who cannot read the data
  cannot connect. A path that is too long or too odd for a socket is reached by a link in a short private folder.
- UTF-8 throughout; text sorts by code point (builtin C.UTF-8: right for Hangul, alike on every machine); time is UTC.
- The cluster's user is a superuser and may make databases; the server takes up to 100 connections.
"""

import atexit
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Self
from urllib.parse import quote

from storybook.core.errors import SetupError
from storybook.core.postgres_programs import (
    SERVER_VERSION,
    STOP_SECONDS,
    Account,
    account_for,
    here,
    make_private,
    plain,
    programs_for,
    server_bin,
    stop_server,
    surroundings,
)
from storybook.core.postgres_traces import SOCKET, postmaster, serves, status, try_lock, wait_for_lock

__all__ = ["EmbeddedPostgres", "server_bin"]

_ROLE = "storybook"
_DATABASE = "postgres"
_SOCKET_PATH_LIMIT = 100  # the kernels' limits are 104 (macOS) and 108 bytes (Linux)
_START_SECONDS = 120.0  # recovery after a crash included
_HANDOVER_SECONDS = 1.0  # a child that was just forked lets go of its parent's lock within this time
_POLL_SECONDS = 0.01

_SUPERVISOR = """
trap '' HUP INT TERM
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ read -r _ <&3; kill -INT "$server"; } &
watcher=$!
wait "$server"
status=$?
kill -KILL "$watcher" 2>/dev/null
exit "$status"
"""

_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "io_method": "sync",
    # The log must not repeat what parents typed: no statements, no row values.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
_CARELESS_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A running server, made by `start`. `url` is for SQLAlchemy with asyncpg; child processes may use it too."""

    url: str

    def __init__(self, data_dir: Path, *, durable: bool) -> None:
        self._data_dir = data_dir
        self._cluster = data_dir / "postgres"
        self._durable = durable
        self._owner_pid = os.getpid()
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._link_folder: Path | None = None
        self._changing = Lock()

    @classmethod
    def start(cls, data_dir: Path, *, durable: bool = True) -> Self:
        """Starts the server on `data_dir/postgres`, which is made when new. Blocks until it takes connections.

        A server whose owner died is stopped first; a crash is recovered from. `durable=False` is for tests: faster, but
        data may be lost when the machine (not merely the process) goes down.

        SetupError: the folder is in use, cannot be written, is full, or PostgreSQL cannot start from what it holds.
        """
        database = cls(data_dir.expanduser().resolve(), durable=durable)
        try:
            database._start()
        except OSError as error:
            database.stop()
            raise SetupError(plain(data_dir, error.strerror or str(error))) from error
        except BaseException:
            database.stop()
            raise
        atexit.register(database.stop)
        os.register_at_fork(after_in_child=database._forget)
        return database

    @classmethod
    def visit(cls, data_dir: Path) -> Self | None:
        """The server that another process runs on this folder, or None; it goes on when the guest leaves.

        SetupError: the folder cannot be read.
        """
        guest = cls(data_dir.expanduser().resolve(), durable=True)
        try:
            pid = postmaster(guest._cluster)
            ready = status(guest._cluster)[-1:] == ["ready"]
        except OSError as error:
            raise SetupError(plain(data_dir, error.strerror or str(error))) from error
        if pid is None or not ready or not serves(pid, guest._cluster):
            return None
        guest._name_the_url()
        return guest

    def stop(self) -> None:
        """Stops the server (open transactions are rolled back) and lets the folder go. Does nothing the second time."""
        if os.getpid() != self._owner_pid:
            return
        with self._changing:
            server, self._server = self._server, None
            if server is not None:
                stop_server(server)
        if self._link_folder is not None:
            shutil.rmtree(self._link_folder, ignore_errors=True)
            self._link_folder = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        atexit.unregister(self.stop)

    def _start(self) -> None:
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = wait_for_lock(self._data_dir / "lock", _HANDOVER_SECONDS)
        if self._lock is None:
            raise SetupError(
                f"Another storybook uses {self._data_dir}: stop it, or choose another folder with STORYBOOK_DATA_DIR."
            )
        self._run_server()
        self._name_the_url()

    def revive(self) -> bool:
        """Starts the server again, at the same address, where it has ended by itself or was killed; else it is False.

        SetupError or OSError: it cannot be started.
        """
        with self._changing:
            if self._server is None or self._server.poll() is None:
                return False
            if self._server.stdin is not None:
                self._server.stdin.close()
            if not self._cluster.exists():
                raise SetupError(f"{self._cluster} is gone: put it back, or start again without it.")
            self._run_server()
        return True

    def _run_server(self) -> None:
        server_lock = self._take_over()
        try:
            account = account_for(self._cluster)
            programs = programs_for(account)
            if not self._cluster.exists():
                self._create_cluster(programs, account, server_lock)
            self._clear_stale_files()
            make_private(self._cluster, account)
            self._launch(programs, account, server_lock)
        finally:
            os.close(server_lock)  # from here on only the server's own processes hold it

    def _name_the_url(self) -> None:
        self.url = f"postgresql+asyncpg://{_ROLE}@/{_DATABASE}?host={quote(str(self._reachable_folder()), safe='/')}"

    def _take_over(self) -> int:
        """The server's lock, after a server that has outlived its owner was stopped."""
        path = self._data_dir / "postgres.lock"
        for how in (signal.SIGINT, signal.SIGQUIT):
            lock = try_lock(path)
            if lock is not None:
                return lock
            pid = postmaster(self._cluster)
            if pid is not None and serves(pid, self._cluster):
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
            lock = wait_for_lock(path, STOP_SECONDS / 2)
            if lock is not None:
                return lock
        raise SetupError(f"A PostgreSQL in {self._cluster} does not stop: end its processes, then start again.")

    def _create_cluster(self, programs: Path, account: Account | None, server_lock: int) -> None:
        """Builds the cluster beside its place and moves it there when complete: half a cluster is never started."""
        unfinished = self._data_dir / "postgres.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        if account is not None:
            os.chown(unfinished, account.uid, account.gid)
        command = [str(programs / "initdb"), "-D", here(account), "-U", _ROLE, "-E", "UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        command += ["--auth-local=trust", "--auth-host=reject"]
        if not self._durable:
            command.append("--no-sync")
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(server_lock,),
            check=False,
            **surroundings(unfinished, account),
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise SetupError(plain(self._data_dir, done.stdout.decode(errors="replace")))
        unfinished.rename(self._cluster)

    def _clear_stale_files(self) -> None:
        """Removes what a killed server left behind; no server of ours lives now, as we hold its lock.

        A server that somebody started by hand keeps its files, and PostgreSQL itself refuses to start beside it.
        """
        version = self._cluster / "PG_VERSION"
        if not version.exists() or version.read_text().strip() != SERVER_VERSION:
            raise SetupError(
                f"{self._cluster} is not of PostgreSQL {SERVER_VERSION}: choose another folder with STORYBOOK_DATA_DIR."
            )
        pid = postmaster(self._cluster)
        if pid is None or not serves(pid, self._cluster):
            for name in ("postmaster.pid", SOCKET, f"{SOCKET}.lock"):
                (self._cluster / name).unlink(missing_ok=True)

    def _launch(self, programs: Path, account: Account | None, server_lock: int) -> None:
        settings = _SETTINGS if self._durable else _SETTINGS | _CARELESS_SETTINGS
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log_path = self._data_dir / "postgres.log"
        before = status(self._cluster)
        with log_path.open("wb") as log:
            self._server = subprocess.Popen(  # noqa: S603 - our own program
                ["/bin/sh", "-c", _SUPERVISOR, "storybook", programs / "postgres", "-D", here(account), *options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(server_lock,),
                start_new_session=True,  # Ctrl-C is for us; the server stops after our work has ended
                **surroundings(self._cluster, account),
            )
        deadline = time.monotonic() + _START_SECONDS
        while self._server.poll() is None and time.monotonic() < deadline:
            now = status(self._cluster)
            if now != before and now[-1:] == ["ready"]:
                return
            time.sleep(_POLL_SECONDS)
        raise SetupError(plain(self._data_dir, log_path.read_text(errors="replace")))

    def _reachable_folder(self) -> Path:
        path = str(self._cluster)
        if len(os.fsencode(path)) + len(SOCKET) < _SOCKET_PATH_LIMIT and re.fullmatch(r"[A-Za-z0-9/._-]+", path):
            return self._cluster
        self._link_folder = Path(tempfile.mkdtemp(prefix="storybook-"))
        link = self._link_folder / "postgres"
        link.symlink_to(self._cluster)
        return link

    def _forget(self) -> None:
        """In a forked child: lets go of what only the parent may hold, so that the parent's end still shows."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.close()
