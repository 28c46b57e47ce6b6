"""A service that lost its database and its files gets back every row and every file."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from storybook.core.database import Database
from tests.fixtures_front import free_port
from tests.fixtures_s3 import ACCESS_KEY, SECRET_KEY, S3Server, s3_server

__all__ = ["s3_server"]

ROOT = Path(__file__).parents[2]
TABLES = 34


def run(data: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command, or one of our scripts, on the machine with this data folder."""
    program = str(ROOT / "scripts" / command[0]) if command[0].endswith(".sh") else command[0]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "STORYBOOK_ENVIRONMENT": "ready",
        "STORYBOOK_DATA_DIR": str(data),
        **settings,
    }
    whole = [program, *command[1:]]
    return subprocess.run(
        whole, env=environment, cwd=data.parent, capture_output=True, text=True, timeout=250, check=False
    )


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a machine that has made a book."""
    data = tmp_path_factory.mktemp("machine") / "data"
    made = run(data, "storybook", "make", "--once", "--pages", "4", "--port", str(free_port()))
    assert made.returncode == 0, made.stderr
    return data


@pytest.fixture(scope="module")
def backup(machine: Path) -> Path:
    folder = machine.parent / "backup"
    saved = run(machine, "backup.sh", str(folder))
    assert saved.returncode == 0, saved.stderr
    return folder


def test_everything_that_was_lost_comes_back(machine: Path, backup: Path) -> None:
    manifest, files = json.loads((backup / "manifest.json").read_text()), files_below(machine / "assets")
    assert manifest["tables"]["books"]["number"] == 1
    assert manifest["tables"]["pages"]["number"] == 4
    assert len(manifest["tables"]) == TABLES
    assert manifest["files"] == len(files) >= 5
    secret = (machine / "user_key_pepper").read_text()
    shutil.rmtree(machine)

    restored = run(machine, "restore.sh", str(backup))
    assert restored.returncode == 0, restored.stderr
    assert files_below(machine / "assets") == files
    assert (machine / "user_key_pepper").read_text() == secret
    again = machine.parent / "again"
    assert run(machine, "backup.sh", str(again)).returncode == 0
    assert json.loads((again / "manifest.json").read_text())["tables"] == manifest["tables"]
    assert run(machine, "storybook", "audit").returncode == 0


def test_a_backup_is_private_and_any_tool_can_check_it(backup: Path) -> None:
    assert [path for path in (backup, *backup.rglob("*")) if path.stat().st_mode & 0o077] == []
    command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=backup, check=False).returncode == 0


@pytest.mark.long
def test_nothing_that_is_there_is_overwritten_unless_it_is_said(machine: Path, backup: Path) -> None:
    refused = run(machine, "restore.sh", str(backup))
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    (machine / "assets" / "left.jpg").write_bytes(b"left over")
    replaced = run(machine, "restore.sh", str(backup), "--replace")
    assert replaced.returncode == 0, replaced.stderr
    assert not (machine / "assets" / "left.jpg").exists()
    assert run(machine, "backup.sh", str(backup)).returncode == 1


def test_a_picture_that_is_not_there_is_named_and_stops_no_backup(machine: Path, tmp_path: Path) -> None:
    picture = min((machine / "assets").rglob("*.jpg"))
    data = picture.read_bytes()
    picture.unlink()
    saved = run(machine, "backup.sh", str(tmp_path / "saved"), USER_KEY_PEPPER="a pepper of the settings")
    picture.write_bytes(data)
    assert "without 1 that" in saved.stdout, saved.stderr
    manifest = json.loads((tmp_path / "saved" / "manifest.json").read_text())
    assert manifest["missing"] == [picture.relative_to(machine / "assets").as_posix()]
    assert (tmp_path / "saved" / "secrets" / "user_key_pepper").read_text() == "a pepper of the settings"


def test_a_restore_that_fails_at_the_tables_has_touched_no_file(machine: Path, backup: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(backup, broken)
    (broken / "database.dump").write_bytes(b"no dump")
    sums = [line for line in (broken / "SHA256SUMS").read_text().splitlines() if "database.dump" not in line]
    changed = hashlib.sha256(b"no dump").hexdigest()
    (broken / "SHA256SUMS").write_text("\n".join([*sums, f"{changed}  database.dump"]) + "\n")
    (machine / "assets" / "newer.jpg").write_bytes(b"newer")
    files = files_below(machine / "assets")
    failed = run(machine, "restore.sh", str(broken), "--replace")
    assert failed.returncode == 1
    assert files_below(machine / "assets") == files
    (machine / "assets" / "newer.jpg").unlink()


@pytest.mark.long
def test_a_damaged_backup_changes_nothing(backup: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    for harm in ("changed", "missing", "added"):
        shutil.copytree(backup, damaged)
        picture = next(path for path in (damaged / "files").rglob("*") if path.is_file())
        match harm:
            case "changed":
                picture.write_bytes(b"no picture")
            case "missing":
                picture.unlink()
            case _:
                (damaged / "files" / "more.jpg").write_bytes(b"more")
        refused = run(tmp_path / "data", "restore.sh", str(damaged))
        assert refused.returncode == 1
        assert "damaged" in refused.stderr
        shutil.rmtree(damaged)
    assert not (tmp_path / "data" / "assets").exists()


@pytest.mark.long
def test_another_database_and_a_bucket_get_the_same(
    backup: Path, tmp_path: Path, empty_database: Database, s3_server: S3Server
) -> None:
    """From one machine's own database and disk to servers, and with another pepper not at all."""
    bucket = s3_server.bucket_name()
    settings = {
        "DATABASE_URL": empty_database.url.replace("+asyncpg", ""),
        "S3_ENDPOINT": s3_server.endpoint,
        "S3_BUCKET": bucket,
        "S3_ACCESS_KEY": ACCESS_KEY,
        "S3_SECRET_KEY": SECRET_KEY,
        "S3_PUBLIC_URL": f"{s3_server.endpoint}/{bucket}",
    }
    s3_server.client().create_bucket(Bucket=bucket)
    refused = run(tmp_path / "data", "restore.sh", str(backup), **settings, USER_KEY_PEPPER="another")
    assert "USER_KEY_PEPPER" in refused.stderr
    restored = run(tmp_path / "data", "restore.sh", str(backup), **settings)
    assert restored.returncode == 0, restored.stderr
    stored = s3_server.client().list_objects_v2(Bucket=bucket)["Contents"]
    assert {found["Key"] for found in stored} == set(files_below(backup / "files"))
    saved = run(tmp_path / "data", "backup.sh", str(tmp_path / "second"), **settings)
    assert saved.returncode == 0, saved.stderr
    assert files_below(tmp_path / "second" / "files") == files_below(backup / "files")
