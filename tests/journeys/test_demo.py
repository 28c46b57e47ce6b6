"""The commands of the README, as a new user runs them, in a clean directory."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from pypdf import PdfReader

ROOT = Path(__file__).parents[2]
PATIENCE = 120


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's files in a directory with a blank in its name, and nothing else."""
    clean = tmp_path_factory.mktemp("a clean") / "check out"
    for part in ("src", "alembic", "prompts", "scripts"):
        shutil.copytree(ROOT / part, clean / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "requirements.lock", "README.md"):
        shutil.copy(ROOT / file, clean)
    return clean


@pytest.fixture(scope="module")
def environment(checkout: Path) -> dict[str, str]:
    """Where the script finds what pip would have brought; the code is the clean directory's own."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(checkout / "src"),
        "STORYBOOK_ENVIRONMENT": "ready",
    }


def demo(checkout: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(checkout / "scripts" / "demo.sh"), *arguments]
    return subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_one_command_makes_a_book_and_a_second_run_keeps_it(checkout: Path, environment: dict[str, str]) -> None:
    arguments = ("a shy whale who finds a friend", "--age", "3-5", "--pages", "4", "--out", "my books", "--once")
    first = demo(checkout, environment, *arguments, "--port", str(free_port()))
    assert (first.returncode, first.stderr) == (0, ""), first.stderr
    assert "Painting" in first.stdout
    (book,) = (checkout / "my books").iterdir()
    names = sorted(file.name for file in book.iterdir())
    assert names == ["book.pdf", "cover.jpg", *(f"page-{n:02d}.jpg" for n in range(1, 5)), "story.txt"]
    for picture in book.glob("*.jpg"):
        with Image.open(picture) as image:
            assert image.height >= 1024
            assert image.height * 3 == image.width * 4
    assert len(PdfReader(book / "book.pdf").pages) >= 6
    assert "whale" in (book / "story.txt").read_text(encoding="utf-8").lower()

    second = demo(checkout, environment, *arguments, "--port", str(free_port()))
    assert second.returncode == 0, second.stderr
    assert len(list((checkout / "my books").iterdir())) == 2, second.stdout


@pytest.fixture
def serving(checkout: Path, environment: dict[str, str]) -> Iterator[str]:
    """A demo that goes on serving."""
    port = free_port()
    command = [str(checkout / "scripts" / "demo.sh"), "--pages", "4", "--port", str(port)]
    process = subprocess.Popen(command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for line in process.stdout:
        if "Serving at" in line:
            break
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    assert process.wait(timeout=30) == 0
    process.stdout.close()


@pytest.mark.long
def test_it_goes_on_serving_and_a_second_one_says_in_one_line_why_it_cannot(
    checkout: Path, environment: dict[str, str], serving: str
) -> None:
    assert httpx.get(f"{serving}/health/ready").json()["status"] == "ready"
    assert httpx.get(f"{serving}/docs").status_code == 200
    key = (checkout / ".data" / "user_key").read_text()
    assert httpx.get(f"{serving}/v1/library", headers={"X-User-Key": key}).json()["total"] >= 1
    audit = subprocess.run(
        ["storybook", "audit"], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert (audit.returncode, audit.stdout[:9]) == (0, "All right"), audit.stderr
    same_port = demo(checkout, environment, "--once", "--port", serving.rsplit(":", 1)[1])
    same_data = demo(checkout, environment, "--once", "--port", str(free_port()))
    for refused, reason in ((same_port, "Port"), (same_data, "Another storybook")):
        assert refused.returncode == 2
        assert len(refused.stderr.splitlines()) == 1
        assert reason in refused.stderr


@pytest.mark.long
def test_a_book_that_was_interrupted_is_finished_by_the_next_run(checkout: Path, environment: dict[str, str]) -> None:
    port = str(free_port())
    quick = {"STORYBOOK_DATA_DIR": "other", "LEASE_SECONDS": "2", "HEARTBEAT_SECONDS": "1", "SWEEP_SECONDS": "1"}
    environment = environment | quick
    command = ["storybook", "make", "--pages", "12", "--port", port, "--once"]
    killed = subprocess.Popen(command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True)
    assert killed.stdout
    for line in killed.stdout:
        if "Painting" in line:
            break
    killed.kill()
    killed.wait()
    killed.stdout.close()
    key = (checkout / "other" / "user_key").read_text()
    command = ["storybook", "serve", "--port", port]
    quiet = subprocess.DEVNULL
    serving = subprocess.Popen(command, cwd=checkout, env=environment, stdout=quiet, stderr=quiet)
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                shelf = httpx.get(f"http://127.0.0.1:{port}/v1/library", headers={"X-User-Key": key}).json()
            except httpx.ConnectError:
                shelf = {"books": []}
            if shelf["books"]:
                break
            time.sleep(0.5)
        detail = httpx.get(
            f"http://127.0.0.1:{port}/v1/books/{shelf['books'][0]['id']}/detail", headers={"X-User-Key": key}
        ).json()
        assert len(detail["pages"]) == 12
    finally:
        serving.terminate()
        assert serving.wait(timeout=40) == 0
