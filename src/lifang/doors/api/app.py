"""The app: every HTTP door of the house behind one shell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any, Protocol

from anyio.to_thread import run_sync
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.routing import BaseRoute

import lifang.doors
from lifang.app import City, Queries
from lifang.core import Plugins, version_of
from lifang.doors import ckan
from lifang.doors.api.events import Streams
from lifang.doors.api.mailboxes import Mailboxes
from lifang.doors.api.rendered import Rendered
from lifang.doors.dcat import page_text
from lifang.doors.http import (
    COOKIE,
    Metrics,
    ProblemBody,
    Shell,
    ShortWay,
    Signpost,
    Turns,
    add_problem_handlers,
    gather,
    short_ways,
)
from lifang.doors.ngsild import Notifier, Projection, Publisher

_PACKED_ALREADY = ("application/vnd.apache.parquet", "application/vnd.apache.arrow.stream")
_UPLOADS = (
    "POST /api/v1/datasets",
    "POST /api/v1/twin/models",
    *(f"POST {root}/{action}" for root in ckan.PREFIXES for action in ckan.TAKE_FILES),
)
_GZIP_FROM = 1024  # bytes
_GZIP_LEVEL = 5
_SUMMARY = "A city that runs by its data: catalogue, sensors, indicators, alerts, scenes."


class _App(FastAPI):
    """FastAPI whose description carries the problem body that every route may answer with."""

    def openapi(self) -> dict[str, Any]:
        """Return the description of every route, OpenAPI 3.1."""
        if self.openapi_schema is None:
            described = _described()
            self.openapi_schema = {**described, "info": {**described["info"], "title": self.title}}
        return self.openapi_schema


class Beside(Protocol):
    """A door that does not speak HTTP and is served beside those that do, for as long as its context lasts."""

    def serving(self, metrics: Metrics) -> AbstractAsyncContextManager[None]:
        """Return the context in which the door serves."""
        ...


def create_app(city: City, *, beside: Sequence[Beside] = ()) -> FastAPI:
    """Return the ASGI app that serves ``city``: its lifespan starts and closes it, and the doors ``beside`` it.

    Without a lifespan (tests, the command line) the caller starts and closes the city.
    """
    metrics = Metrics()
    app = _App(
        title=f"lifang {city.settings.name_en}",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
        middleware=[
            Middleware(
                Shell,
                hosts=city.settings.allowed_hosts,
                body_max=city.settings.body_max_bytes,
                larger=dict.fromkeys(_UPLOADS, city.settings.upload_max_bytes),
                metrics=metrics,
                embedded_by=city.settings.embedded_by,
            ),
            Middleware(ShortWay),
            Middleware(
                GZipMiddleware,
                minimum_size=_GZIP_FROM,
                compresslevel=_GZIP_LEVEL,
                exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *_PACKED_ALREADY),
            ),
        ],
    )
    app.state.city = city
    app.state.metrics = metrics
    app.state.streams = Streams(metrics)
    app.state.mailboxes = Mailboxes()
    city.tasking.on_command(app.state.mailboxes.tell)
    app.state.streams.on_end(app.state.mailboxes.end)
    app.state.beside = beside
    app.state.rendered = Rendered()
    app.state.page_text = page_text
    app.state.query_turns = Turns(Queries.WORKERS)
    app.state.projection = Projection(city)
    publisher = next((each for each in beside if isinstance(each, Publisher)), None)
    app.state.notifier = Notifier(app.state.projection, publisher)
    add_problem_handlers(app)
    app.router.routes += _routes()
    app.state.short_ways = short_ways(app.routes)
    return app


@cache
def _routes() -> Sequence[BaseRoute]:
    """Return the routes of every door: the same for each city of this process, since they hold nothing of one."""
    doors = [module for module in Plugins(lifang.doors) if hasattr(module, "router")]
    doors.sort(key=lambda module: (module.spec.order, module.spec.id))
    routes = gather(door.router() for door in doors).routes
    return [Signpost(routes), *routes]


@cache
def _described() -> dict[str, Any]:
    """Return the description of every route but for the city's name: for each city the same, and slow to make."""
    schema = get_openapi(
        title="", version=version_of("lifang"), summary=_SUMMARY, routes=_routes(), openapi_version="3.1.0"
    )
    parts = schema.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"), ProblemBody=problem)
    _drop_unused(schema, schemas)
    parts["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }
    schema["security"] = [{}, {"bearer": []}, {"session": []}]
    return schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    city: City = app.state.city
    await run_sync(city.start)
    try:
        async with AsyncExitStack() as stack:
            for door in (*app.state.beside, app.state.notifier):
                await stack.enter_async_context(door.serving(app.state.metrics))
            yield
    finally:
        app.state.streams.end()
        await run_sync(city.close)


def _drop_unused(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Take out FastAPI's own validation answers: here they are problems with status 400."""
    for path in schema["paths"].values():
        for operation in path.values():
            if "application/problem+json" not in operation["responses"].get("422", {}).get("content", {}):
                operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
