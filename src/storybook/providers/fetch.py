"""The only way to fetch what a vendor says is a result.

The address comes from outside and is not trusted. It has to be https and of one of the vendor's own hosts; the host's
name is resolved once, every address found has to be public, and the connection goes to the very address that was looked
at, so that a name cannot lead elsewhere a moment later. Each redirect has to pass the same. The one exception is the
server that the operator has put in the vendor's place.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

import httpx

from storybook.providers.vendors import VENDORS, Vendor

MAX_BYTES = 20 * 1024 * 1024
MAX_REDIRECTS = 2
MAX_URL_LENGTH = 2048
SECONDS = 30.0
_WAITS = {"connect": 5.0, "read": 15.0, "write": 5.0, "pool": 5.0}
_GONE = frozenset({401, 403, 404, 410})

# The special-purpose registries of the IANA, multicast, and the platform address of one large cloud.
_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
_HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_PUBLIC_IPV6 = ip_network("2000::/3")

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host, as text."""


class Trouble(StrEnum):
    """Why there is no result: `away` may pass, the others will not."""

    FORBIDDEN = "forbidden"
    GONE = "gone"
    TOO_LARGE = "too large"
    AWAY = "away"


class NotFetched(Exception):
    """The result could not be had. What it says is ours: neither the address nor the vendor's words."""

    def __init__(self, trouble: Trouble, reason: str) -> None:
        super().__init__(reason)
        self.trouble = trouble


class Sources(NamedTuple):
    """Where results may come from: hosts, with a dot before the names of domains, and the operator's own server."""

    hosts: tuple[str, ...]
    own: httpx.URL | None = None

    def is_own(self, url: httpx.URL) -> bool:
        own = self.own
        return own is not None and (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port)

    def check(self, address: str) -> httpx.URL:
        """The address; raises NotFetched where nothing may be fetched from it."""
        if len(address) > MAX_URL_LENGTH or not address.isascii() or not address.isprintable() or "\\" in address:
            raise NotFetched(Trouble.FORBIDDEN, "the address is malformed")
        try:
            url = httpx.URL(address)
            host = url.host
        except (httpx.InvalidURL, UnicodeError):
            raise NotFetched(Trouble.FORBIDDEN, "the address is malformed") from None
        if url.userinfo:
            raise NotFetched(Trouble.FORBIDDEN, "the address names a user")
        if self.is_own(url):
            return url
        if url.scheme != "https" or url.port is not None:
            raise NotFetched(Trouble.FORBIDDEN, "the address is not plain https")
        listed = any(host == known or (known.startswith(".") and host.endswith(known)) for known in self.hosts)
        if not listed or not _HOST_NAME.fullmatch(host):
            raise NotFetched(Trouble.FORBIDDEN, "the host is not one of the vendor's")
        return url


def sources_of(vendor: Vendor) -> Sources:
    """The hosts of the vendor's row, and the server that the operator has put in its place."""
    own = httpx.URL(vendor.base_url) if vendor.base_url != VENDORS[vendor.name].base_url else None
    return Sources(vendor.result_hosts, own)


def is_public(address: str) -> bool:
    """Whether this is an address of the public internet and of nothing that is nearer, mapped or translated."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and (found.scope_id or found not in _PUBLIC_IPV6):
        return False
    return not any(found in network for network in _NOT_PUBLIC if network.version == found.version)


async def system_resolver(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def make_transport() -> httpx.AsyncBaseTransport:
    """It keeps no connection open: the next host behind the same address may be another one."""
    return httpx.AsyncHTTPTransport(verify=_certificates(), limits=httpx.Limits(max_keepalive_connections=0))


class Fetcher:
    """Fetches results of one vendor."""

    def __init__(
        self,
        sources: Sources,
        *,
        resolve: Resolver = system_resolver,
        transport: Callable[[], httpx.AsyncBaseTransport] = make_transport,
    ) -> None:
        self._sources = sources
        self._resolve = resolve
        self._transport = transport

    async def fetch(self, address: str) -> bytes:
        """What is there, at most `MAX_BYTES` of it and within `SECONDS`; raises NotFetched."""
        try:
            async with asyncio.timeout(SECONDS), self._transport() as transport:
                for _ in range(MAX_REDIRECTS + 1):
                    url = self._sources.check(address)
                    found = await self._visit(transport, url)
                    if isinstance(found, bytes):
                        return found
                    address = found
        except TimeoutError:
            raise NotFetched(Trouble.AWAY, "the result took too long") from None
        except (httpx.InvalidURL, UnicodeError):
            raise NotFetched(Trouble.FORBIDDEN, "the redirect is malformed") from None
        except (httpx.HTTPError, OSError) as error:
            raise NotFetched(Trouble.AWAY, f"the result could not be fetched ({type(error).__name__})") from error
        raise NotFetched(Trouble.FORBIDDEN, "the result is redirected too often")

    async def _visit(self, transport: httpx.AsyncBaseTransport, url: httpx.URL) -> bytes | str:
        """The result, or the address that it has moved to."""
        response = await self._connect(transport, url, await self._addresses(url))
        try:
            if response.has_redirect_location:
                return str(url.join(response.headers["location"]))
            if response.status_code in _GONE:
                raise NotFetched(Trouble.GONE, "the result is not there any more")
            if response.status_code != httpx.codes.OK:
                raise NotFetched(Trouble.AWAY, f"the result's server answers {response.status_code}")
            return await _read(response)
        finally:
            await response.aclose()

    async def _addresses(self, url: httpx.URL) -> list[str]:
        addresses = await self._resolve(url.host, url.port or 443)
        if not self._sources.is_own(url) and not all(map(is_public, addresses)):
            raise NotFetched(Trouble.FORBIDDEN, "the host is not on the public internet")
        return addresses

    async def _connect(
        self, transport: httpx.AsyncBaseTransport, url: httpx.URL, addresses: list[str]
    ) -> httpx.Response:
        """The answer of the first of these addresses that can be reached, asked in the name of the host."""
        failure = httpx.ConnectError("the name has no address")
        for address in addresses:
            request = httpx.Request(
                "GET",
                url.copy_with(host=address, fragment=None),
                headers={"Host": url.netloc.decode("ascii"), "Accept": "image/*", "Accept-Encoding": "identity"},
                extensions={"sni_hostname": url.host, "timeout": _WAITS},
            )
            try:
                return await transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = httpx.ConnectError(type(error).__name__)
        raise failure


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MAX_BYTES:
            raise NotFetched(Trouble.TOO_LARGE, "the result is too large")
    return bytes(body)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
