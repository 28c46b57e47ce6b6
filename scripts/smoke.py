"""Uses a service that runs, as the app does. See scripts/smoke.sh."""

import argparse
import os
import secrets
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

POLL_SECONDS = 2.0
CALL_SECONDS = 30.0
GONE_SECONDS = 30.0
PAGES = 4
ORDER = {
    "topic": "a small lighthouse that learns to whistle",
    "language": "en",
    "target_age": "5-7",
    "style": "watercolor",
    "page_count": PAGES,
}


OF_ANOTHER_FORM = (LookupError, TypeError, ValueError, AttributeError)
"""What comes of reading an answer that is JSON, but not what the API says."""


class Failed(Exception):
    """A check that did not hold; the sentence says why."""


class Report:
    """Prints a line a check and counts."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    @contextmanager
    def check(self, what: str) -> Iterator[None]:
        """One check. What fails is printed and raised, as the checks after it build on it."""
        try:
            yield
        except (Failed, httpx.HTTPError, *OF_ANOTHER_FORM) as error:
            self.failed += 1
            why = f"the answer has another form ({error!r})" if isinstance(error, OF_ANOTHER_FORM) else str(error)
            print(f"FAIL {what}: {why or type(error).__name__}", flush=True)
            raise Failed from error
        self.passed += 1
        print(f"PASS {what}", flush=True)


def require(holds: object, why: str) -> None:
    if not holds:
        raise Failed(why)


class Reader:
    """A family's phone: its key or tokens go with every call to the API, and with nothing else."""

    def __init__(self, base_url: str) -> None:
        # What OpenSSL trusts: also SSL_CERT_FILE, for a service with a certificate of its own.
        trusted = ssl.create_default_context()
        self._client = httpx.Client(base_url=base_url, timeout=CALL_SECONDS, trust_env=False, verify=trusted)
        self.base_url = base_url
        self.headers: dict[str, str] = {}

    def call(self, method: str, path: str, *statuses: int, **more: Any) -> httpx.Response:
        """The answer, which must have one of these statuses, or else 200."""
        headers = self.headers | more.pop("headers", {})
        answer = self._client.request(method, path, headers=headers, **more)
        if answer.status_code not in (statuses or (200,)):
            raise Failed(f"{method} {path} answered {_told(answer)}")
        return answer

    def get(self, path: str) -> Any:
        return self.call("GET", path).json()

    def picture(self, url: str) -> httpx.Response:
        """A file as the app loads it: by its whole address, without any header of ours."""
        return self._client.get(url, follow_redirects=True)

    def events(self, path: str) -> Iterator[tuple[str, float]]:
        """The name of each event and when it came."""
        with self._client.stream("GET", path, headers=self.headers, timeout=httpx.Timeout(CALL_SECONDS)) as answer:
            require(answer.status_code == httpx.codes.OK, f"the stream of events answered {answer.status_code}")
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    yield line.removeprefix("event: "), time.monotonic()


def _told(answer: httpx.Response) -> str:
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code}, and not in the form of the API"
    return f"{answer.status_code} {error['code']}: {error['message']}"


def look_around(reader: Reader, report: Report) -> None:
    with report.check("health: the service is there"):
        require("status" in reader.get("/health"), "no status")
    with report.check("errors: an unknown address is refused in the form of the API"):
        error = reader.call("GET", "/v1/nothing-is-here", 404).json()
        require({"detail", "error", "request_id"} <= set(error), "another form")
    for name, path, keys in (
        ("characters", "/v1/characters", {"characters", "total"}),
        ("library", "/v1/library", {"books", "total"}),
        ("credits", "/v1/credits/balance", {"credits"}),
        ("streak", "/v1/streak/info", {"current_streak"}),
        ("story of the day", "/v1/streak/today", {"topic"}),
    ):
        with report.check(f"{name}: can be read"):
            missing = keys - set(reader.get(path))
            require(not missing, f"without {', '.join(sorted(missing))}")


def sign_in(reader: Reader, report: Report, user_key: str) -> None:
    with report.check("sign in: the device gets tokens"):
        tokens = reader.call("POST", "/v1/auth/device", headers={"X-User-Key": user_key}).json()
        reader.headers = {"Authorization": f"Bearer {tokens['access_token']}"}


def order(reader: Reader, report: Report) -> str:
    once = {"X-Idempotency-Key": secrets.token_hex(16)}
    with report.check("order: a book is accepted"):
        job_id: str = reader.call("POST", "/v1/books", json=ORDER, headers=once).json()["job_id"]
    with report.check("order: sent again, it is the same book"):
        again = reader.call("POST", "/v1/books", json=ORDER, headers=once).json()["job_id"]
        require(again == job_id, "another book was ordered")
    return job_id


def follow(reader: Reader, report: Report, job_id: str, patience: float) -> dict[str, Any]:
    """The finished book, after it was followed by events and by polls at the same time."""
    seen: list[tuple[str, float]] = []
    listener = threading.Thread(target=lambda: seen.extend(reader.events(f"/v1/books/{job_id}/events")), daemon=True)
    listener.start()
    with report.check("follow: by polls to the end"):
        job = _poll_to_the_end(reader, job_id, patience)
        require(job["status"] == "done", f"the book has {job['status']}: {(job['error'] or {}).get('code')}")
    with report.check("follow: by events to the end"):
        listener.join(timeout=CALL_SECONDS)
        require(seen and seen[-1][0] == "done", f"the last of {len(seen)} events is not done")
        require(len({round(when, 1) for _, when in seen}) > 1, "all events came at once: something holds them back")
    book: dict[str, Any] = job["result"]
    return book


def _poll_to_the_end(reader: Reader, job_id: str, patience: float) -> dict[str, Any]:
    until, before = time.monotonic() + patience, 0
    while True:
        job: dict[str, Any] = reader.get(f"/v1/books/{job_id}")
        require(job["progress"] >= before or job["status"] == "failed", "progress went back")
        if job["status"] in ("done", "failed"):
            return job
        require(time.monotonic() < until, f"not done after {patience:.0f} s, but at {job['progress']} %")
        before = job["progress"]
        time.sleep(POLL_SECONDS)


def read(reader: Reader, report: Report, book: dict[str, Any]) -> list[str]:
    """The addresses of the book's pictures."""
    book_id = book["book_id"]
    with report.check(f"read: {PAGES} pages with a text and a picture"):
        pages = reader.get(f"/v1/books/{book_id}/detail")["pages"]
        whole = [page for page in pages if page["text"] and page["image_url"]]
        require(len(whole) == len(pages) == PAGES, f"{len(whole)} whole pages of {len(pages)}")
    urls = [book["cover_image_url"], *(page["image_url"] for page in pages)]
    with report.check("read: every picture loads without headers, to be kept for long"):
        for url in urls:
            picture = reader.picture(url)
            require(picture.status_code == httpx.codes.OK, f"a picture answered {picture.status_code}")
            require(picture.headers["Content-Type"].startswith("image/"), "a picture is no picture")
            require("max-age=31536000" in picture.headers.get("Cache-Control", ""), "a picture is not to be kept")
    with report.check("read: the PDF is one"):
        pdf = reader.call("GET", f"/v1/books/{book_id}/pdf").content
        require(pdf.startswith(b"%PDF-"), "no PDF")
    with report.check("library: the book stands there"):
        found = [shelved["book_id"] for shelved in reader.get("/v1/library")["books"]]
        require(book_id in found, "it is not there")
    return urls


def remove(reader: Reader, report: Report, book_id: str, urls: list[str]) -> None:
    with report.check("delete: the book is gone"):
        reader.call("DELETE", f"/v1/library/{book_id}")
        reader.call("GET", f"/v1/books/{book_id}/detail", 404)
    with report.check("delete: so are its pictures"):
        _until_gone(lambda: all(reader.picture(url).status_code in (403, 404) for url in urls))


def _until_gone(gone: Callable[[], bool]) -> None:
    until = time.monotonic() + GONE_SECONDS
    while not gone():
        require(time.monotonic() < until, f"still there after {GONE_SECONDS:.0f} s")
        time.sleep(1)


def leave(reader: Reader, report: Report) -> None:
    with report.check("account: deleted with a proof"):
        proof = reader.call("DELETE", "/v1/users/me").json()["deletion_id"]
        reader.headers = {}
        reader.get(f"/v1/deletions/{proof}")


def smoke(reader: Reader, report: Report, patience: float) -> None:
    lent_key = os.environ.get("SMOKE_USER_KEY", "")
    sign_in(reader, report, lent_key or f"smoke-{secrets.token_urlsafe(24)}")
    try:
        look_around(reader, report)
        book = follow(reader, report, order(reader, report), patience)
        remove(reader, report, book["book_id"], read(reader, report, book))
    finally:
        if not lent_key:
            leave(reader, report)


def main() -> int:
    parser = argparse.ArgumentParser(prog="smoke.sh", description=__doc__)
    parser.add_argument("base_url", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--patience", type=float, default=600, help="seconds that the book may take")
    arguments = parser.parse_args()
    report = Report()
    try:
        smoke(Reader(arguments.base_url.rstrip("/")), report, arguments.patience)
    except Failed:
        print("What builds on this was not checked.")
    print(f"{report.passed} passed, {report.failed} failed")
    return int(report.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
