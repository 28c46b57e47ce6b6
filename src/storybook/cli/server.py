"""The API in this process: listens, works on jobs, and stops cleanly when told."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from typing import Any, NamedTuple

import uvicorn
from fastapi import FastAPI
from rich.console import Console
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from storybook.core.errors import SetupError
from storybook.core.notifications import Notifications
from storybook.core.settings import Settings
from storybook.main import GRACE_SECONDS, create_app, settle
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

    def __init__(self, config: uvicorn.Config, notifications: Notifications) -> None:
        super().__init__(config)
        self._notifications = notifications
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams of events first: they would keep the process from ending."""
        self._notifications.release()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        told = (signal.SIGINT, signal.SIGTERM)
        for number in told:
            loop.add_signal_handler(number, self._stop)
        yield
        for number in told:
            loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True


def listen(address: Address) -> socket.socket:
    """The socket to serve at; raises SetupError when it cannot be had.

    An answer leaves in parts, and each goes at once: kept back, the last one would be 40 milliseconds late.
    """
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        listening = socket.create_server(address, family=family, backlog=2048)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise SetupError(
            f"Port {address.port} at {address.host} cannot be used ({os.strerror(error.errno or 0)}). "
            "Is another storybook running? Stop it, or choose another port with --port."
        ) from error
    return listening


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
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@asynccontextmanager
async def serving(settings: Settings, address: Address) -> AsyncIterator[tuple[Resources, "asyncio.Task[None]"]]:
    """The API, answering at its address; the task ends when a signal tells it to stop."""
    with listen(address) as sock:
        async with open_resources(settings) as resources:
            app = create_app(resources)
            await settle(app)
            server = Server(configure(app, settings), resources.notifications)
            task = asyncio.create_task(server.serve(sockets=[sock]), name="server")
            await server.ready.wait()
            try:
                yield resources, task
            finally:
                server.should_exit = True
                await task


async def serve_until_told(settings: Settings, address: Address, console: Console) -> int:
    async with serving(settings, address) as (_, server):
        say_where(address, console)
        await server
    return 0


def say_where(address: Address, console: Console) -> None:
    console.print(f"Serving at [b]{address.url}[/b]   API docs: {address.url}/docs   stop with Ctrl+C", soft_wrap=True)
