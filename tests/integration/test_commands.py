"""The command line: what is wrong is said in one line, with a code that scripts can read."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import run


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def long(*values: object) -> object:
    return pytest.param(*values, marks=pytest.mark.long)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"}, "DATABASE_URL"),
        long({"STORYBOOK_DATA_DIR": "/dev/null/data"}, "/dev/null/data"),
        long({"S3_BUCKET": "bbb", "S3_ENDPOINT": "http://127.0.0.1:9", "S3_PUBLIC_URL": "http://x"}, "S3_ENDPOINT"),
        long({"IMAGE_PROVIDER": "crayon"}, "IMAGE_PROVIDER"),
        ({"LLM_PROVIDER": "openai"}, "LLM_API_KEY is not set"),
        long({"LLM_PROVIDER": "openai", "LLM_API_KEY": "any", "LLM_MODEL": "gpt-0"}, "LLM_MODEL"),
        long({"LLM_PROVIDER": "openai", "LLM_BASE_URL": "localhost"}, "LLM_BASE_URL"),
        long({"SIGHT_PROVIDER": "openai"}, "PERSONAL_DATA_VENDORS"),
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


@pytest.mark.parametrize("part", ["worker", "beat"])
def test_a_part_that_has_nothing_to_do_says_so(tmp_path: Path, part: str) -> None:
    refused = run(tmp_path, part)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("storybook: USE_CELERY is off")


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
    ill = run(tmp_path, "doctor", IMAGE_PROVIDER="crayon", LLM_PROVIDER="openai")
    assert ill.returncode == 1
    assert "IMAGE_PROVIDER" in ill.stdout and "LLM_API_KEY" in ill.stdout
    assert "crayon" not in ill.stdout


def test_what_vendors_cost_is_told_without_any_vendor(tmp_path: Path) -> None:
    told = run(tmp_path, "costs")
    assert (told.returncode, told.stderr) == (0, "")
    assert "No vendor was called in the last 7 days" in told.stdout
    assert run(tmp_path, "costs", "--days", "0").returncode == 2


def test_the_tables_can_be_made_by_hand(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0


def test_the_installed_command_is_the_same() -> None:
    command = Path(sys.executable).parent / "storybook"
    told = subprocess.run([command, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert all(f" {name} " in told for name in ("serve", "make", "worker", "beat", "migrate", "doctor", "audit"))
