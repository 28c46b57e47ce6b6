"""The HTTP front door."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache

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
from storybook.routers import books, characters, document, events, failures, health, library, photos
from storybook.routers.middleware import Envelope
from storybook.storage.files import FileStorage

GRACE_SECONDS = 25
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
FOR_EVER = "public, max-age=31536000, immutable"


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

    app = _front(resources.settings.app_name, lifespan=working)
    app.state.resources = resources
    app.state.runner = runner
    if isinstance(resources.storage, FileStorage):
        folder = resources.settings.storybook_data_dir / "assets"
        app.mount("/assets", _Assets(directory=folder, check_dir=False), name="assets")
    app.add_middleware(Envelope)
    _allow_other_sites(app, resources.settings)
    return app


def api_document() -> document.Document:
    """The OpenAPI document of this version; nothing needs to be running."""
    return document.describe(_front(Settings.model_fields["app_name"].default))


def _front(title: str, lifespan: Lifespan | None = None) -> FastAPI:
    app = FastAPI(
        title=title, version=__version__, lifespan=lifespan, generate_unique_id_function=document.operation_id
    )
    routers = [module.router for module in (health, books, events, characters, photos, library)]
    failures.register(app, [route for router in routers for route in router.routes])
    for router in routers:
        app.include_router(router)
    app.openapi = cache(lambda: document.describe(app))  # type: ignore[method-assign]
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
