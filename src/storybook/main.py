"""The HTTP front door."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache

from fastapi import Depends, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from storybook import __version__
from storybook.core.settings import Settings
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import STORAGE_WAITS, policies
from storybook.pipeline.runner import Runner
from storybook.pipeline.screening import Screening
from storybook.resources import Resources
from storybook.routers import (
    account,
    auth,
    books,
    characters,
    credits,
    document,
    events,
    failures,
    health,
    library,
    photos,
    purchases,
    store_news,
    streak,
)
from storybook.routers.counting import RATE_LIMIT_HEADERS
from storybook.routers.limits import limit_calls
from storybook.routers.middleware import SAFE_HEADERS, Envelope
from storybook.routers.once import Turns
from storybook.routers.strangers import Strangers
from storybook.schemas.account import known_time_zones
from storybook.services import periodic
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
        async with periodic.running(resources.database, resources.stores):
            yield
        await runner.stop(grace_seconds=GRACE_SECONDS)

    app = _front(resources.settings.app_name, lifespan=working)
    app.state.resources = resources
    app.state.runner = runner
    app.state.screening = Screening(resources.providers.moderation)
    app.state.strangers = Strangers()
    app.state.turns = Turns()
    if isinstance(resources.storage, FileStorage):
        folder = resources.settings.storybook_data_dir / "assets"
        app.mount("/assets", _Assets(directory=folder, check_dir=False), name="assets")
    app.add_middleware(Envelope)
    _allow_other_sites(app, resources.settings)
    return app


async def settle(app: FastAPI) -> None:
    """Does at the start what the event loop would stand still for later; call it before the first request.

    The routes are built now, and the threads beside the loop are there. What is there by now stays, so the garbage
    collector need not look at it ever again, which takes it a tenth of a second and more each time.
    """
    await run_in_threadpool(app.openapi)
    await run_in_threadpool(known_time_zones)
    gc.collect()
    gc.freeze()


def api_document() -> document.Document:
    """The OpenAPI document of this version; nothing needs to be running."""
    return document.describe(_front(Settings.model_fields["app_name"].default))


def _front(title: str, lifespan: Lifespan | None = None) -> FastAPI:
    app = FastAPI(
        title=title, version=__version__, lifespan=lifespan, generate_unique_id_function=document.operation_id
    )
    routers = [
        module.router
        for module in (
            health,
            books,
            events,
            characters,
            photos,
            library,
            auth,
            credits,
            account,
            purchases,
            store_news,
            streak,
        )
    ]
    failures.register(app, [route for router in routers for route in router.routes])
    for router in routers:
        app.include_router(router, dependencies=[Depends(limit_calls)])
    app.openapi = cache(lambda: document.describe(app))  # type: ignore[method-assign]
    return app


def _allow_other_sites(app: FastAPI, settings: Settings) -> None:
    if settings.cors_origins:
        app.add_middleware(
            _OtherSites,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Last-Event-ID",
                "X-Idempotency-Key",
                "X-Request-ID",
                "X-User-Key",
            ],
            expose_headers=["X-Request-ID", "Retry-After", *RATE_LIMIT_HEADERS, "X-Next-Cursor"],
        )


class _OtherSites(CORSMiddleware):
    """Stands outside of everything, so that refusals and failures can be read by other sites too."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        response.headers.update(SAFE_HEADERS)
        return response


class _Assets(StaticFiles):
    """Stored files. What is at an address never changes: a new picture has a new one."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER
        return response
