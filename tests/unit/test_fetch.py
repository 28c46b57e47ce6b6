"""Results of vendors: fetched from their own hosts on the public internet, and from nowhere else."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from storybook.providers import fetch as fetching
from storybook.providers.fetch import Fetcher, NotFetched, Resolver, Sources, Trouble, is_public, sources_of
from storybook.providers.vendors import FAL, REPLICATE
from tests.fixtures_http import serving

HOSTS = ("replicate.delivery", ".replicate.delivery")
URL = "https://pictures.replicate.delivery/a.png"
PUBLIC = "93.184.215.14"

ADDRESSES = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.254 127.0.0.1 127.0.0.53 127.1.2.3
127.255.255.254 168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192
192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::2 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:93.184.215.14
::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::a00:1 100::1 2001::1 2001:0:7f00:1:: 2001:10::1 2001:20::1
2001:db8::1 2002:7f00:1:: 2002:a00:1:: 2620:4f:8000::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%lo
febf::1 fec0::1 ff02::1 ff0e::1 localhost 127.1 0x7f.1 2130706433 0x7f000001 017700000001 127.0.0.1.
""".split()  # noqa: SIM905

URLS = """
http://pictures.replicate.delivery/a.png
//pictures.replicate.delivery/a.png
ftp://pictures.replicate.delivery/a.png
file:///etc/passwd
data:image/png;base64,AAAA
https:pictures.replicate.delivery/a.png
https://xn--a.replicate.delivery/a.png
https:///a.png
https://127.0.0.1/a.png
https://127.1/a.png
https://2130706433/a.png
https://0x7f000001/a.png
https://0x7f.0.0.1/a.png
https://0177.0.0.1/a.png
https://017700000001/a.png
https://127.0.0.1.nip.io/a.png
https://localhost/a.png
https://localhost.replicate.delivery.evil.com/a.png
https://[::1]/a.png
https://[::ffff:127.0.0.1]/a.png
https://[fe80::1%25lo]/a.png
https://169.254.169.254/latest/meta-data/
https://metadata.google.internal/computeMetadata/v1/
https://evilreplicate.delivery/a.png
https://replicate.delivery.evil.com/a.png
https://replicate.delivery./a.png
https://.replicate.delivery/a.png
https://..replicate.delivery/a.png
https://a_b.replicate.delivery/a.png
https://%6cocalhost/a.png
https://x%2e.replicate.delivery/a.png
https://replicate.delivery%2eevil.com/a.png
https://replicate.delivery@127.0.0.1/a.png
https://user@replicate.delivery/a.png
https://user:word@replicate.delivery/a.png
https://127.0.0.1#@replicate.delivery/a.png
https://127.0.0.1?@replicate.delivery/a.png
https://127.0.0.1\\@replicate.delivery/a.png
https://replicate.delivery\\@127.0.0.1/a.png
https://replicate.delivery:80/a.png
https://replicate.delivery:8443/a.png
https://replicate.delivery:99999/a.png
https://replicate。delivery/a.png
https://ⓡeplicate.delivery/a.png
""".split()  # noqa: SIM905


class Witness:
    """Listens on loopback, where forbidden addresses lead, and counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                self.visits += 1
                visitor.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


class Diverted(httpx.AsyncBaseTransport):
    """Takes every connection to the witness, wherever it was meant to go, and remembers where that was."""

    def __init__(self, witness: Witness) -> None:
        self._port = witness.port
        self._transport = httpx.AsyncHTTPTransport(verify=False)
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        there = httpx.Request(request.method, f"http://127.0.0.1:{self._port}/")
        return await self._transport.handle_async_request(there)

    async def aclose(self) -> None:
        await self._transport.aclose()


@pytest.fixture
def witness() -> Iterator[Witness]:
    listening = Witness()
    yield listening
    listening.close()


def resolver(*answers: list[str]) -> Resolver:
    """Each answer once, and then the last for ever."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


async def trouble_of(fetcher: Fetcher, url: str) -> Trouble:
    with pytest.raises(NotFetched) as failed:
        await fetcher.fetch(url)
    return failed.value.trouble


def test_there_are_at_least_eighty_forms_of_forbidden_addresses() -> None:
    assert len(set(ADDRESSES)) + len(set(URLS)) >= 80 + 20


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_host_that_is_not_on_the_public_internet_is_never_connected_to(address: str, witness: Witness) -> None:
    for answer in ([address], [PUBLIC, address]):
        fetcher = Fetcher(Sources(HOSTS), resolve=resolver(answer), transport=lambda: Diverted(witness))
        assert await trouble_of(fetcher, URL) is Trouble.FORBIDDEN
    assert witness.visits == 0


@pytest.mark.parametrize("url", URLS)
async def test_an_address_that_is_not_the_vendors_is_never_connected_to(url: str, witness: Witness) -> None:
    fetcher = Fetcher(Sources(HOSTS), resolve=resolver([PUBLIC]), transport=lambda: Diverted(witness))
    assert await trouble_of(fetcher, url) is Trouble.FORBIDDEN
    assert witness.visits == 0


async def test_the_witness_sees_a_connection_that_is_allowed(witness: Witness) -> None:
    fetcher = Fetcher(Sources(HOSTS), resolve=resolver([PUBLIC]), transport=lambda: Diverted(witness))
    assert await trouble_of(fetcher, URL) is Trouble.AWAY
    assert witness.visits == 1


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:829::200e"])
def test_addresses_of_the_public_internet_are_public(address: str) -> None:
    assert is_public(address)


async def test_a_name_that_changes_its_mind_is_asked_once_and_the_checked_address_is_the_one_used(
    witness: Witness,
) -> None:
    transport = Diverted(witness)
    fetcher = Fetcher(Sources(HOSTS), resolve=resolver([PUBLIC], ["127.0.0.1"]), transport=lambda: transport)
    await trouble_of(fetcher, URL)
    [asked] = transport.asked
    assert asked.url.host == PUBLIC
    assert asked.headers["host"] == asked.extensions["sni_hostname"] == "pictures.replicate.delivery"


def answering(*answers: httpx.Response) -> tuple[Callable[[], httpx.AsyncBaseTransport], list[httpx.Request]]:
    left, asked = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return left.pop(0)

    return (lambda: httpx.MockTransport(answer)), asked


def found(data: bytes) -> httpx.Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield data

    return httpx.Response(200, content=pieces())


def moved(to: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": to})


async def test_a_redirect_is_followed_where_it_could_have_been_asked_for() -> None:
    transport, asked = answering(moved("https://replicate.delivery/b"), moved("/c"), found(b"x"))
    assert await Fetcher(Sources(HOSTS), resolve=resolver([PUBLIC]), transport=transport).fetch(URL) == b"x"
    assert [request.url.path for request in asked] == ["/a.png", "/b", "/c"]


ELSEWHERE = [url for url in URLS if url.isascii() and not url.startswith(("//", "https:p", "https:///"))]


@pytest.mark.parametrize("target", [*ELSEWHERE, "https://[", "http:"])
async def test_a_redirect_to_anywhere_else_is_not_followed(target: str) -> None:
    transport, asked = answering(moved(target))
    fetcher = Fetcher(Sources(HOSTS), resolve=resolver([PUBLIC]), transport=transport)
    assert await trouble_of(fetcher, URL) is Trouble.FORBIDDEN
    assert len(asked) == 1


async def test_a_redirect_to_a_host_that_has_become_private_is_not_followed() -> None:
    transport, asked = answering(moved("/again"))
    fetcher = Fetcher(Sources(HOSTS), resolve=resolver([PUBLIC], ["10.0.0.1"]), transport=transport)
    assert await trouble_of(fetcher, URL) is Trouble.FORBIDDEN
    assert len(asked) == 1


async def test_a_third_redirect_is_one_too_many() -> None:
    transport, asked = answering(*(moved(f"/{number}") for number in range(3)))
    fetcher = Fetcher(Sources(HOSTS), resolve=resolver([PUBLIC]), transport=transport)
    assert await trouble_of(fetcher, URL) is Trouble.FORBIDDEN
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("status", "trouble"), [(404, Trouble.GONE), (410, Trouble.GONE), (403, Trouble.GONE), (503, Trouble.AWAY)]
)
async def test_what_has_expired_is_told_from_what_may_come_back(status: int, trouble: Trouble) -> None:
    transport, _ = answering(httpx.Response(status))
    fetcher = Fetcher(Sources(HOSTS), resolve=resolver([PUBLIC]), transport=transport)
    assert await trouble_of(fetcher, URL) is trouble


async def test_too_large_a_result_is_left_in_the_middle() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1_000_000
            yield bytes(1_000_000)

    transport, _ = answering(httpx.Response(200, content=endless()))
    fetcher = Fetcher(Sources(HOSTS), resolve=resolver([PUBLIC]), transport=transport)
    assert await trouble_of(fetcher, URL) is Trouble.TOO_LARGE
    assert sent <= fetching.MAX_BYTES + 2_000_000


async def test_the_next_address_is_tried_where_the_first_cannot_be_reached() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if len(asked) == 1:
            raise httpx.ConnectError("unreachable")
        return found(b"x")

    fetcher = Fetcher(
        Sources(HOSTS),
        resolve=resolver(["2606:4700:4700::1111", PUBLIC]),
        transport=lambda: httpx.MockTransport(answer),
    )
    assert await fetcher.fetch(URL) == b"x"
    assert asked == ["2606:4700:4700::1111", PUBLIC]


async def test_a_name_that_cannot_be_resolved_may_be_one_again() -> None:
    async def nobody(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("no such name")

    assert await trouble_of(Fetcher(Sources(HOSTS), resolve=nobody), URL) is Trouble.AWAY


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write((self.headers["Host"] + self.path).encode())

    def log_message(self, *_: object) -> None:
        pass


async def test_the_operators_own_server_may_be_at_home_and_speak_http() -> None:
    with serving(Hello) as base, serving(Hello) as other:
        fetcher = Fetcher(sources_of(REPLICATE._replace(base_url=f"{base}/v1")))
        assert await fetcher.fetch(f"{base}/a.png") == f"{httpx.URL(base).netloc.decode()}/a.png".encode()
        assert await trouble_of(fetcher, f"{other}/a.png") is Trouble.FORBIDDEN
        assert await trouble_of(Fetcher(sources_of(REPLICATE)), f"{base}/a.png") is Trouble.FORBIDDEN


def test_a_vendor_at_its_own_address_has_no_server_at_home() -> None:
    assert sources_of(FAL).own is None


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@asynccontextmanager
async def secure(certificate: Path, host: str) -> AsyncIterator[tuple[Fetcher, str, list[str | None]]]:
    """A server with that certificate, its address under that host's name, and the names that it was asked for."""
    names: list[str | None] = []
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    here.load_cert_chain(certificate)
    here.sni_callback = lambda _socket, name, _context: names.append(name)
    there = ssl.create_default_context(cafile=str(certificate))

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0, ssl=here) as server:
        base = f"https://{host}:{server.sockets[0].getsockname()[1]}"
        sources, home = Sources((), httpx.URL(base)), resolver(["127.0.0.1"])
        yield (
            Fetcher(sources, resolve=home, transport=lambda: httpx.AsyncHTTPTransport(verify=there)),
            f"{base}/a",
            names,
        )


async def test_the_certificate_is_the_hosts_though_the_address_is_connected_to(certificate: Path) -> None:
    async with secure(certificate, "localhost") as (fetcher, url, names):
        assert await fetcher.fetch(url) == b"hi"
    assert names == ["localhost"]


async def test_a_server_with_another_ones_certificate_is_not_asked(certificate: Path) -> None:
    async with secure(certificate, "other.example") as (fetcher, url, names):
        assert await trouble_of(fetcher, url) is Trouble.AWAY
    assert names == ["other.example"]
