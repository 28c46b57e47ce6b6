"""What is made of a vendor's answer, whatever its headers and its packing say."""

import asyncio
import gzip
import tracemalloc

import httpx
import pytest

from storybook.domain.calls import Kind, Outcome
from storybook.providers.http import MAX_ANSWER_BYTES, CallFailed, exchange, make_client
from storybook.providers.vendors import VENDORS

JSON = b'{"said": "good"}'
ZEROS = gzip.compress(b"0" * 4 * MAX_ANSWER_BYTES)
"""A few hundred kilobytes."""


async def answer_to(body: bytes, *headers: bytes) -> httpx.Response:
    """What is made of an answer that is just so."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", b""]
        writer.write(b"\r\n".join(head) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, make_client() as client:
        return await exchange(client, client.build_request("GET", address), VENDORS["openai"], Kind.TEXT)


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


async def test_a_small_answer_that_unpacks_to_a_large_one_is_refused_before_it_is_large() -> None:
    tracemalloc.start()
    with pytest.raises(CallFailed, match="too large") as refused:
        await answer_to(ZEROS, b"Content-Encoding: gzip")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.outcome is Outcome.UNUSABLE
    assert most < 3 * MAX_ANSWER_BYTES


async def test_what_is_packed_more_than_once_is_not_unpacked() -> None:
    packed = gzip.compress(gzip.compress(JSON))
    assert (await answer_to(packed, b"Content-Encoding: gzip, gzip")).content == packed


async def test_an_answer_that_is_packed_in_another_way_than_it_says_is_none() -> None:
    with pytest.raises(CallFailed, match="did not answer") as failed:
        await answer_to(JSON, b"Content-Encoding: gzip")
    assert failed.value.outcome is Outcome.UNKNOWN
