"""What is made of a vendor's answer, whatever its headers and its packing say."""

import asyncio
import gzip
import os
import ssl
import tracemalloc
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from storybook.core.errors import Charged
from storybook.domain.calls import Kind, Outcome
from storybook.providers.http import MAX_ANSWER_BYTES, MAX_MEDIA_BYTES, CallFailed, exchange, make_client
from storybook.providers.vendors import VENDORS
from tests.fixtures_front import certificate
from tests.fixtures_http import serving

JSON = b'{"said": "good"}'
ZEROS = gzip.compress(b"0" * 4 * MAX_ANSWER_BYTES)
"""A few kilobytes, as the next."""
MANY_PARTS = gzip.compress(b"[" + b"[]," * 500_000 + b"[]]")


async def answer_to(body: bytes, *headers: bytes, status: int = 200, most: int = MAX_ANSWER_BYTES) -> httpx.Response:
    """What is made of an answer that is just so, where so many bytes are looked for."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = [b"HTTP/1.1 %d Said" % status, b"Content-Length: %d" % len(body), *headers, b"", b""]
        writer.write(b"\r\n".join(head) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, make_client() as client:
        return await exchange(client, client.build_request("GET", address), VENDORS["openai"], Kind.TEXT, most=most)


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (JSON, "X-City: São Paulo".encode("latin-1")),
        (JSON, "X-City: 서울".encode()),
        (JSON, b"Content-Type: application/json; charset=hex"),
        (JSON, b"Content-Type: application/json; charset=no-such"),
        (gzip.compress(JSON), b"Content-Encoding: gzip"),
    ],
    ids=["latin letters", "utf-8 letters", "a codec that is no charset", "no charset", "packed"],
)
async def test_an_answer_is_read_whatever_else_its_headers_say(body: bytes, header: bytes) -> None:
    answer = await answer_to(body, header)
    assert answer.json() == {"said": "good"}
    assert answer.text == JSON.decode()


@pytest.mark.parametrize("body", [ZEROS, MANY_PARTS], ids=["a large one", "one of many parts"])
async def test_a_small_answer_that_unpacks_to_more_than_can_be_read_at_once_is_refused_before_it_is_large(
    body: bytes,
) -> None:
    tracemalloc.start()
    with pytest.raises(CallFailed, match="too large") as refused:
        await answer_to(body, b"Content-Encoding: gzip")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.outcome is Outcome.UNUSABLE
    assert most < 8 * 1024 * 1024


async def test_what_holds_pictures_may_be_large_and_is_not_of_many_parts() -> None:
    picture = b"0" * 4 * MAX_ANSWER_BYTES
    assert (await answer_to(picture, most=MAX_MEDIA_BYTES)).content == picture
    with pytest.raises(CallFailed, match="too large"):
        await answer_to(MANY_PARTS, b"Content-Encoding: gzip", most=MAX_MEDIA_BYTES)


@pytest.mark.parametrize("body", [ZEROS, MANY_PARTS], ids=["a large one", "one of many parts"])
async def test_an_error_that_says_too_much_is_known_by_its_status(body: bytes) -> None:
    answer = await answer_to(body, b"Content-Encoding: gzip", status=429, most=MAX_MEDIA_BYTES)
    assert (answer.status_code, answer.content) == (429, b"")


async def test_what_is_packed_more_than_once_is_not_unpacked() -> None:
    packed = gzip.compress(gzip.compress(JSON))
    assert (await answer_to(packed, b"Content-Encoding: gzip, gzip")).content == packed


async def test_an_answer_that_is_packed_in_another_way_than_it_says_is_none() -> None:
    with pytest.raises(CallFailed, match="did not answer") as failed:
        await answer_to(JSON, b"Content-Encoding: gzip")
    assert failed.value.outcome is Outcome.UNKNOWN


async def test_a_connection_whose_encryption_breaks_in_the_middle_of_an_answer_may_have_been_charged(
    tmp_path: Path,
) -> None:
    trusting = certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")

    class Breaking(BaseHTTPRequestHandler):
        def setup(self) -> None:
            self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "900")
            self.end_headers()
            os.write(self.request.fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Breaking) as address:
        post = httpx.Request("POST", address.replace("http:", "https:"))
        async with httpx.AsyncClient(verify=trusting) as client:
            with pytest.raises(CallFailed, match="SSLError") as failed:
                await exchange(client, post, VENDORS["elevenlabs"], Kind.SPEECH)
    assert (failed.value.outcome, failed.value.charged) == (Outcome.UNKNOWN, Charged.MAYBE)
    assert failed.value.retryable
