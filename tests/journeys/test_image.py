"""What the Dockerfile does, without Docker: its scripts make its environment, and an unprivileged user runs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fixtures_front import NOBODY, ROOT, free_port, open_folder, wait_for

pytestmark = pytest.mark.long
AS_NOBODY = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def interpreter() -> str:
    """A Python that the unprivileged user can run: ours may lie in a folder of root's."""
    for python in (sys.executable, "/usr/bin/python3"):
        command = [os.path.realpath(python), "-c", "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(command, check=False, cwd="/", **AS_NOBODY).returncode == 0:
                return python
        except PermissionError:
            continue
    raise RuntimeError("An unprivileged user can run no Python here; please install python3-venv.")


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """The folder that becomes /opt/storybook of the image."""
    with open_folder() as folder:
        made = folder / "storybook"
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHON": interpreter()}
        environment |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))}
        command = [ROOT / "scripts" / "image" / "build.sh", made]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=500)
        assert done.returncode == 0, done.stderr
        yield made


@pytest.fixture
def container(image: Path) -> Iterator[tuple[list[str], dict[str, object]]]:
    """The entry of the image, and how it is run: by nobody, from an empty folder, with one place to write to."""
    with open_folder() as folder:
        for name in ("empty", "data"):
            (folder / name).mkdir(mode=0o755)
        if AS_NOBODY:
            os.chown(folder / "data", NOBODY, NOBODY)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "PYTHONDONTWRITEBYTECODE": "1",
            "STORYBOOK_DATA_DIR": str(folder / "data"),
            "PORT": str(free_port()),
            "HOST": "127.0.0.1",
        }
        entry = [str(image / "storybook" / "scripts" / "image" / "entry.sh")]
        yield entry, {"env": environment, "cwd": folder / "empty", **AS_NOBODY}


def test_it_holds_what_the_service_needs_and_nothing_to_build_with(image: Path) -> None:
    (package,) = image.glob("lib/python3*/site-packages/storybook")
    assert len(list((package / "editions" / "fonts").glob("*.ttf"))) == 5
    assert list((package / "_prompts").glob("*.jinja2"))
    assert list((package / "_alembic" / "versions").glob("*.py"))
    assert not list(image.rglob("pip/__main__.py"))
    assert not list(image.rglob("tests/conftest.py"))


def test_an_unprivileged_user_migrates_and_serves(container: tuple[list[str], dict[str, object]]) -> None:
    entry, how = container
    environment = how["env"]
    assert isinstance(environment, dict)
    migrated = subprocess.run([*entry, "migrate"], capture_output=True, text=True, timeout=120, check=False, **how)
    assert (migrated.returncode, migrated.stdout) == (0, "The tables are up to date.\n"), migrated.stderr
    assert subprocess.run([*entry, "health"], capture_output=True, timeout=60, check=False, **how).returncode == 1
    api = subprocess.Popen([*entry, "api"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
    try:
        wait_for(f"http://127.0.0.1:{environment['PORT']}/health", api)
        assert httpx.get(f"http://127.0.0.1:{environment['PORT']}/health", trust_env=False).json()["version"]
        assert subprocess.run([*entry, "health"], timeout=60, check=False, **how).returncode == 0
        smoke = [*entry, "smoke", f"http://127.0.0.1:{environment['PORT']}"]
        done = subprocess.run(smoke, capture_output=True, text=True, timeout=300, check=False, **how)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        api.terminate()
        assert api.wait(timeout=60) == 0
    assert not list((Path(str(how["cwd"]))).iterdir())


def test_an_unknown_command_is_said_to_be_one(container: tuple[list[str], dict[str, object]]) -> None:
    entry, how = container
    done = subprocess.run([*entry, "dance"], capture_output=True, text=True, timeout=60, check=False, **how)
    assert done.returncode == 2
    assert "dance" in done.stderr
