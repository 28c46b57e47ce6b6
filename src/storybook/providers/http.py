"""One client for all vendors, and one reading of what their answers and silences mean.

A call is one POST: nothing here, and no client that is handed this one, sends anything twice.
"""

import email.utils
import time
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, cast

import httpx

from storybook.core.errors import Charged, ErrorCode, ProviderError
from storybook.domain.calls import Kind, Outcome, code_of
from storybook.providers import about
from storybook.providers.vendors import Vendor

MAX_ANSWER_BYTES = 2 * 1024 * 1024
"""Several times as much as the longest words, verdicts and lists of models take."""
MAX_MEDIA_BYTES = 32 * 1024 * 1024
"""The same where an answer holds pictures or sound."""
MAX_PARTS = 100_000
"""So much JSON is read in a moment; it takes far longer by its lists and objects than by its bytes."""
MAX_RETRY_AFTER = 600.0
_PACKED = "gzip"
_RATE_LIMIT_CODES = {Kind.IMAGE: ErrorCode.IMAGE_RATE_LIMIT}
_TIMEOUT_CODES = {Kind.IMAGE: ErrorCode.IMAGE_TIMEOUT}
MALFORMED = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What an answer raises that is read and is not JSON, or is JSON of another form."""
_PASSING = frozenset({408, 425, 429})
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


def busy_code_of(kind: Kind) -> ErrorCode:
    """What a job ends with when a vendor of that kind is too busy for too long."""
    return _RATE_LIMIT_CODES.get(kind, code_of(kind))


class CallFailed(ProviderError):
    """A call that a vendor did not answer as it should; `outcome` is what is written down of it."""

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome,
        code: ErrorCode,
        charged: Charged,
        status: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message, code=code, charged=charged, **more)
        self.outcome = outcome
        self.status = status


def make_client() -> httpx.AsyncClient:
    """The client of the process. Tries have their own time limit, so a read has none here."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=10.0, pool=None),
        limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        follow_redirects=False,
        trust_env=False,
    )


def no_answer(error: httpx.HTTPError | OSError, vendor: Vendor, kind: Kind) -> CallFailed:
    """The connection failed. Only where the request never left is it sure that nothing was charged."""
    if isinstance(error, _NEVER_LEFT):
        return CallFailed(
            f"{vendor.name} cannot be reached",
            outcome=Outcome.NOT_SENT,
            code=code_of(kind),
            charged=Charged.NO,
            retryable=True,
        )
    return CallFailed(
        f"{vendor.name} did not answer ({type(error).__name__})",
        outcome=Outcome.UNKNOWN,
        code=_TIMEOUT_CODES.get(kind, code_of(kind)),
        charged=Charged.MAYBE,
        retryable=True,
    )


def refusal(status: int, headers: Mapping[str, str], vendor: Vendor, kind: Kind) -> CallFailed:
    """What an answer with an error status means. The vendor's own words stay out: they may quote the request."""
    if status == 429:
        return CallFailed(
            f"{vendor.name} is too busy",
            outcome=Outcome.BUSY,
            code=busy_code_of(kind),
            charged=Charged.NO,
            retryable=True,
            retry_after=retry_after(headers),
            status=status,
        )
    if status >= 500 or status == 408:
        free = status in vendor.free_statuses
        return CallFailed(
            f"{vendor.name} failed with {status}",
            outcome=Outcome.FAILED if free else Outcome.UNKNOWN,
            code=code_of(kind),
            charged=Charged.NO if free else Charged.MAYBE,
            retryable=True,
            retry_after=retry_after(headers),
            status=status,
        )
    return CallFailed(
        f"{vendor.name} refused the key" if status in {401, 403} else f"{vendor.name} refused with {status}",
        outcome=Outcome.REFUSED,
        code=code_of(kind),
        charged=Charged.NO,
        status=status,
    )


def unusable(reason: str, vendor: Vendor, kind: Kind, *, retryable: bool = False) -> CallFailed:
    """The vendor answered, and charged, but the answer is not what was asked for."""
    code = ErrorCode.LLM_JSON_INVALID if kind in {Kind.TEXT, Kind.SIGHT} else code_of(kind)
    return CallFailed(
        f"{vendor.name}: {reason}", outcome=Outcome.UNUSABLE, code=code, charged=Charged.YES, retryable=retryable
    )


def turned_down(vendor: Vendor, kind: Kind) -> CallFailed:
    """The same for a model that will not do what it is asked. Whoever writes is asked for what a reader wishes: there a
    gentler wish helps, and no second try does.
    """
    failed = unusable("the question was turned down", vendor, kind)
    if kind is Kind.TEXT:
        failed.code = ErrorCode.SAFETY_INPUT
    return failed


def passes(status: int) -> bool:
    """Whether a look that was answered so may be answered otherwise later."""
    return status in _PASSING or status >= 500


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to leave the vendor alone, from a number of seconds or a date; None where it says nothing readable."""
    told = headers.get("retry-after", "").strip()
    if not told:
        return None
    if told.isascii() and told.isdigit():
        return min(float(told), MAX_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(told)
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


async def send(
    client: httpx.AsyncClient, request: httpx.Request, vendor: Vendor, kind: Kind, *, most: int = MAX_ANSWER_BYTES
) -> httpx.Response:
    """The answer to one request, read whole; raises CallFailed for everything but a 2xx of at most so many bytes."""
    response = await exchange(client, request, vendor, kind, most=most)
    if not response.is_success:
        raise refusal(response.status_code, response.headers, vendor, kind)
    return response


async def exchange(
    client: httpx.AsyncClient, request: httpx.Request, vendor: Vendor, kind: Kind, *, most: int = MAX_ANSWER_BYTES
) -> httpx.Response:
    """The same with any status; raises CallFailed where no answer of that size comes. An error that says too much has
    an empty body: its status tells enough.

    What may cost something is not sent when the lease of its job may be over: raises LeaseLost.
    """
    request.headers["Accept-Encoding"] = _PACKED
    if request.method == "POST":
        request.extensions["trace"] = _before_it_leaves
    try:
        response = await client.send(request, stream=True)
        try:
            body = await _read(response, most if response.is_success else MAX_ANSWER_BYTES)
        finally:
            await response.aclose()
    except (httpx.HTTPError, OSError) as error:  # what breaks the encryption of a connection comes as it is
        raise no_answer(error, vendor, kind) from error
    if body is None and response.is_success:
        raise unusable("the answer is too large", vendor, kind)
    return httpx.Response(response.status_code, headers=_plain(response.headers), content=body or b"", request=request)


async def _before_it_leaves(event: str, _: dict[str, Any]) -> None:
    """Looks at the lease when there is a connection, and before the body, without which nothing is charged: either may
    have been waited for, and the process may have stood still.
    """
    if event.endswith((".send_request_headers.started", ".send_request_body.started")):
        about.require_lease()


async def _read(response: httpx.Response, most: int) -> bytes | None:
    """The body, or None where it is too large: no more than that is unpacked, however small it came. So is one of too
    many parts, whose reading would hold up everybody.
    """
    body, unpack = bytearray(), _unpacking(response.headers.get("content-encoding", ""))
    try:
        async for piece in cast(httpx.AsyncByteStream, response.stream):
            body += unpack(piece, most + 1 - len(body))
            if len(body) > most:
                return None
    except zlib.error:
        raise httpx.DecodingError("the answer is packed in another way than it says") from None
    return bytes(body) if sum(map(body.count, (b",", b"[", b"{"))) <= MAX_PARTS else None


def _unpacking(encoding: str) -> Callable[[bytes, int], bytes]:
    """Unpacks the next piece, but no more than so many bytes of it."""
    if encoding.strip().lower() == _PACKED:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress
    return lambda piece, _: piece


def _plain(headers: httpx.Headers) -> list[tuple[bytes, bytes]]:
    """Without what described the body on its way; of the body's type no more than its name, as all text is UTF-8."""
    return [
        (name, value.partition(b";")[0] if name.lower() == b"content-type" else value)
        for name, value in headers.raw
        if name.lower() not in {b"content-encoding", b"content-length"}
    ]
