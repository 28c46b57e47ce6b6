"""A process that is told to stop ends its streams and answers, and leaves nothing running."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

STORYBOOK = str(Path(sys.executable).parent / "storybook")


@pytest.mark.long
def test_a_stream_of_events_does_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = int(sock.getsockname()[1])
    environment = {**os.environ, "STORYBOOK_DATA_DIR": str(tmp_path / "data"), "JOBS_IN_PROCESS": "1"}
    quiet = subprocess.DEVNULL
    command = [STORYBOOK, "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=quiet, text=True)
    try:
        assert process.stdout
        assert "Serving" in process.stdout.readline()
        spec = {"topic": "a fox", "target_age": "5-7", "style": "cartoon", "page_count": 12}
        url = f"http://127.0.0.1:{port}/v1/books"
        headers = {"X-User-Key": "a-key-of-a-user"}
        jobs = [
            httpx.post(url, json=spec | {"topic": f"a fox {n}"}, headers=headers, trust_env=False).json()["job_id"]
            for n in range(2)
        ]
        with httpx.stream("GET", f"{url}/{jobs[1]}/events", headers=headers, timeout=60, trust_env=False) as stream:
            lines = stream.iter_lines()
            next(lines)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            list(lines)
        assert process.wait(timeout=40) == 0
        assert time.monotonic() - began < 30
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
