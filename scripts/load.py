"""A family's phone, for locust. See scripts/load.sh."""

import secrets
import time
from typing import Any

import gevent
from locust import HttpUser, between, task

POLL_SECONDS = 2.0
PATIENCE_SECONDS = 300.0
TOPICS = ("a fox and a kite", "a whale who sings", "the last snowman", "a train to the moon")


class Phone(HttpUser):
    """Reads much more than it orders. Names of calls are routes, so that they are counted together."""

    wait_time = between(1, 5)

    def on_start(self) -> None:
        self.client.headers["X-User-Key"] = f"load-{secrets.token_urlsafe(24)}"
        self.shelf: list[str] = []
        self.order_a_book()

    @task(1)
    def order_a_book(self) -> None:
        """As long as there are credits; after that the phone only reads."""
        body = {
            "topic": secrets.choice(TOPICS),
            "language": secrets.choice(("ko", "en", "ja")),
            "target_age": "5-7",
            "style": "watercolor",
            "page_count": 4,
        }
        with self.client.post("/v1/books", json=body, name="POST /v1/books", catch_response=True) as answer:
            if answer.status_code == 402:
                answer.success()
            if answer.status_code != 200:
                return
            job_id = answer.json()["job_id"]
        self._follow(job_id)

    def _follow(self, job_id: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            gevent.sleep(POLL_SECONDS)
            job = self._read(f"/v1/books/{job_id}", "GET /v1/books/{job_id}")
            if job and job["status"] == "done":
                self.shelf.append(job["result"]["book_id"])
                return
            if job and job["status"] == "failed":
                return

    @task(6)
    def open_a_book(self) -> None:
        if not self.shelf:
            return
        book_id = secrets.choice(self.shelf)
        book = self._read(f"/v1/books/{book_id}/detail", "GET /v1/books/{book_id}/detail")
        for page in (book or {}).get("pages", []):
            self.client.get(page["image_url"], name="GET a picture", headers={"X-User-Key": None})

    @task(8)
    def look_at_the_library(self) -> None:
        self._read("/v1/library?limit=20&offset=0", "GET /v1/library")

    @task(3)
    def look_at_the_streak(self) -> None:
        self._read("/v1/streak/info", "GET /v1/streak/info")
        self._read("/v1/streak/today", "GET /v1/streak/today")

    @task(2)
    def look_at_the_rest(self) -> None:
        self._read("/v1/characters", "GET /v1/characters")
        self._read("/v1/credits/balance", "GET /v1/credits/balance")

    def _read(self, path: str, name: str) -> dict[str, Any] | None:
        answer = self.client.get(path, name=name)
        return answer.json() if answer.status_code == 200 else None
