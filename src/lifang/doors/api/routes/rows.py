"""Routes of a dataset's rows: pages of JSON, whole exports as CSV, GeoJSON, Parquet, Arrow or JSON."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import pyarrow as pa
import shapely
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from lifang.catalogue import (
    MEDIA_TYPES,
    NEED_GEOMETRY,
    Release,
    bounded,
    check_rows,
    chosen,
    conditions,
    ordering,
    visible,
    write_rows,
)
from lifang.core import BadInput, Box
from lifang.doors.api.bodies.catalogue import RowPage
from lifang.doors.api.listing import After, RecordedMoment, moment, one_way
from lifang.doors.api.rendered import Rendered
from lifang.doors.http import (
    PROBLEMS,
    Asker,
    GuardedRoute,
    asking,
    bytes_answer,
    city_of,
    decode_cursor,
    encode_cursor,
    entity_tag,
    json_answer,
    not_modified,
)
from lifang.guard import Action, Resource
from lifang.store import Condition, Relation

_PAGE, _PAGE_MAX = 100, 10_000
_RENDERED_MAX = 8_000_000  # bytes of a release whose GeoJSON is made in memory
_GEOMETRY = "geometry"
_GZIP_LEVEL = 6
_BATCH_ROWS = 50_000
ROWS_HEADER = "X-Lifang-Rows"
_ENDINGS = {"arrow": "arrows"}
_EXPORTS = {name.partition(";")[0]: {"schema": {"type": "string"}} for name in MEDIA_TYPES.values()}
Format = Literal["json", "csv", "xlsx", "geojson", "gpkg", "parquet", "arrow"]
Reads = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]


@dataclass(frozen=True)
class _Wanted:
    """What of a release is asked for."""

    release: Release
    relation: Relation
    columns: list[str]
    where: list[Condition]
    box: Box | None
    order: list[str]
    descending: bool

    @property
    def tag(self) -> str:
        """An entity tag: the release's bytes and all that was asked of them."""
        asked = (self.columns, self.where, self.box, self.order, self.descending)
        return entity_tag(f"{self.release.sha256}{asked!r}")

    @property
    def digest(self) -> str:
        """A short name of the question, without the release and the columns."""
        asked = (self.where, self.box, self.order, self.descending)
        return hashlib.blake2b(repr(asked).encode(), digest_size=6).hexdigest()


def router() -> APIRouter:
    """Return the route of rows."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["datasets"], responses=PROBLEMS)
    routes.add_api_route(
        "/datasets/{dataset_id}/rows",
        rows,
        response_model=RowPage,
        responses={200: {"description": "A page of rows, or all of them in another format.", "content": _EXPORTS}},
        summary="A dataset's rows, filtered, as a page or as an export",
    )
    return routes


def rows(
    dataset_id: str,
    request: Request,
    asker: Reads,
    form: Annotated[Format, Query(alias="format")] = "json",
    columns: Annotated[str | None, Query(max_length=10_000, description="Names, separated by commas.")] = None,
    where: Annotated[list[str] | None, Query(description="column:op:value; may be repeated.")] = None,
    bbox: Annotated[str | None, Query(max_length=200, description="west,south,east,north in degrees.")] = None,
    order: Annotated[str | None, Query(max_length=1000, description="a,b or -a,-b to descend.")] = None,
    limit: Annotated[int | None, Query(ge=1, le=10_000_000)] = None,
    after: After = None,
    release: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    at: RecordedMoment = None,
) -> Response:
    """Return rows of the newest release, of one by number, or of the one that was the newest at a moment.

    A workbook has the geometry only if `columns` names it. An export is streamed whole, never cut off: its header
    X-Lifang-Rows tells how many rows it has, and one that is interrupted ends without the last chunk, which clients
    report. Texts of a CSV that a spreadsheet would run get an apostrophe in front; so do texts that look as if they
    had got one: to read back, take one apostrophe from each text that has some before =, +, -, @, a tab or an end
    of line.
    """
    cursor = decode_cursor("rows", after, int, int, str)
    one_way(release, at)
    dataset = asker.dataset(dataset_id)
    found = dataset.release(cursor[0] if cursor else release, at=moment(at), export=form != "json")
    relation = dataset.rows_of(found)
    known = relation.columns
    if bbox and not any(column.name == "_xmin" for column in known):
        raise BadInput("This dataset has no places.", where="bbox", mend="Leave bbox out.")
    names = columns.split(",") if columns else _unasked(form, [each.name for each in visible(known)])
    by, descending = ordering(order, known)
    wanted = _Wanted(
        release=found,
        relation=relation,
        columns=chosen(names, known, where="columns"),
        where=conditions(where or (), known),
        box=Box.parse(bbox) if bbox else None,
        order=by,
        descending=descending,
    )
    if form == "json":
        return _page(request, wanted, cursor, limit, plain=columns is None)
    if form in NEED_GEOMETRY and _GEOMETRY not in {column.name for column in known}:
        raise BadInput("This dataset has no geometry.", where="format", mend="Use csv, xlsx, json, parquet or arrow.")
    return _export(request, wanted, form, limit, name=dataset_id)


def _unasked(form: str, names: list[str]) -> list[str]:
    """Return the columns that a form holds when none are named: a cell of a workbook is too small for many a shape."""
    plain = [name for name in names if name != _GEOMETRY]
    return plain if form == "xlsx" and plain else names


def _page(
    request: Request, wanted: _Wanted, cursor: tuple[Any, ...] | None, limit: int | None, *, plain: bool
) -> Response:
    if cursor and cursor[2] != wanted.digest:
        raise BadInput("This cursor belongs to another question.", where="after", mend="Keep the other parameters.")
    size, offset = min(limit or _PAGE, _PAGE_MAX), max(0, cursor[1]) if cursor else 0
    names = [name for name in wanted.columns if name != _GEOMETRY] if plain else wanted.columns
    types = {column.name: column.type for column in wanted.relation.columns}
    total = wanted.relation.count(where=wanted.where, bbox=wanted.box)
    table = wanted.relation.select(
        names or [_GEOMETRY],
        where=wanted.where,
        bbox=wanted.box,
        order=wanted.order,
        descending=wanted.descending,
        limit=size,
        offset=offset,
    )
    following = None
    if offset + len(table) < total:
        following = encode_cursor("rows", wanted.release.number, offset + len(table), wanted.digest)
    body = {
        "items": _items(table),
        "next": following,
        "columns": [{"name": name, "type": types[name]} for name in table.column_names],
        "total": total,
        "release": wanted.release.number,
    }
    return json_answer(request, body)


def _items(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows as mappings; geometry as GeoJSON."""
    items: list[dict[str, Any]] = table.to_pylist()
    for item in items:
        if isinstance(item.get(_GEOMETRY), bytes):
            item[_GEOMETRY] = shapely.geometry.mapping(shapely.from_wkb(item[_GEOMETRY]))
    return items


def _reader(wanted: _Wanted, limit: int | None) -> pa.RecordBatchReader:
    return wanted.relation.batches(
        wanted.columns,
        where=wanted.where,
        bbox=wanted.box,
        order=wanted.order,
        descending=wanted.descending,
        limit=limit,
        batch_rows=_BATCH_ROWS,
    )


def _export(request: Request, wanted: _Wanted, form: str, limit: int | None, *, name: str) -> Response:
    tag = entity_tag(f"{wanted.tag}{form}{limit}")
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization, Accept-Encoding"}
    if not_modified(request, tag):
        return Response(status_code=304, headers=headers)
    if form == "geojson" and limit is None and wanted.release.bytes <= _RENDERED_MAX:
        return _rendered(request, wanted, tag)
    _check(wanted, form, limit)
    file = f"{name}-{wanted.release.number}.{_ENDINGS.get(form, form)}"
    headers["Content-Disposition"] = f'attachment; filename="{file}"'
    headers[ROWS_HEADER] = str(_rows_of(wanted, limit))
    pieces = _measured(request, wanted, write_rows(_reader(wanted, limit), form), form, limit)
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[form], headers=headers)


def _check(wanted: _Wanted, form: str, limit: int | None) -> None:
    """Refuse rows that a format has no room for while a refusal can still be told."""
    own = replace(wanted, relation=wanted.relation.unobserved())
    if names := bounded(_reader(own, 0).schema, form):
        check_rows(_reader(replace(own, columns=names), limit), form)


def _measured(
    request: Request, wanted: _Wanted, pieces: Iterator[bytes], form: str, limit: int | None
) -> Iterator[bytes]:
    """Return the pieces of an export; where they are all of a release, its size and checksum are kept as they go."""
    known = _unasked(form, [each.name for each in visible(wanted.relation.columns)])
    narrowed = wanted.where or wanted.box or wanted.order or limit is not None or list(wanted.columns) != known
    return pieces if narrowed else city_of(request).catalogue.files.measured(pieces, wanted.release, form)


def _rows_of(wanted: _Wanted, limit: int | None) -> int:
    """Return how many rows an export has: whoever has fewer, or no end of the last piece, was interrupted."""
    narrowed = wanted.where or wanted.box
    total = wanted.relation.count(where=wanted.where, bbox=wanted.box) if narrowed else wanted.release.rows
    return total if limit is None else min(limit, total)


def _rendered(request: Request, wanted: _Wanted, tag: str) -> Response:
    """Return a layer of the map, from memory if it was asked for before, compressed if the asker can read that."""
    held: Rendered = request.app.state.rendered
    packed = "gzip" in request.headers.get("accept-encoding", "")

    def render() -> bytes:
        content = b"".join(_measured(request, wanted, write_rows(_reader(wanted, None), "geojson"), "geojson", None))
        return gzip.compress(content, _GZIP_LEVEL, mtime=0) if packed else content

    response = bytes_answer(request, held.get((tag, packed), render), media_type=MEDIA_TYPES["geojson"], tag=tag)
    if packed and response.status_code == 200:
        response.headers["Content-Encoding"] = "gzip"
    return response
