"""The HTTP front door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from storybook import __version__
from storybook.core.settings import Settings
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import STORAGE_WAITS, policies
from storybook.pipeline.runner import Runner
from storybook.resources import Resources
from storybook.routers import books, failures, health, library
from storybook.routers.middleware import Envelope
from storybook.schemas.common import ErrorAnswer
from storybook.storage.files import FileStorage

GRACE_SECONDS = 25
FOR_EVER = "public, max-age=31536000, immutable"
ERRORS: dict[int | str, dict[str, Any]] = {status: {"model": ErrorAnswer} for status in (400, 402, 404, 422, 503)}


def make_kit(resources: Resources) -> Kit:
    """What the pipeline needs of the process's resources."""
    return Kit(
        database=resources.database,
        storage=resources.storage,
        providers=resources.providers,
        policies=policies(resources.settings),
        storage_waits=STORAGE_WAITS,
        pictures_at_once=resources.settings.image_max_concurrent,
    )


def create_app(resources: Resources) -> FastAPI:
    """The API over resources that are open, and that the caller closes; it works on jobs while it runs."""
    runner = Runner(make_kit(resources), resources.settings)

    @asynccontextmanager
    async def working(_: FastAPI) -> AsyncIterator[None]:
        runner.start()
        yield
        await runner.stop(grace_seconds=GRACE_SECONDS)

    app = FastAPI(
        title=resources.settings.app_name,
        version=__version__,
        summary="Illustrated children's books from one sentence",
        lifespan=working,
        responses=ERRORS,
    )
    app.state.resources = resources
    app.state.runner = runner
    failures.register(app)
    for module in (health, books, library):
        app.include_router(module.router)
    if isinstance(resources.storage, FileStorage):
        folder = resources.settings.storybook_data_dir / "assets"
        app.mount("/assets", _Assets(directory=folder, check_dir=False), name="assets")
    app.add_middleware(Envelope)
    _allow_other_sites(app, resources.settings)
    return app


def _allow_other_sites(app: FastAPI, settings: Settings) -> None:
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=["X-User-Key", "X-Idempotency-Key", "Content-Type", "Authorization"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )


class _Assets(StaticFiles):
    """Stored files. What is at an address never changes: a new picture has a new one."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER
        return response
