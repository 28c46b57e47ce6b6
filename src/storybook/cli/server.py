"""The API in this process: listens, works on jobs, and stops cleanly when told."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from typing import Any, NamedTuple

import uvicorn
from fastapi import FastAPI
from rich.console import Console
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from storybook.core.endings import end_within
from storybook.core.errors import SetupError
from storybook.core.notifications import Notifications
from storybook.core.settings import Settings
from storybook.main import END_SECONDS, GRACE_SECONDS, create_app, settle
from storybook.resources import Resources, open_resources


class Address(NamedTuple):
    host: str
    port: int

    @property
    def url(self) -> str:
        """How a browser on this machine reaches it."""
        everywhere = self.host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
        host = "127.0.0.1" if everywhere else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


class Server(uvicorn.Server):
    """Says when it is ready, stops when told by a signal, and leaves the process to its caller to end."""

    def __init__(self, config: uvicorn.Config, notifications: Notifications, retire: Callable[[], None]) -> None:
        """`retire` takes no new jobs from then on."""
        super().__init__(config)
        self._notifications = notifications
        self._retire = retire
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams of events first: they would keep the process from ending."""
        self._begin_to_end()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        told = (signal.SIGINT, signal.SIGTERM)
        for number in told:
            loop.add_signal_handler(number, self._stop, number)
        yield
        for number in told:
            loop.remove_signal_handler(number)

    def _stop(self, number: int) -> None:
        """It is not ready any more at once, but answers until whoever sends it requests can know that.

        Who tells it by the keyboard, or twice, does not wait for that.
        """
        told_before = self._notifications.released
        if not told_before:
            end_within(END_SECONDS)
        self._begin_to_end()
        drains = number == signal.SIGTERM and not told_before
        asyncio.get_running_loop().call_later(DRAIN_SECONDS if drains else 0, self._exit)

    def _begin_to_end(self) -> None:
        self._notifications.release()
        self._retire()

    def _exit(self) -> None:
        self.should_exit = True


BACKLOG = 2048
DRAIN_SECONDS = 3
KEEP_ALIVE_SECONDS = 75
"""Far more than the time between two polls: whoever sends on a connection that is just being closed gets no answer."""


@contextmanager
def claimed(address: Address) -> Iterator[socket.socket]:
    """The socket to serve at. Until it listens, whoever connects is refused and may ask another process at once.

    An answer leaves in parts, and each goes at once: kept back, the last one would be 40 milliseconds late.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with _said_plainly(address):
            sock.bind(address)
        yield sock


@contextmanager
def _said_plainly(address: Address) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"Port {address.port} at {address.host} cannot be used ({os.strerror(error.errno or 0)}). "
            "Is another storybook running? Stop it, or choose another port with --port."
        ) from error


class Forwarded:
    """Takes a request to come from where a trusted proxy says, and from the proxy where that cannot be read."""

    def __init__(self, app: Any, trusted: Iterable[str]) -> None:
        self._app = app
        self._told = ProxyHeadersMiddleware(self._readable, list(trusted))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._told(scope | {"proxy": scope.get("client")}, receive, send)

    async def _readable(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            ip_address(scope["client"][0])
        except (KeyError, TypeError, ValueError):
            scope["client"] = scope["proxy"]
        await self._app(scope, receive, send)


def configure(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How the app is served. Who a request comes from is believed only of the proxies that the settings name."""
    return uvicorn.Config(
        Forwarded(app, settings.trusted_proxies) if settings.trusted_proxies else app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS - DRAIN_SECONDS,
    )


@asynccontextmanager
async def serving(settings: Settings, address: Address) -> AsyncIterator[tuple[Resources, "asyncio.Task[None]"]]:
    """The API, answering at its address; the task ends when a signal tells it to stop."""
    with claimed(address) as sock:
        async with open_resources(settings) as resources:
            app = create_app(resources)
            await settle(app)
            server = Server(configure(app, settings), resources.notifications, app.state.runner.retire)
            with _said_plainly(address):
                sock.listen(BACKLOG)
            task = asyncio.create_task(server.serve(sockets=[sock]), name="server")
            await server.ready.wait()
            try:
                yield resources, task
            finally:
                server.should_exit = True
                await task


async def serve_until_told(settings: Settings, address: Address, console: Console) -> int:
    async with serving(settings, address) as (_, server):
        say_where(address, console, docs=settings.shows_docs)
        await server
    return 0


def say_where(address: Address, console: Console, *, docs: bool) -> None:
    shown = f"   API docs: {address.url}/docs" if docs else ""
    console.print(f"Serving at [b]{address.url}[/b]{shown}   stop with Ctrl+C", soft_wrap=True)
