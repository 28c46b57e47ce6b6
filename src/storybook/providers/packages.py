"""Vendors' own packages on the client of the process: they build requests and do not get to send one twice."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import httpx2

from storybook.core.errors import LeaseLost
from storybook.providers.http import MAX_ANSWER_BYTES, CallFailed, exchange
from storybook.providers.line import Line


class _Shared(httpx2.AsyncBaseTransport):
    """Passes requests of the packages' generation of httpx on to ours."""

    def __init__(self, client: httpx.AsyncClient, line: Line, most: int) -> None:
        self._client = client
        self._line = line
        self._most = most

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        ours = self._client.build_request(
            request.method, str(request.url), headers=request.headers.raw, content=await request.aread()
        )
        answer = await exchange(self._client, ours, self._line.vendor, self._line.kind, most=self._most)
        return httpx2.Response(answer.status_code, headers=answer.headers.raw, content=answer.content)


def client_for_packages(client: httpx.AsyncClient, line: Line, *, most: int = MAX_ANSWER_BYTES) -> httpx2.AsyncClient:
    """A client to hand to a vendor's package, for answers of so many bytes; it holds nothing that would have to be
    closed.

    What it cannot get an answer to it raises as `CallFailed`, which packages wrap: see `unwrapped`.
    """
    shared = _Shared(client, line, most)
    return httpx2.AsyncClient(transport=shared, follow_redirects=False, timeout=None, trust_env=False)


@contextmanager
def unwrapped(*wrappers: type[Exception]) -> Iterator[None]:
    """Raises the `CallFailed` or `LeaseLost` inside of a package's own error for a connection that failed."""
    try:
        yield
    except wrappers as error:
        if isinstance(error.__cause__, CallFailed | LeaseLost):
            raise error.__cause__ from None
        raise
