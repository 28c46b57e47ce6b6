"""The front door of production: nginx before two real APIs that leave their work to Celery, and all that they need."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from storybook.core.embedded_postgres import EmbeddedPostgres
from storybook.routers.middleware import SAFE_HEADERS
from tests.conftest import database_for
from tests.fixtures_celery import part_running
from tests.fixtures_front import ROOT, Api, Nginx, open_folder
from tests.fixtures_redis import redis_server
from tests.fixtures_s3 import ACCESS_KEY, SECRET_KEY, S3Server, s3_server
from tests.photos import encoded, scene

__all__ = ["s3_server"]

MEBIBYTE = 1024 * 1024
POLLS_A_SECOND = 50
POLLING_SECONDS_MORE = 3
BOOK = {"topic": "a fox and a kite", "language": "en", "target_age": "5-7", "style": "cartoon", "page_count": 4}


class Front(NamedTuple):
    nginx: Nginx
    apis: tuple[Api, Api]
    bucket: str


@pytest.fixture(scope="module")
def front(
    postgres: EmbeddedPostgres, template: str, s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    """Two APIs, a worker and a beat that share everything, behind nginx.

    It believes who stands before it, as a load balancer would.
    """
    bucket = s3_server.bucket_name()
    with (
        database_for(postgres, template) as database,
        redis_server(tmp_path_factory.mktemp("redis")) as redis,
        redis_server(tmp_path_factory.mktemp("broker")) as broker,
        contextlib.ExitStack() as stack,
    ):
        settings = {
            "DATABASE_URL": database,
            "REDIS_URL": redis.url,
            "USE_CELERY": "true",
            "CELERY_BROKER_URL": broker.url,
            "S3_ENDPOINT": s3_server.endpoint,
            "S3_BUCKET": bucket,
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": SECRET_KEY,
            "USER_KEY_PEPPER": "one pepper for both",
            "ACCESS_TOKEN_SECRET": "one secret for both",
            "OPS_TOKEN": "one token for both",
            "TRUSTED_PROXIES": "127.0.0.1",
            "GIFTS_PER_ADDRESS": "1",
            "RATE_LIMIT_POLLS": "1000000",
            "RATE_LIMIT_REQUESTS": "1000",
            "CPU_WORKERS": "1",
            "LOG_LEVEL": "warning",
        }
        folders = (tmp_path_factory.mktemp("api"), tmp_path_factory.mktemp("api"))
        first, second = (Api(settings, folder) for folder in folders)
        nginx = Nginx(
            stack.enter_context(open_folder()),
            (first.address, second.address),
            NGINX_FILES=s3_server.endpoint.removeprefix("http://"),
            NGINX_BUCKET=bucket,
            NGINX_PROXY_BEFORE="127.0.0.1/32",
        )
        settings |= {"PUBLIC_URL": nginx.url, "S3_PUBLIC_URL": f"{nginx.url}/files"}
        apis = tuple(Api(settings, folder) for folder in folders)
        for api, placed in zip(apis, (first, second), strict=True):
            api.port = placed.port
            stack.callback(api.stop)
            api.start()
        for command in ("worker", "beat"):
            stack.enter_context(part_running(folders[0], apis[0].settings, command))
        stack.enter_context(nginx.running())
        yield Front(nginx, (apis[0], apis[1]), bucket)


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    with front.nginx.client(headers={"X-User-Key": f"a-key-of-{os.urandom(8).hex()}"}) as opened:
        yield opened


STRICT = ("X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy", "Referrer-Policy", "X-XSS-Protection")


def require_envelope(answer: httpx.Response, status: int, code: str, *, encrypted: bool = True) -> None:
    """An error as the API says it, with its id and its headers."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert (body["error"]["code"], body["error"]["details"]) == (code, {})
    assert body["detail"] == body["error"]["message"]
    assert answer.headers.get_list("X-Request-ID") == [body["request_id"]]
    for name in STRICT:
        assert len(answer.headers.get_list(name)) == 1, name
    assert len(answer.headers.get_list("Strict-Transport-Security")) == encrypted
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_operator_signs_in_once_for_both(front: Front) -> None:
    with front.nginx.client() as browser:
        refused = browser.get("/ops")
        assert (refused.status_code, "Sign in" in refused.text) == (401, True)
        assert refused.headers.get_list("Cache-Control") == ["no-store"]
        [policy] = refused.headers.get_list("Content-Security-Policy")
        assert policy.startswith("default-src 'none'")
        form = {"token": "one token for both", "operator": "Ann"}
        signed_in = browser.post("/ops/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"})
        assert "; Secure" in signed_in.headers["Set-Cookie"]
        assert {browser.get("/ops").status_code for _ in range(6)} == {200}


def test_the_smoke_test_passes_through_it(front: Front) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "STORYBOOK_ENVIRONMENT": "ready",
        "SSL_CERT_FILE": str(front.nginx.certificate),
    }
    command = [str(ROOT / "scripts" / "smoke.sh"), front.nginx.url, "--patience", "300"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert "19 passed, 0 failed" in done.stdout


def test_a_photo_of_ten_mebibytes_passes_and_more_is_refused_in_the_form_of_the_api(client: httpx.Client) -> None:
    small = encoded(scene())
    photo = {"photo": ("photo.jpg", small + bytes(10 * MEBIBYTE - len(small)), "image/jpeg")}
    assert client.post("/v1/characters/from-photo", files=photo, data={"name": "Mina"}).status_code == 200
    for mebibytes in (11, 13):
        photo = {"photo": ("photo.jpg", small + bytes(mebibytes * MEBIBYTE), "image/jpeg")}
        refused = client.post("/v1/characters/from-photo", files=photo)
        require_envelope(refused, 413, "PAYLOAD_TOO_LARGE")


def test_a_photo_as_base64_in_json_passes(client: httpx.Client) -> None:
    refused = client.post("/v1/books", json=BOOK | {"reference_image_base64": "A" * 5_000_001})
    assert refused.status_code == 422
    assert "reference_image_base64" in refused.json()["error"]["message"]


def test_events_arrive_as_they_happen(client: httpx.Client) -> None:
    job_id = client.post("/v1/books", json=BOOK).json()["job_id"]
    with client.stream("GET", f"/v1/books/{job_id}/events") as answer:
        lines = answer.iter_lines()
        first = next(line for line in lines if line.startswith("data: "))
        assert json.loads(first.removeprefix("data: "))["status"] not in ("done", "failed")
        assert client.get(f"/v1/books/{job_id}").json()["status"] != "done"
        rest = [line for line in lines if line.startswith("event: ")]
    assert rest[-1] == "event: done"


def test_pictures_come_without_headers_and_are_kept_for_ever(front: Front, client: httpx.Client) -> None:
    job_id = client.post("/v1/books", json=BOOK).json()["job_id"]
    with client.stream("GET", f"/v1/books/{job_id}/events") as answer:
        *_, last = (line for line in answer.iter_lines() if line.startswith("data: "))
    url = json.loads(last.removeprefix("data: "))["result"]["cover_image_url"]
    assert url.startswith(f"{front.nginx.url}/files/")
    with front.nginx.client() as stranger:
        picture = stranger.get(url)
        assert picture.status_code == 200
        assert picture.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert picture.headers["X-Content-Type-Options"] == "nosniff"
        require_envelope(stranger.get("/files/no/such/picture.jpg"), 404, "NOT_FOUND")
        require_envelope(stranger.get("/files/"), 404, "NOT_FOUND")
        require_envelope(stranger.put(url, content=b"another"), 405, "METHOD_NOT_ALLOWED")
        assert stranger.get(f"{url}?acl").content == picture.content
    assert url.removeprefix(front.nginx.url) not in front.nginx.log()


def test_gifts_are_counted_for_the_real_address_of_the_family(front: Front) -> None:
    def credits_of(forwarded: str) -> int:
        headers = {"X-User-Key": f"key-{os.urandom(8).hex()}", "X-Forwarded-For": forwarded}
        with front.nginx.client(headers=headers) as family:
            family.patch("/v1/users/me", json={})
            return int(family.get("/v1/credits/balance").json()["credits"])

    assert credits_of("198.51.100.2") > 0
    assert credits_of("203.0.113.9, 198.51.100.2") == 0
    assert credits_of("203.0.113.10, 198.51.100.3") > 0


def test_plain_http_is_sent_to_https_and_metrics_stay_inside(front: Front, client: httpx.Client) -> None:
    plain = httpx.get(f"http://127.0.0.1:{front.nginx.plain_port}/v1/library?limit=1", trust_env=False)
    assert (plain.status_code, plain.headers["Location"]) == (308, f"{front.nginx.url}/v1/library?limit=1")
    require_envelope(client.get("/metrics"), 404, "NOT_FOUND")


def test_an_id_of_the_client_is_the_id_everywhere(client: httpx.Client) -> None:
    for path in ("/v1/nothing", "/metrics"):
        answer = client.get(path, headers={"X-Request-ID": "an-id-of-the-app"})
        assert answer.headers.get_list("X-Request-ID") == ["an-id-of-the-app"]
        assert answer.json()["request_id"] == "an-id-of-the-app"


async def poll(front: Front, key: str, job_id: str, stop: asyncio.Event) -> Counter[int]:
    """The statuses of `POLLS_A_SECOND` polls a second, by as many phones as that takes."""
    seen: Counter[int] = Counter()
    headers = {"X-User-Key": key}
    limits = httpx.Limits(max_connections=POLLS_A_SECOND)
    async with httpx.AsyncClient(
        base_url=front.nginx.url, verify=front.nginx.tls, trust_env=False, headers=headers, timeout=30, limits=limits
    ) as phones:

        async def once() -> None:
            seen[(await phones.get(f"/v1/books/{job_id}")).status_code] += 1

        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in itertools.count():
                if stop.is_set():
                    break
                group.create_task(once())
                await asyncio.sleep(max(0.0, began + number / POLLS_A_SECOND - time.monotonic()))
    return seen


@pytest.fixture
def job_id(client: httpx.Client) -> str:
    return str(client.post("/v1/books", json=BOOK).json()["job_id"])


async def test_a_rolling_restart_of_both_is_not_noticed(front: Front, client: httpx.Client, job_id: str) -> None:
    stop = asyncio.Event()
    polling = asyncio.create_task(poll(front, client.headers["X-User-Key"], job_id, stop))
    began = time.monotonic()
    for api in front.apis:
        await asyncio.to_thread(api.stop)
        await asyncio.to_thread(api.start)
        await asyncio.sleep(POLLING_SECONDS_MORE)
    stop.set()
    seconds = time.monotonic() - began
    seen = await polling
    assert set(seen) == {200}, seen
    assert sum(seen.values()) > POLLS_A_SECOND * seconds * 0.5, (seen, seconds)


class _Silent(socketserver.StreamRequestHandler):
    """Reads a call and hangs up."""

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (line := self.rfile.readline()):
            head += line
        self.server.seen.append(head.partition(b" ")[0].decode())  # type: ignore[attr-defined]


class _Answering(_Silent):
    def handle(self) -> None:
        super().handle()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


@contextlib.contextmanager
def listening(handler: type[socketserver.StreamRequestHandler]) -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.seen = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_post_that_was_sent_is_never_sent_again_and_a_get_is() -> None:
    with listening(_Silent) as silent, listening(_Answering) as answering, open_folder() as folder:
        apis = tuple(f"127.0.0.1:{server.server_address[1]}" for server in (silent, answering))
        with Nginx(folder, (apis[0], apis[1])).running() as nginx, nginx.client() as client:
            for _ in range(6):
                answer = client.post("/v1/books", json=BOOK)
                if answer.status_code != 200:
                    require_envelope(answer, 502, "SERVICE_UNAVAILABLE")
            posts = [*silent.seen, *answering.seen].count("POST")
            assert posts <= 6
            assert "POST" in silent.seen
            assert {client.get("/v1/library").status_code for _ in range(6)} == {200}
            assert "GET" in silent.seen


class _Busy(_Silent):
    def handle(self) -> None:
        super().handle()
        self.wfile.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


def test_a_503_of_the_api_is_an_answer_and_takes_no_api_away() -> None:
    with listening(_Busy) as first, listening(_Busy) as second, open_folder() as folder:
        apis = tuple(f"127.0.0.1:{server.server_address[1]}" for server in (first, second))
        with Nginx(folder, (apis[0], apis[1])).running() as nginx, nginx.client() as client:
            assert {client.get("/v1/library").status_code for _ in range(12)} == {503}
            assert len(first.seen) + len(second.seen) == 12


def test_what_orders_a_voice_is_sent_once() -> None:
    with listening(_Silent) as first, listening(_Silent) as second, open_folder() as folder:
        apis = tuple(f"127.0.0.1:{server.server_address[1]}" for server in (first, second))
        with Nginx(folder, (apis[0], apis[1])).running() as nginx, nginx.client() as client:
            require_envelope(client.get("/v1/books/book_1/pages/1/audio"), 502, "SERVICE_UNAVAILABLE")
            assert len(first.seen) + len(second.seen) == 1
            require_envelope(client.get("/v1/books/book_1/detail"), 502, "SERVICE_UNAVAILABLE")
            assert len(first.seen) + len(second.seen) == 3


SITE, STRANGE_SITE = "https://www.family.app", "https://elsewhere.net"


class _Bucket(socketserver.StreamRequestHandler):
    """An S3 server with headers of its own, and words that nobody outside should see.

    The end of the address is the status it answers with; a listed origin or not, it lets everybody read.
    """

    def handle(self) -> None:
        status, asked = "", {}
        for line in iter(lambda: self.rfile.readline().decode().strip(), ""):
            name, _, value = line.partition(": ")
            status, asked = status or line.split()[1][-3:], asked | {name.lower(): value}
        said = b"a picture" if status == "200" else b"<Error><BucketName>storybook</BucketName></Error>"
        headers = {
            "Content-Length": len(said),
            "Content-Type": "image/jpeg" if status == "200" else "application/xml",
            "Cache-Control": "public, max-age=31536000, immutable",
            "Strict-Transport-Security": "max-age=1",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
            "X-XSS-Protection": "0",
            "Content-Security-Policy": "block-all-mixed-content",
            "Referrer-Policy": "unsafe-url",
            "X-Request-ID": "of-the-bucket",
            "Retry-After": "3600",
            "Allow": "BREW",
            "Access-Control-Allow-Origin": asked.get("origin", "*"),
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": "X-Amz-Id-2",
            "Connection": "close",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.wfile.write(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + said)


@pytest.fixture(scope="module")
def alone() -> Iterator[Nginx]:
    """With both APIs away, before an S3 server of another make."""
    gone = ("127.0.0.1:9", "127.0.0.1:9")
    with open_folder() as folder, listening(_Bucket) as bucket:
        files = f"127.0.0.1:{bucket.server_address[1]}"
        sites = f"{SITE}, https://[2001:db8::1]:8443,{SITE},nowhere;"
        with Nginx(folder, gone, NGINX_FILES=files, CORS_ORIGINS=sites).running() as nginx:
            yield nginx


def test_with_both_away_the_answer_is_still_of_the_api(alone: Nginx) -> None:
    with alone.client() as client:
        away = client.get("/v1/library")
        require_envelope(away, 502, "SERVICE_UNAVAILABLE")
        assert away.headers["Retry-After"] == "5"
        require_envelope(client.post("/v1/books", json=BOOK), 502, "SERVICE_UNAVAILABLE")
        require_envelope(client.post("/v1/books", content=b"x" * (12 * MEBIBYTE + 1)), 413, "PAYLOAD_TOO_LARGE")
        require_envelope(client.get("/v1/" + "x" * 20_000), 414, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (301, 502, "SERVICE_UNAVAILABLE"),
        (400, 400, "VALIDATION_ERROR"),
        (401, 404, "NOT_FOUND"),
        (403, 404, "NOT_FOUND"),
        (404, 404, "NOT_FOUND"),
        (405, 405, "METHOD_NOT_ALLOWED"),
        (412, 412, "VALIDATION_ERROR"),
        (416, 416, "VALIDATION_ERROR"),
        (501, 501, "INTERNAL_ERROR"),
        (503, 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_a_failure_of_the_bucket_is_told_in_the_form_of_the_api(
    alone: Nginx, said: int, status: int, code: str
) -> None:
    with alone.client() as phone:
        refused = phone.get(f"/files/books/{said}")
    require_envelope(refused, status, code)
    assert refused.headers["Content-Security-Policy"] == "default-src 'self'"
    assert refused.headers.get_list("Retry-After") == (["5"] if status in (502, 503) else [])
    assert refused.headers.get("Allow") == ("GET, HEAD" if status == 405 else None)


def test_a_picture_has_the_headers_of_the_api_and_no_site_reads_it_that_is_not_listed(alone: Nginx) -> None:
    with alone.client() as browser:
        answers = {site: browser.get("/files/books/200", headers={"Origin": site}) for site in (SITE, STRANGE_SITE)}
    for site, picture in answers.items():
        assert (picture.status_code, picture.content) == (200, b"a picture")
        strict = [picture.headers.get_list(name) for name in STRICT]
        assert strict == [[SAFE_HEADERS[name]] for name in STRICT]
        assert picture.headers.get_list("Strict-Transport-Security") == ["max-age=31536000"]
        assert picture.headers.get_list("Cache-Control") == ["public, max-age=31536000, immutable"]
        assert "of-the-bucket" not in picture.headers["X-Request-ID"]
        assert picture.headers.get_list("Vary") == ["Origin"]
        assert picture.headers.get_list("Access-Control-Allow-Origin") == ([SITE] if site == SITE else [])
        assert "Access-Control-Allow-Credentials" not in picture.headers


def test_a_listed_web_site_reads_what_nginx_itself_says(alone: Nginx) -> None:
    for site in (SITE, "https://[2001:db8::1]:8443", STRANGE_SITE, "https://www.family.app.elsewhere.net"):
        with alone.client(headers={"Origin": site}) as browser:
            away = browser.get("/v1/library")
            much = browser.post("/v1/books", content=b"x" * (12 * MEBIBYTE + 1))
        is_listed = "elsewhere" not in site
        for answer, status in ((away, 502), (much, 413)):
            assert answer.status_code == status
            assert answer.headers.get_list("Access-Control-Allow-Origin") == [site] * is_listed
            assert answer.headers.get_list("Vary") == ["Origin"]
            assert ("Retry-After" in answer.headers.get("Access-Control-Expose-Headers", "")) == is_listed


def test_what_comes_unencrypted_gets_the_headers_and_the_form_of_the_api(alone: Nginx) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{alone.plain_port}", trust_env=False) as plain:
        sent_on = plain.get("/v1/library")
        assert [len(sent_on.headers.get_list(name)) for name in STRICT] == [1] * len(STRICT)
        require_envelope(plain.get("/.well-known/acme-challenge/none"), 404, "NOT_FOUND", encrypted=False)
        require_envelope(plain.get("/v1/" + "x" * 20_000), 414, "VALIDATION_ERROR", encrypted=False)
    astray = httpx.get(f"http://127.0.0.1:{alone.port}/v1/library", trust_env=False)
    require_envelope(astray, 400, "VALIDATION_ERROR", encrypted=False)


@pytest.mark.parametrize("is_encrypted", [True, False])
@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET / HTTP/3.0\r\nHost: books", 505),
        ("GET /v1/library?search=\u1100 HTTP/1.1\r\nHost: books", 400),
        ("GET /files/\u1100.jpg HTTP/1.1\r\nHost: books", 400),
        ("GET /v1/library HTTP/1.1\r\nHost: b\u00fccher", 400),
        ("GET /v1/library HTTP/1.1\r\nHost:", 400),
        ("GET /v1/library HTTP/1.0", 400),
    ],
)
def test_what_is_not_http_as_the_api_takes_it_is_refused_in_its_form(
    alone: Nginx, request_line: str, status: int, *, is_encrypted: bool
) -> None:
    said = b""
    port = alone.port if is_encrypted else alone.plain_port
    with contextlib.ExitStack() as stack:
        caller = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        if is_encrypted:
            caller = stack.enter_context(alone.tls.wrap_socket(caller, server_hostname="127.0.0.1"))
        caller.sendall(f"{request_line}\r\nConnection: close\r\n\r\n".encode())
        while received := caller.recv(65536):
            said += received
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    answer = httpx.Response(int(first.split()[1]), headers=headers, content=body)
    require_envelope(answer, status, "VALIDATION_ERROR", encrypted=is_encrypted)


def test_letters_beyond_ascii_pass_in_the_form_that_addresses_have_for_them(alone: Nginx) -> None:
    with alone.client() as client:
        require_envelope(client.get("/v1/library", params={"search": "\u1100"}), 502, "SERVICE_UNAVAILABLE")


def test_no_address_of_a_client_is_written_down_where_nginx_fails() -> None:
    with open_folder() as folder:
        with Nginx(folder, ("127.0.0.1:9", "127.0.0.1:9")).running() as nginx:
            shutil.rmtree(folder / "run" / "body")
            with nginx.client() as client:
                require_envelope(client.post("/v1/books", content=b"x" * MEBIBYTE), 500, "INTERNAL_ERROR")
        assert '"status":500' in nginx.log() and "client:" not in nginx.log()


def test_a_flood_is_stopped_at_the_door() -> None:
    with open_folder() as folder, listening(_Answering) as api:
        address = f"127.0.0.1:{api.server_address[1]}"
        with Nginx(folder, (address, address), NGINX_CALLS_PER_SECOND="1").running() as nginx, nginx.client() as client:
            answers = [client.get("/v1/library") for _ in range(410)]
            assert answers[0].status_code == 200
            require_envelope(answers[-1], 429, "RATE_LIMIT_EXCEEDED")
            assert answers[-1].headers["Retry-After"] == "1"


def test_nginx_finds_nothing_wrong_with_its_configuration() -> None:
    with open_folder() as folder:
        done = Nginx(folder, ("127.0.0.1:8001", "127.0.0.1:8002")).test()
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr
