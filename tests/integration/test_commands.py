"""The command line: what is wrong is said in one line, with a code that scripts can read."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

STORYBOOK = str(Path(sys.executable).parent / "storybook")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def run(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "STORYBOOK_DATA_DIR": str(tmp_path / "data"),
        "COLUMNS": "200",
        **settings,
    }
    return subprocess.run(
        [STORYBOOK, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"}, "DATABASE_URL"),
        ({"STORYBOOK_DATA_DIR": "/dev/null/data"}, "/dev/null/data"),
        ({"S3_BUCKET": "books", "S3_ENDPOINT": "http://127.0.0.1:9", "S3_PUBLIC_URL": "http://x"}, "S3_ENDPOINT"),
        ({"IMAGE_PROVIDER": "crayon"}, "IMAGE_PROVIDER"),
        ({"ENVIRONMENT": "production"}, "USER_KEY_PEPPER"),
        ({"IMAGE_MAX_CONCURRENT": "many"}, "IMAGE_MAX_CONCURRENT"),
    ],
)
def test_what_stands_in_the_way_of_a_start_is_said_in_one_line(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    refused = run(tmp_path, "serve", "--port", str(free_port()), **settings)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1, refused.stderr
    assert reason in refused.stderr


@pytest.mark.parametrize(
    "arguments", [["--pages", "13"], ["--age", "2"], ["--style", "crayon"], ["a\x1bfox"], ["x" * 201]]
)
def test_an_order_that_cannot_be_is_refused_before_anything_is_started(tmp_path: Path, arguments: list[str]) -> None:
    refused = run(tmp_path, "make", "--once", *arguments)
    assert refused.returncode == 2
    assert not (tmp_path / "data").exists()


def test_the_doctor_says_what_is_there_and_what_is_wrong(tmp_path: Path) -> None:
    well = run(tmp_path, "doctor")
    assert well.returncode == 0, well.stdout
    for word in ("database", "our own PostgreSQL", "storage", "providers", "studio", "secrets"):
        assert word in well.stdout
    ill = run(tmp_path, "doctor", IMAGE_PROVIDER="crayon")
    assert ill.returncode == 1
    assert "crayon" in ill.stdout


def test_the_tables_can_be_made_by_hand(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
