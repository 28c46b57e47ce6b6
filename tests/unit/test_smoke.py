"""What looks at a running service from outside says what it sees, whatever that is."""

import http.server
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.fixtures_front import ROOT, free_port

SMOKE = runpy.run_path(str(ROOT / "scripts" / "smoke.py"))
HEALTH = ROOT / "scripts" / "image" / "health.py"


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """The address of a service that answers everything with this JSON."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing is said of it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("body", [b"[]", b"[[]]", b'"text"', b"7", b"null", b"{}", b"no JSON"])
def test_an_answer_of_another_form_is_a_check_that_fails(body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    report: Any = SMOKE["Report"]()
    with answering(body) as url:
        reader = SMOKE["Reader"](url)
        for step in (lambda: SMOKE["sign_in"](reader, report, "a-key"), lambda: SMOKE["order"](reader, report)):
            with pytest.raises(SMOKE["Failed"]):
                step()
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said] == ["FAIL sign in", "FAIL order"]
    assert all("another form" in line for line in said)
    assert (report.passed, report.failed) == (0, 2)


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTP_PROXY"])
def test_a_healthy_container_is_ready_whatever_its_proxy_is(proxy: str) -> None:
    environment = os.environ | {proxy: f"http://127.0.0.1:{free_port()}", "no_proxy": ""}
    with answering(b"{}") as url:
        command = [sys.executable, str(HEALTH), "/nothing/is/here", url]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
