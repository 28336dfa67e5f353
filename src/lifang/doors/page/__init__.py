"""page: serves the built page: its files with caching and entity tags, and the page itself for every view's address.

What a dataset is stands in the HTML of its address, for those who run no JavaScript; the door ``dcat`` says it.

Does not belong here: data, answers to programs. The page's source lives in ``page/``, its build in ``site/`` beside
this file. Reads and writes no dataset.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from lifang.core import NotFound
from lifang.doors.http import Asker, Door, GuardedRoute, PageText, asking, bytes_answer, not_modified, refuse_method
from lifang.doors.page.site_files import FILES, Asset, SiteFiles
from lifang.guard import Action, Resource

__all__ = ["FILES", "SiteFiles", "router", "spec"]

spec = Door("page", "页面", "page", "HTML, CSS and JavaScript", order=100)

_PROGRAMS = ("api/", "sta/", "ogc/", "events", "metrics", "healthz", "tiles/", "dcat", "open311/", "assets/")
_TITLE = re.compile("<title>[^<]*</title>")
_UNBUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>lifang 里坊</title>
<body style="font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>lifang 里坊</h1>
<p lang="zh">城市已在运行，但页面尚未构建。请运行 <code>make page</code>，然后刷新。</p>
<p>The city is running, but its page is not built. Run <code>make page</code>, then reload.</p>
<p>The data is there already: <a href="/api/v1/city">/api/v1/city</a>.</p>
"""


def router(files: SiteFiles | None = None) -> APIRouter:
    """Return the routes of the page; they come last, because they answer any address that no program uses."""
    site = files or SiteFiles(FILES)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)

    @routes.api_route("/{path:path}", methods=["GET", "HEAD"])
    def page(
        path: str,
        request: Request,
        asker: Annotated[Asker, asking(Action.READ, Resource("city"), identify=False)],
    ) -> Response:
        """Return one of the page's files, or the page itself for the address of a view."""
        asset = site.find(path)
        if asset is None:
            refuse_method(request)
            asset = _view(path, site)
        if asset and asset.media_type.startswith("text/html") and (text := _text(request, asker)):
            return bytes_answer(request, _told(asset.content, text), media_type=asset.media_type)
        return _answer(request, asset) if asset else Response(_UNBUILT, 503, media_type="text/html")

    return routes


def _view(path: str, site: SiteFiles) -> Asset | None:
    if path.startswith(_PROGRAMS) or Path(path).suffix or "\\" in path:
        raise NotFound("There is nothing at this address.", where=f"/{path[:200]}", mend="See /api/v1/openapi.json.")
    return site.find("index.html")


def _text(request: Request, asker: Asker) -> PageText | None:
    """Return what the page says at this address to whoever runs no JavaScript, if a door has something to say."""
    ask: Callable[[Request, Asker], PageText | None] | None = getattr(request.app.state, "page_text", None)
    return ask(request, asker) if ask else None


def _told(html: bytes, text: PageText) -> bytes:
    """Return the page with its title, the tags of its head and its text, beside which it is the same for everybody."""
    told = _TITLE.sub(lambda _: f"<title>{escape(text.title)}</title>", html.decode(), count=1)
    told = told.replace("</head>", f"{text.head}\n  </head>", 1)
    return told.replace("<noscript>", f"<noscript>{text.text}", 1).encode()


def _answer(request: Request, asset: Asset) -> Response:
    headers = {"ETag": asset.tag, "Cache-Control": asset.caching, "Vary": "Accept-Encoding"}
    if not_modified(request, asset.tag):
        return Response(status_code=304, headers=headers)
    packed = asset.packed is not None and "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["Content-Encoding"] = "gzip"
    content = asset.packed if packed else asset.content
    return Response(content, headers=headers, media_type=asset.media_type)
