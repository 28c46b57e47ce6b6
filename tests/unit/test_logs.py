"""Logs hold known keys only, and no text of a parent or a child."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from storybook.core.errors import ErrorCode, ProviderError
from storybook.core.logs import about_user, adopt, configure_logs, name_users_by


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_unknown_keys_and_messages_of_exceptions_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=True)
    try:
        raise ValueError("the child is called Luna")
    except ValueError as error:
        structlog.get_logger().error("job_failed", job_id="job_1", topic="Luna and the moon", exc_info=error)
    line = capsys.readouterr().err
    entry = json.loads(line)
    assert "Luna" not in line
    assert (entry["event"], entry["job_id"]) == ("job_failed", "job_1")
    assert entry["exception"].startswith("ValueError at ")


def test_a_failure_of_a_vendor_is_told_with_its_status_and_none_of_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("info", as_json=True)
    error = ProviderError("the child is called Luna", code=ErrorCode.LLM_TIMEOUT)
    error.provider, error.status = "openai", 404
    structlog.get_logger().warning("step_failed", code=error.code, exc_info=error)
    line = capsys.readouterr().err
    entry = json.loads(line)
    assert "Luna" not in line and "reason" not in entry
    assert (entry["code"], entry["provider"], entry["status"]) == ("LLM_TIMEOUT", "openai", 404)


def test_what_ends_the_process_is_a_line_like_all_others(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=True)
    error = ValueError("the child is called Luna")
    sys.excepthook(ValueError, error, None)
    line = capsys.readouterr().err
    assert (json.loads(line)["event"], json.loads(line)["exception"]) == ("process_failed", "ValueError at ?")
    configure_logs("info", as_json=False)
    assert sys.excepthook is sys.__excepthook__


def test_lines_for_a_terminal_are_no_json_and_say_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=False)
    structlog.get_logger().info("job_started", job_id="job_1", topic="Luna and the moon")
    line = capsys.readouterr().err
    assert "job_started" in line
    assert "job_1" in line
    assert "Luna" not in line
    assert not line.startswith("{")


@pytest.mark.parametrize(
    "library", ["asyncio", "celery.worker", "kombu.connection", "sqlalchemy.pool", "uvicorn.error"]
)
def test_what_a_library_says_is_written_without_its_values(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=True)
    logging.getLogger(library).warning("cannot reach %s", "redis://:a password@broker")
    logging.getLogger(library).info("nothing new")
    line = capsys.readouterr().err
    assert "password" not in line
    assert (json.loads(line)["event"], json.loads(line)["logger"]) == ("cannot reach %s", library)


def test_of_a_library_that_nobody_has_looked_at_only_the_place_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=True)
    name = "Luna"
    logging.getLogger("a_library").error(f"cannot draw {name}")  # noqa: G004 - as some libraries do
    line = capsys.readouterr().err
    assert name not in line
    assert (json.loads(line)["event"], json.loads(line)["logger"]) == ("library_says", "a_library")
    assert json.loads(line)["place"].startswith("test_logs:")


def test_a_library_that_keeps_its_messages_to_itself_can_be_adopted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=True)
    logger = logging.getLogger("multiprocessing.of_a_test")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    adopt(logger.name)
    logger.warning("ended with %s", "a secret")
    assert json.loads(capsys.readouterr().err)["event"] == "ended with %s"


def test_an_exporter_that_repeats_itself_is_heard_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=True)
    for _ in range(100):
        logging.getLogger("opentelemetry.exporter").error("Failed to export %s batch", "span")
        logging.getLogger("opentelemetry.sdk").warning("Queue full")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_user_is_a_hash_that_all_processes_with_the_same_secret_make(capsys: pytest.CaptureFixture[str]) -> None:
    name_users_by("a pepper")
    here = about_user("user_1")
    name_users_by("another pepper")
    assert about_user("user_1") != here
    name_users_by("a pepper")
    assert about_user("user_1") == here != about_user("user_2")
    assert "user_1" not in here["user"]
