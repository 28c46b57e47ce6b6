"""Logs hold known keys only, and no text of a parent or a child."""

import json

import pytest
import structlog

from storybook.core.logs import configure_logs


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
