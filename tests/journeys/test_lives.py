"""Real processes that die, stop and start over, while others go on with their books."""

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from storybook.core.embedded_postgres import EmbeddedPostgres
from tests.conftest import database_for
from tests.fixtures_front import Api
from tests.fixtures_postgres import ask as ask_postgres

HEADERS = {"X-User-Key": "a-key-of-a-user"}
BOOK = {"topic": "a fox and a kite", "language": "en", "target_age": "5-7", "style": "cartoon", "page_count": 4}
HEARTBEAT = 0.5
LEASE = 2.0
SWEEP = 0.5
STUCK = """
CREATE OR REPLACE FUNCTION stick() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM jobs WHERE id = NEW.job_id AND request ->> 'spec' LIKE '%poison%')
        THEN RAISE EXCEPTION 'not yet' USING ERRCODE = '40001'; END IF;
    RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER stick BEFORE INSERT ON step_artifacts FOR EACH ROW EXECUTE FUNCTION stick();
"""
"""A book about poison gets nowhere, as one does whose picture takes long."""


class Town:
    """Processes over one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._number = itertools.count()

    def api(self, **settings: str) -> Api:
        folder = self._folder / f"api-{next(self._number)}"
        folder.mkdir()
        usual = {
            "DATABASE_URL": self._url,
            "STORYBOOK_DATA_DIR": str(self._folder / "data"),
            "USER_KEY_PEPPER": "one pepper for all",
            "ACCESS_TOKEN_SECRET": "one secret for all",
            "LEASE_SECONDS": str(LEASE),
            "HEARTBEAT_SECONDS": str(HEARTBEAT),
            "SWEEP_SECONDS": str(SWEEP),
            "RATE_LIMIT_POLLS": "1000000",
            "RATE_LIMIT_REQUESTS": "100000",
            "PENDING_BOOKS_PER_USER": "100",
            "BOOKS_PER_DAY": "100",
            "CPU_WORKERS": "1",
            "LOG_LEVEL": "info",
        }
        return Api(usual | settings, folder)

    def ask(self, sql: str) -> str:
        """What the database answers, unaligned."""
        return ask_postgres(self._url, sql, urlsplit(self._url).path.lstrip("/"))

    def job(self, job_id: str, *told: str) -> list[str]:
        """These columns of a job."""
        return self.ask(f"SELECT {', '.join(told)} FROM jobs WHERE id = '{job_id}'").split("|")  # noqa: S608

    def owner(self, job_id: str) -> str:
        """Who works on it; nobody is the empty string."""
        return self.job(job_id, "coalesce(lease_owner, '')")[0]


@pytest.fixture
def town(postgres: EmbeddedPostgres, template: str, tmp_path: Path) -> Iterator[Town]:
    with database_for(postgres, template) as url:
        yield Town(url, tmp_path)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def started(api: Api, stack: ExitStack) -> Api:
    stack.callback(api.kill)
    api.start()
    return api


def post(api: Api, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = httpx.post(f"http://{api.address}/v1/books{path}", json=body, headers=HEADERS, trust_env=False)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def ordered(api: Api, topic: str) -> str:
    return str(post(api, "", BOOK | {"topic": topic})["job_id"])


def until(done: Callable[[], bool], seconds: float) -> float:
    """How long it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds, "it did not come to pass in time"
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.mark.long
def test_a_book_that_kills_its_process_each_time_is_given_up_and_its_neighbours_are_not(
    town: Town, stack: ExitStack
) -> None:
    api = started(town.api(LEASE_SECONDS="6", HEARTBEAT_SECONDS="1"), stack)
    town.ask(STUCK)
    poison, *neighbours = (ordered(api, topic) for topic in ("a poison apple", "a kite", "a boat"))
    for kill in range(3):
        at_work = ["running", str(kill), "t"]
        until(lambda: town.job(poison, "status", "recoveries", "began_fence = fence") == at_work, 45)  # noqa: B023
        api.kill()
        api.start()
    until(lambda: town.job(poison, "status", "recoveries") == ["failed", "3"], 45)
    inputs = "request -> 'spec' ->> 'topic' = 'a poison apple'"
    assert town.job(poison, "status", "error_code", inputs) == ["failed", "UNKNOWN", "t"]
    assert town.ask("SELECT count(*) FROM credit_transactions WHERE transaction_type = 'release'") == "1"
    for neighbour in neighbours:
        until(lambda: town.job(neighbour, "status") == ["done"], 60)  # noqa: B023


@pytest.mark.long
def test_stopping_and_trying_again_reach_a_job_in_another_process_within_a_heartbeat(
    town: Town, stack: ExitStack
) -> None:
    works = started(town.api(), stack)
    told = started(town.api(JOBS_IN_PROCESS="1"), stack)
    town.ask(STUCK)
    told.pause()
    job_id = ordered(works, "a poison apple")
    until(lambda: town.job(job_id, "status") == ["running"], 10)
    told.go_on()
    post(told, f"/{job_id}/cancel")
    assert until(lambda: "lease_lost" in works.log(), 10) < HEARTBEAT + 1
    town.ask("DROP TRIGGER stick ON step_artifacts")
    again = post(told, f"/{job_id}/retry")["job_id"]
    until(lambda: town.job(again, "status") == ["done"], 60)


@pytest.mark.long
def test_a_stopped_process_hands_its_books_on_and_exits_in_time(town: Town, stack: ExitStack) -> None:
    town.ask(STUCK)
    first = started(town.api(), stack)
    job_id = ordered(first, "a poison apple")
    until(lambda: bool(town.owner(job_id)), 10)
    started(town.api(), stack)
    owner, began = town.owner(job_id), time.monotonic()
    first.signal(signal.SIGTERM)
    ready = f"http://{first.address}/health/ready"
    until(lambda: httpx.get(ready, trust_env=False).status_code == 503, 1)
    until(lambda: town.owner(job_id) != owner, 40)
    handed_back = time.monotonic() - began
    until(lambda: town.owner(job_id) not in {"", owner}, 5)
    first.wait(40)
    assert handed_back < 30
    assert time.monotonic() - began < 31
    assert town.job(job_id, "recoveries") == ["0"]


class Balancer:
    """Sends calls to those of two processes that say that they are ready; it tries nothing twice."""

    def __init__(self, apis: tuple[Api, Api]) -> None:
        self._apis = apis
        self.ready: list[Api] = list(apis)
        self.over = threading.Event()
        self.errors: list[str] = []
        self.calls = itertools.count()
        self.ordered: list[str] = []

    def watch(self) -> None:
        with httpx.Client(trust_env=False, timeout=5) as client:
            while not self.over.is_set():
                self.ready = [api for api in self._apis if self._is_ready(client, api)] or self.ready
                self.over.wait(0.3)

    @staticmethod
    def _is_ready(client: httpx.Client, api: Api) -> bool:
        try:
            return client.get(f"http://{api.address}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def poll(self, number: int, path: str) -> None:
        """One reader, who keeps a connection to each process."""
        clients = {api: httpx.Client(base_url=f"http://{api.address}", trust_env=False) for api in self._apis}
        while not self.over.is_set():
            ready = self.ready
            api = ready[(number + next(self.calls)) % len(ready)]
            try:
                answer = clients[api].get(path, headers=HEADERS)
                if answer.status_code != 200:
                    self.errors.append(f"{answer.status_code} {answer.text}")
            except httpx.HTTPError as error:
                self.errors.append(repr(error))
            time.sleep(0.02)
        for client in clients.values():
            client.close()

    def order(self) -> None:
        """One family that orders book after book, and keeps a connection to each process."""
        clients = {api: httpx.Client(base_url=f"http://{api.address}", trust_env=False) for api in self._apis}
        while not self.over.is_set():
            ready = self.ready
            number = next(self.calls)
            try:
                body = BOOK | {"topic": f"a kite that is number {number}"}
                answer = clients[ready[number % len(ready)]].post("/v1/books", json=body, headers=HEADERS)
                if answer.status_code == 200:
                    self.ordered.append(answer.json()["job_id"])
                else:
                    self.errors.append(f"{answer.status_code} {answer.text}")
            except httpx.HTTPError as error:
                self.errors.append(repr(error))
            self.over.wait(1)
        for client in clients.values():
            client.close()

    def follow(self, path: str) -> None:
        """One reader who is told: comes back when the stream ends, and knows after how long."""
        while not self.over.is_set():
            api = self.ready[0]
            try:
                address = f"http://{api.address}{path}/events"
                with httpx.stream("GET", address, headers=HEADERS, timeout=60, trust_env=False) as stream:
                    lines = list(itertools.islice(stream.iter_lines(), 10_000))
                    if stream.status_code != 200 or lines[0] != "retry: 2000":
                        self.errors.append(f"{stream.status_code} {lines[:2]}")
            except httpx.HTTPError as error:
                self.errors.append(repr(error))
            self.over.wait(0.5)


@pytest.mark.long
def test_a_rolling_restart_under_load_is_seen_by_no_client(town: Town, stack: ExitStack) -> None:
    apis = (started(town.api(), stack), started(town.api(), stack))
    jobs = [ordered(apis[0], f"a kite {number}") for number in range(2)]
    town.ask("UPDATE user_credits SET credits = 100")
    balancer = Balancer(apis)
    readers = [threading.Thread(target=balancer.poll, args=(n, f"/v1/books/{jobs[n % 2]}")) for n in range(4)]
    threads = [threading.Thread(target=balancer.watch), *readers]
    threads.append(threading.Thread(target=balancer.follow, args=(f"/v1/books/{jobs[1]}",)))
    threads.append(threading.Thread(target=balancer.order))
    for thread in threads:
        thread.start()
    try:
        for api in apis:
            time.sleep(1)
            began = time.monotonic()
            api.stop()
            assert time.monotonic() - began < 30
            api.start()
            time.sleep(1)
    finally:
        balancer.over.set()
        for api in apis:
            api.stop()
        for thread in threads:
            thread.join()
    assert balancer.errors == []
    assert next(balancer.calls) > 100
    assert len(balancer.ordered) > 5
    assert {town.job(job_id, "status")[0] for job_id in balancer.ordered} <= {"queued", "running", "done"}
