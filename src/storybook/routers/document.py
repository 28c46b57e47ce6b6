"""The API's own description, good enough to make a client from."""

import json
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

Document = dict[str, Any]

JSON = "application/json"
SUMMARY = "Illustrated children's books from one sentence"
DESCRIPTION = """\
Ask for a book with `POST /v1/books`, follow it at `GET /v1/books/{job_id}` or as events, and read it at
`GET /v1/books/{book_id}/detail`.

Every request says who asks, unless it is marked as needing nothing: by `X-User-Key`, a secret of 10 to 80 characters
that the client makes up once and keeps, where a new key is a new user; or, better, by `Authorization: Bearer` with the
access token that `POST /v1/auth/device` gives for it. A 401 with `TOKEN_EXPIRED` asks for `POST /v1/auth/refresh`, any
other 401 for a new sign-in. Every success is 200. Every error has one form: branch on `error.code`.
Addresses of pictures, sounds and PDFs are absolute and need no key; what is at an address never changes.
"""
LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
SERVERS = [
    {"url": "/", "description": "The server that this document came from"},
    {"url": "http://127.0.0.1:8000", "description": "A server on this machine"},
]
TAGS = [
    {"name": "health", "description": "Whether the service is there and can work. No key is needed."},
    {"name": "books", "description": "Ask for a book, follow it, read it, hear it, print it, change it."},
    {"name": "characters", "description": "Characters that look the same in every book they are chosen for."},
    {"name": "library", "description": "All finished books of a user."},
    {"name": "streak", "description": "Reading day by day, and the story of the day. Days are the reader's own."},
    {"name": "auth", "description": "Tokens instead of a key: signing a device in, staying signed in, signing out."},
    {"name": "account", "description": "The user's own account: its settings, all of it as a zip, and its end."},
    {"name": "credits", "description": "What a user has, buys and spends. A book costs one credit."},
    {"name": "stores", "description": "For the app stores alone, which sign what they send."},
]


def operation_id(route: APIRoute) -> str:
    """The name of the function that answers, which clients are made from."""
    return route.name


def describe(app: FastAPI) -> Document:
    """The OpenAPI document of the app's routes, with an example of every request and answer."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=SUMMARY,
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
        servers=SERVERS,
        license_info=LICENSE,
    )
    examples = json.loads(files("storybook.routers").joinpath("examples.json").read_text(encoding="utf-8"))
    for path in document["paths"].values():
        for operation in path.values():
            _show(operation, examples.get(operation["operationId"], {}))
    return document


def as_text(document: Document) -> str:
    """The same text for the same document."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _show(operation: Document, example: Document) -> None:
    if "request" in example:
        for media in operation["requestBody"]["content"].values():
            media["example"] = example["request"]
    if "answer" in example:
        operation["responses"]["200"]["content"][JSON]["example"] = example["answer"]
