"""What holds for a bucket alone: who may read it, how long, and what the operator is told when the server refuses."""

import asyncio
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest

from storybook.core.errors import SetupError, StorageError
from storybook.storage.s3 import S3Storage
from storybook.storage.threads import THREADS
from tests.fixtures_http import serving
from tests.fixtures_s3 import ACCESS_KEY, SECRET_KEY, S3Server, s3_server

__all__ = ["s3_server"]  # a fixture


def test_an_endpoint_that_is_no_url_is_said_so() -> None:
    with pytest.raises(SetupError, match="S3_ENDPOINT"):
        S3Server("minio without scheme").storage("books")


async def test_an_impossible_bucket_name_is_said_so(s3_server: S3Server) -> None:
    storage = s3_server.storage("no / bucket")
    with pytest.raises(StorageError, match="S3_BUCKET"):
        await storage.check()
    await storage.close()


async def test_a_server_that_is_not_there_fails_the_check_without_telling_secrets() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        storage = S3Server(endpoint).storage("books")
        with pytest.raises(StorageError, match="cannot be reached") as refusal:
            await storage.check()
    await storage.close()
    assert ACCESS_KEY not in str(refusal.value)
    assert SECRET_KEY not in str(refusal.value)


class Refusal(BaseHTTPRequestHandler):
    """Answers every request with one error of S3."""

    status = 500
    code = ""
    asked = 0

    def do_PUT(self) -> None:
        type(self).asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        body = f"<Error><Code>{self.code}</Code><Message>about {ACCESS_KEY}</Message></Error>".encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "code", "sentence", "tries"),
    [
        (403, "InvalidAccessKeyId", "refuses our keys", 1),
        (403, "AccessDenied", "does not let these keys do it", 1),
        (503, "SlowDown", r"failed \(SlowDown\)", 3),
    ],
)
async def test_a_refusal_is_told_plainly(status: int, code: str, sentence: str, tries: int) -> None:
    class OneRefusal(Refusal):
        pass

    OneRefusal.status, OneRefusal.code = status, code
    with serving(OneRefusal) as url:
        storage = S3Server(url).storage("books")
        with pytest.raises(StorageError, match=sentence) as refusal:
            await storage.check()
        await storage.close()
    assert ACCESS_KEY not in str(refusal.value)
    assert OneRefusal.asked == tries


async def test_a_server_that_hangs_keeps_nobody_else_from_threads_and_its_reader_is_given_up_at_once() -> None:
    """Asked by as many as can be asked at once, and more: names are looked up and files written by others meanwhile."""
    asked, leaving = [], threading.Event()

    class Hanging(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            leaving.wait(30)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Hanging) as url:
        storage = S3Server(url).storage("books")
        readers = [asyncio.ensure_future(storage.get(f"{n}.png")) for n in range(2 * THREADS)]
        try:
            async with asyncio.timeout(10):
                while len(asked) < THREADS:
                    await asyncio.sleep(0.02)
            async with asyncio.timeout(5):
                assert await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)
                assert await asyncio.to_thread(lambda: "a file") == "a file"
            began = time.monotonic()
            for reader in readers:
                reader.cancel()
            ends = await asyncio.gather(*readers, return_exceptions=True)
            assert {type(end) for end in ends} == {asyncio.CancelledError}
            assert time.monotonic() - began < 5
        finally:
            await storage.close()
            leaving.set()
    assert len(asked) == THREADS


async def test_objects_may_be_kept_for_ever_by_browsers(s3_server: S3Server) -> None:
    storage = s3_server.storage(s3_server.bucket_name())
    await storage.put("a.png", b"1", "image/png")
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(storage.url("a.png"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    await storage.close()


async def test_a_new_bucket_lets_others_read_objects_and_nothing_else(s3_server: S3Server) -> None:
    bucket = s3_server.bucket_name()
    storage = s3_server.storage(bucket)
    await storage.put("a.png", b"1", "image/png")
    client = s3_server.client()
    statements = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert [statement["Action"] for statement in statements] == [["s3:GetObject"]]
    assert [statement["Resource"] for statement in statements] == [[f"arn:aws:s3:::{bucket}/*"]]
    client.close()
    await storage.close()


async def test_a_bucket_that_is_there_keeps_its_policy(s3_server: S3Server) -> None:
    bucket = s3_server.bucket_name()
    client = s3_server.client()
    client.create_bucket(Bucket=bucket)
    storage = s3_server.storage(bucket)
    await storage.check()
    with pytest.raises(client.exceptions.ClientError, match="NoSuchBucketPolicy"):
        client.get_bucket_policy(Bucket=bucket)
    client.close()
    await storage.put("a.png", b"1", "image/png")
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.get(storage.url("a.png"))).status_code == 403
    await storage.close()


async def test_many_first_writers_share_one_new_bucket_elsewhere(s3_server: S3Server) -> None:
    storage: S3Storage = s3_server.storage(s3_server.bucket_name(), region="ap-northeast-2")
    await asyncio.gather(*(storage.put(f"{n}.png", b"1", "image/png") for n in range(8)))
    assert (await storage.get("7.png")).data == b"1"
    await storage.close()


async def test_more_than_a_page_of_objects_is_deleted(s3_server: S3Server) -> None:
    bucket = s3_server.bucket_name()
    storage = s3_server.storage(bucket)
    await storage.check()
    s3_server.fill(bucket, [f"many/{n}.png" for n in range(2005)])
    assert await storage.delete_prefix("many") == 2005
    await storage.close()
