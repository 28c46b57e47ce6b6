"""What Prometheus reads."""

import asyncio

from fastapi import APIRouter, Request, Response

from storybook.core import metrics
from storybook.core.errors import NotFound, Unauthenticated
from storybook.core.settings import Settings
from storybook.routers.deps import ResourcesDep
from storybook.routers.health import look
from storybook.services.gauges import Gauges

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
async def get_metrics(request: Request, resources: ResourcesDep) -> Response:
    """The figures of this process, also while the database is away; else those of the house too."""
    _require_reader(request, resources.settings)
    gauges: Gauges = request.app.state.gauges
    parts, figures = await asyncio.gather(look(request), gauges.get())
    up: metrics.Figures = {metrics.UP[part]: {(): float(state == "ok")} for part, state in parts.items()}
    told = await asyncio.to_thread(metrics.exposed, {**up, **figures})
    return Response(told, media_type=metrics.CONTENT_TYPE)


def _require_reader(request: Request, settings: Settings) -> None:
    token = settings.metrics_token.get_secret_value()
    if not token and settings.in_production:
        raise NotFound("There is nothing at this address.")
    if not metrics.opens(token, request.headers.get("Authorization", "")):
        raise Unauthenticated("Please send the METRICS_TOKEN of this service as a Bearer token.")
