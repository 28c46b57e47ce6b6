"""Our own PostgreSQL when processes die: the server ends with its owner, and the next start copes with what is left."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from storybook.core.database import Database, patiently
from storybook.core.embedded_postgres import server_bin
from storybook.core.errors import SetupError
from storybook.core.postgres_keeper import looked_after
from tests.fixtures_postgres import (
    HOLD_WITH_CHILD,
    Owners,
    Start,
    ask,
    data_dir,
    lives,
    owners,
    parent_of,
    said,
    server_pid,
    start,
    wait_until,
)

__all__ = ["data_dir", "owners", "start"]  # fixtures


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_ends_with_its_killed_owner(
    start: Start, owners: Owners, data_dir: Path, how: signal.Signals
) -> None:
    owner = owners.start(data_dir)
    ask(said(owner), "CREATE TABLE kept AS SELECT 7 AS n")
    pid = server_pid(data_dir)
    owner.send_signal(how)
    owner.wait()
    wait_until(lambda: not lives(pid))
    assert ask(start().url, "SELECT n FROM kept") == "7"


def test_the_next_start_need_not_wait_for_the_end_of_the_last(start: Start, owners: Owners, data_dir: Path) -> None:
    owner = owners.start(data_dir)
    ask(said(owner), "CREATE TABLE kept AS SELECT 7 AS n")
    owner.kill()
    owner.wait()
    assert ask(start().url, "SELECT n FROM kept") == "7"


def test_the_server_ends_with_an_owner_that_forgot_to_stop_it(owners: Owners, data_dir: Path) -> None:
    owner = owners.start(data_dir)
    said(owner)
    pid = server_pid(data_dir)
    owner.communicate("")
    assert owner.returncode == 0
    assert not lives(pid)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


def test_a_forked_child_keeps_neither_the_folder_nor_the_server(start: Start, owners: Owners, data_dir: Path) -> None:
    owner = owners.start(data_dir, HOLD_WITH_CHILD)
    child = int(said(owner))
    try:
        owner.kill()
        owner.wait()
        assert ask(start().url, "SELECT 1") == "1"
        assert lives(child)
    finally:
        os.kill(child, signal.SIGKILL)


def test_an_orphan_is_stopped_and_its_data_kept(start: Start, owners: Owners, data_dir: Path) -> None:
    owner = owners.start(data_dir)
    ask(said(owner), "CREATE TABLE kept AS SELECT 7 AS n")
    orphan = server_pid(data_dir)
    supervisor = parent_of(orphan)
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    watchers = [int(pid) for pid in children if int(pid) != orphan]
    for pid in (supervisor, *watchers, owner.pid):
        os.kill(pid, signal.SIGKILL)
    owner.wait()
    assert lives(orphan)
    database = start()
    assert not lives(orphan)
    assert ask(database.url, "SELECT n FROM kept") == "7"


def test_a_stale_pid_file_is_no_hindrance_even_if_that_process_lives(
    start: Start, owners: Owners, data_dir: Path
) -> None:
    owner = owners.start(data_dir)
    ask(said(owner), "CREATE TABLE kept AS SELECT 7 AS n")
    told = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    os.killpg(parent_of(int(told[0])), signal.SIGKILL)
    owner.kill()
    wait_until(lambda: not lives(int(told[0])))
    cluster = data_dir / "postgres"
    uid, gid = cluster.stat().st_uid, cluster.stat().st_gid
    stranger = subprocess.Popen(["sleep", "60"], user=uid, group=gid)
    try:
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (cluster / name).write_text("\n".join([str(stranger.pid), *told[1:]]) + "\n")
        assert ask(start().url, "SELECT n FROM kept") == "7"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_started_by_hand_is_left_alone(start: Start, data_dir: Path) -> None:
    start().stop()
    cluster = data_dir / "postgres"
    owner = cluster.stat()
    by_hand = subprocess.Popen(
        [server_bin("postgres"), "-D", "/proc/self/cwd", "-k", ".", "-c", "listen_addresses="],
        cwd=cluster,
        user=owner.st_uid,
        group=owner.st_gid,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            lambda: (cluster / "postmaster.pid").exists() and "ready" in (cluster / "postmaster.pid").read_text()
        )
        with pytest.raises(SetupError, match=r'postmaster\.pid" already exists'):
            start()
        assert by_hand.poll() is None
    finally:
        by_hand.send_signal(signal.SIGINT)
        by_hand.wait()


async def test_a_server_that_was_killed_is_started_again_at_its_address_with_its_data(
    start: Start, data_dir: Path
) -> None:
    server = start(durable=True)
    ask(server.url, "CREATE TABLE kept AS SELECT 7 AS n")
    database = Database.connect(server.url, pool_size=2)
    async with looked_after(server):
        for killed in (server_pid, lambda folder: parent_of(server_pid(folder))):
            before = server_pid(data_dir)
            os.kill(killed(data_dir), signal.SIGKILL)
            async with asyncio.timeout(30):
                while lives(before):
                    await asyncio.sleep(0.05)
                await patiently(database.ping, 20)
    assert ask(server.url, "SELECT n FROM kept") == "7"
    await database.close()
    server.stop()
    assert not server.revive()
