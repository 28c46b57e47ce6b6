"""The HTTP front door."""

import gc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache

from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from storybook import __version__
from storybook.core.broker import Broker
from storybook.core.headers import SAFE_HEADERS
from storybook.core.metrics import expect_requests
from storybook.core.operators import OperatorDoor
from storybook.core.pulse import felt
from storybook.core.settings import Settings
from storybook.pipeline.dispatcher import Dispatcher
from storybook.pipeline.kit import Kit
from storybook.pipeline.policy import STORAGE_WAITS, policies
from storybook.pipeline.runner import Runner
from storybook.pipeline.screening import Purse, Screening
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
    metrics,
    ops,
    photos,
    purchases,
    store_news,
    streak,
)
from storybook.routers.counting import RATE_LIMIT_HEADERS
from storybook.routers.limits import limit_calls
from storybook.routers.middleware import Envelope, request_id_for
from storybook.routers.once import Turns
from storybook.routers.strangers import Strangers
from storybook.schemas.account import known_time_zones
from storybook.services import periodic
from storybook.services.budget import Caps
from storybook.services.gauges import Gauges
from storybook.services.operations_week import Weeks
from storybook.storage.base import FOR_EVER
from storybook.storage.files import FileStorage

GRACE_SECONDS = 25
END_SECONDS = 29
"""After a signal to stop, whatever hangs. Whoever sends it gives a process 30 seconds."""
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
NOT_BY_THE_FRAMEWORK = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
"""Its own traces hold addresses with ids, and its logs what was sent; see `core.telemetry` for ours."""
HTTP_OK = 200
NOT_FROM_THERE = (
    "A page of this site may not send that. CORS_ORIGINS lists the sites whose pages may call the API, "
    "with its methods and headers."
)


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
    """The API over resources that are open, and that the caller closes.

    While it runs it works on jobs and does what is due from time to time, or leaves both to other processes.
    """
    settings = resources.settings
    broker = Broker(settings.celery_broker_url) if settings.use_celery else None
    runner, works = _work_of(resources, broker)

    @asynccontextmanager
    async def working(_: FastAPI) -> AsyncIterator[None]:
        runner.start()
        resources.notifications.on_free_job = runner.wake
        with felt(resources.database.engine):
            async with periodic.running(resources.database, works):
                yield
                await runner.stop(grace_seconds=GRACE_SECONDS)

    app = _front(settings.app_name, lifespan=working, shows_docs=settings.shows_docs)
    app.state.resources = resources
    app.state.runner = runner
    app.state.broker = broker
    app.state.gauges = Gauges(resources.database, Caps.of(settings))
    purse = Purse(resources.database, resources.quotas.spending.caps, resources.estimate.question)
    app.state.screening = Screening(resources.providers.moderation, purse)
    app.state.strangers = Strangers()
    app.state.turns = Turns()
    if ops_token := settings.ops_token.get_secret_value():
        app.state.operators = OperatorDoor(ops_token)
        app.state.weeks = Weeks()
        app.include_router(ops.router)
        expect_requests(_answered(ops.router.routes))
    if isinstance(resources.storage, FileStorage):
        folder = settings.storybook_data_dir / "assets"
        app.mount("/assets", _Assets(directory=folder, check_dir=False), name="assets")
    expect_requests(_answered(app.state.api_routes))
    app.add_middleware(Envelope)
    _allow_other_sites(app, settings)
    return app


def _answered(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Each method of each route, by its template."""
    return ((method, route.path) for route in routes if isinstance(route, Route) for method in route.methods or ())


def _work_of(resources: Resources, broker: Broker | None) -> tuple[Runner | Dispatcher, list[periodic.Work]]:
    """Who looks after jobs in this process, and what else it does."""
    settings = resources.settings
    if broker:
        return Dispatcher(resources.database, broker), []
    works = periodic.usual(resources.database, resources.storage, resources.stores, settings.sweep_seconds)
    return Runner(make_kit(resources), settings), works


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


def _front(title: str, lifespan: Lifespan | None = None, *, shows_docs: bool = True) -> FastAPI:
    app = FastAPI(
        title=title,
        version=__version__,
        lifespan=lifespan,
        generate_unique_id_function=document.operation_id,
        openapi_url="/openapi.json" if shows_docs else None,
        telemetry=NOT_BY_THE_FRAMEWORK,
    )
    routers = [
        module.router
        for module in (
            health,
            metrics,
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
    """Stands outside of everything, so that refusals and failures can be read by other sites too.

    What never gets here, nginx answers, and has a list of its own from the same setting.
    """

    def preflight_response(self, request_headers: Headers) -> Response:
        response, request_id = super().preflight_response(request_headers), request_id_for(request_headers)
        if response.status_code != HTTP_OK:
            told = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
            response = failures.answer(
                response.status_code, "VALIDATION_ERROR", NOT_FROM_THERE, request_id=request_id, headers=told
            )
        response.headers.update(SAFE_HEADERS | {"X-Request-ID": request_id})
        return response


class _Assets(StaticFiles):
    """Stored files. What is at an address never changes: a new picture has a new one."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER
        return response
