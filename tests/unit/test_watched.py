"""What processes without an API have seen is told where the settings say, to whoever may know it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from storybook.cli.watched import telling
from storybook.core.errors import SetupError
from storybook.core.headers import SAFE_HEADERS
from storybook.core.metrics import FOLDER, exposed_of
from storybook.core.settings import Settings
from tests.figures import Seen
from tests.fixtures_front import free_port

SEES = """
import sys, time
from storybook.core import metrics
metrics.count_job("book", "done", 3.0)
metrics.BREAKER_OPEN.labels("fal", "image").set(1)
print("seen", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{free_port()}"


def settings(address: str, **more: str) -> Settings:
    return Settings(_env_file=None, metrics_address=address, **more)


def test_all_processes_are_told_together_and_of_the_dead_only_what_they_counted(tmp_path: Path) -> None:
    command, environment = [sys.executable, "-c", SEES], os.environ | {FOLDER: str(tmp_path)}
    started = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == b"seen\n"
    alive = Seen(exposed_of(tmp_path).decode())
    for process in started:
        process.communicate()
    dead = Seen(exposed_of(tmp_path).decode())
    for seen in (alive, dead):
        assert seen.sum("storybook_jobs_ended_total", kind="book", outcome="done") == 2
        assert seen.sum("storybook_job_seconds_bucket", kind="book", le="5.0") == 2
    assert [one.value for one in alive.of("storybook_breaker_open")] == [1.0]
    assert not list(dead.of("storybook_breaker_open"))


@pytest.mark.parametrize(
    ("given", "path", "authorization", "status"),
    [
        ({}, "/metrics", "", 200),
        ({}, "/", "", 404),
        ({"metrics_token": "secret"}, "/metrics", "", 401),
        ({"metrics_token": "secret"}, "/metrics", "Bearer other", 401),
        ({"metrics_token": "secret"}, "/metrics", "Bearer secret", 200),
    ],
)
def test_it_is_told_to_whoever_has_the_token(
    address: str, given: dict[str, str], path: str, authorization: str, status: int
) -> None:
    with telling(settings(address, **given), lambda: b"storybook_event_streams 7\n"):
        url, headers = f"http://{address}{path}", {"Authorization": authorization}
        answer = httpx.get(url, headers=headers, trust_env=False)
    assert answer.status_code == status
    assert ("streams 7" in answer.text) == (status == 200)


@pytest.mark.parametrize(("method", "path"), [("GET", "/metrics"), ("GET", "/"), ("BREW", "/metrics")])
def test_every_answer_has_the_strict_headers_and_none_says_what_serves_it(address: str, method: str, path: str) -> None:
    with telling(settings(address), bytes):
        answer = httpx.request(method, f"http://{address}{path}", trust_env=False)
    assert answer.headers.items() >= {name.lower(): value for name, value in SAFE_HEADERS.items()}.items()
    assert "Server" not in answer.headers
    assert "Python" not in str(answer.headers)


def test_an_address_that_is_taken_is_said_in_one_line(address: str) -> None:
    one, other = (telling(settings(address), bytes) for _ in range(2))
    with one, pytest.raises(SetupError, match="METRICS_ADDRESS"), other:
        pass


def test_without_an_address_nobody_is_told() -> None:
    with telling(settings(""), bytes):
        assert "metrics" not in {thread.name for thread in threading.enumerate()}
