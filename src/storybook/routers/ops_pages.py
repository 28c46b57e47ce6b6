"""The pages of the operator: templates, in which every value is escaped, and the headers that all of them have."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from storybook.storage.base import FOR_EVER

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}
STATIC = {"style.css": "text/css", "live.js": "text/javascript"}
FOLDER = "templates"
PATH = "/ops"


def page(name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The template with its values."""
    return HTMLResponse(_environment().get_template(f"{name}.html").render(values), status, headers=PAGE_HEADERS)


def static(name: str) -> Response:
    """One of `STATIC`. Its address has its version in it, so it may be kept."""
    headers = PAGE_HEADERS | {"Cache-Control": FOR_EVER}
    return Response(_content(name), media_type=STATIC[name], headers=headers)


def is_for_operator(request: Request) -> bool:
    """Whether a browser asks for an address below the operator's page, where there is one."""
    path, wanted = request.url.path, request.headers.get("Accept", "")
    below = path == PATH or path.startswith(f"{PATH}/")
    return below and hasattr(request.app.state, "operators") and "application/json" not in wanted


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("storybook.routers", FOLDER),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["address"] = {name: f"{PATH}/{name}?v={_version(name)}" for name in STATIC}
    return environment


@cache
def _content(name: str) -> bytes:
    return files("storybook.routers").joinpath(FOLDER, name).read_bytes()


def _version(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:12]
