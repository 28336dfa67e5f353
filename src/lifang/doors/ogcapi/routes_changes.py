"""Routes that change features one by one (OGC 20-002r1): each change is a new release, kept in the ledger."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Body, Depends, Request
from starlette.responses import Response

from lifang.catalogue import Features
from lifang.core import BadInput, Conflict
from lifang.doors.http import Asker, json_answer, problem_response, refuse_method
from lifang.doors.ogcapi.asked import check_known
from lifang.doors.ogcapi.changes import (
    check_is_new,
    check_is_there,
    check_key,
    deletion,
    insert_all,
    sent_features,
    sent_row,
    upsert,
    whole,
    with_key,
)
from lifang.doors.ogcapi.crs import CRS84, crs_of
from lifang.doors.ogcapi.landing import ANSWERS
from lifang.doors.ogcapi.links import GEOJSON, JSON, ROOT, address
from lifang.doors.ogcapi.parameters import CollectionId, FeatureId, Reads
from lifang.doors.ogcapi.representing import OgcRoute
from lifang.doors.ogcapi.routes_features import feature_tag, items
from lifang.guard import Action, Resource

Sent = Annotated[
    dict[str, Any], Body(media_type=GEOJSON, description="A GeoJSON feature, or a collection of features.")
]
SentOrAsked = Annotated[
    dict[str, Any],
    Body(media_type=GEOJSON, description="A GeoJSON feature, a collection of features, or a filter in CQL2 JSON."),
]
Partly = Annotated[dict[str, Any], Body(media_type="application/merge-patch+json", description="What is to change.")]
_NAME = "ogcapi"


def router() -> APIRouter:
    """Return the routes that change features."""
    failed: dict[int | str, dict[str, Any]] = {412: {"description": "The feature has changed meanwhile."}}
    routes = APIRouter(
        prefix=f"{ROOT}/collections/{{collection_id}}/items",
        route_class=OgcRoute,
        tags=["ogcapi"],
        responses={**ANSWERS, **failed},
        dependencies=[Depends(refuse_method)],  # the catalogue's records have addresses alike, and only to be read
    )
    none: dict[int | str, dict[str, Any]] = {204: {"description": "Done."}}
    one = "/{feature_id:path}"
    routes.add_api_route("", create, methods=["POST"], status_code=201, responses={200: {"description": "A page."}},
                         summary="Add a feature, or ask with a filter")  # fmt: skip
    routes.add_api_route(one, replace, methods=["PUT"], status_code=204, responses=none, summary="Replace a feature",
                         response_class=Response)  # fmt: skip
    routes.add_api_route(one, update, methods=["PATCH"], status_code=204, responses=none, summary="Change a feature",
                         response_class=Response)  # fmt: skip
    routes.add_api_route(one, delete, methods=["DELETE"], status_code=204, responses=none, summary="Delete a feature",
                         response_class=Response)  # fmt: skip
    return routes


def create(collection_id: CollectionId, request: Request, asker: Reads, body: SentOrAsked) -> Response:
    """Add a feature, or all those of a collection: the key stands in the properties, or in `id` where it is one column.

    Of a collection all features are added, as one release, or none. A body that is a filter (CQL2 JSON, with ``op``)
    changes nothing: it asks for the features that meet it, as ``filter`` does in the address. No standard says so;
    pygeoapi answers it, and OWSLib asks it.
    """
    if "op" in body and "type" not in body:
        return items(collection_id, _as_asked(request, body), asker)
    check_known(request)
    features = _changeable(asker, collection_id)
    if body.get("type") == "FeatureCollection":
        return _create_all(collection_id, request, asker, features, body)
    row = with_key(sent_row(request, body, features), features, body.get("id"))
    name = check_is_new(row, features)
    try:
        done = asker.amend(collection_id, upsert(row, "insert"), name=_NAME)
    except BadInput:
        check_is_new(row, asker.dataset(collection_id).features())  # somebody else was quicker
        raise
    response = json_answer(request, {"id": name, "release": done.release.number}, status=201)
    response.headers["Location"] = address(request, "collections", collection_id, "items", name)
    return response


def _as_asked(request: Request, condition: dict[str, Any]) -> Request:
    """Return the request that asks the same in its address."""
    if given := {"filter", "filter-lang"} & set(request.query_params):
        raise BadInput("The filter stands in the address and in the body.", where=min(given), mend="Give one of them.")
    asked = urlencode({"filter": orjson.dumps(condition).decode(), "filter-lang": "cql2-json"}).encode()
    whole = b"&".join(filter(None, (request.scope["query_string"], asked)))
    return Request({**request.scope, "method": "GET", "query_string": whole}, request.receive)


def _create_all(
    collection_id: str, request: Request, asker: Asker, features: Features, body: dict[str, Any]
) -> Response:
    check_key(features)
    rows = [with_key(sent_row(request, each, features), features, each.get("id")) for each in sent_features(body)]
    names = [check_is_new(row, features) for row in rows]
    if len(set(names)) < len(names):
        raise Conflict("Two of the features have the same key.", where="features", mend="Send each of them once.")
    done = asker.amend(collection_id, insert_all(rows), name=_NAME)
    all_of_them = address(request, "collections", collection_id, "items")
    items = [address(request, "collections", collection_id, "items", name) for name in names]
    response = json_answer(request, {"ids": names, "release": done.release.number, "items": items}, status=201)
    response.headers["Location"] = items[0] if len(items) == 1 else all_of_them
    return response


def replace(collection_id: CollectionId, feature_id: FeatureId, request: Request, asker: Reads, body: Sent) -> Response:
    """Replace a feature; what the body leaves out is empty afterwards."""
    check_known(request)
    features = _changeable(asker, collection_id)
    if (refused := _unless_matching(request, features, feature_id)) is not None:
        return refused
    row = whole(with_key(sent_row(request, body, features), features, feature_id), features)
    return _changed(request, asker, features, upsert(row, "update"))


def update(
    collection_id: CollectionId, feature_id: FeatureId, request: Request, asker: Reads, body: Partly
) -> Response:
    """Change the properties and the geometry that the body names (RFC 7396); null takes a value away."""
    check_known(request)
    features = _changeable(asker, collection_id)
    if (refused := _unless_matching(request, features, feature_id)) is not None:
        return refused
    row = with_key(sent_row(request, body, features), features, feature_id)
    if set(row) == set(features.key):
        raise BadInput("There is nothing to change.", where="body", mend="Name properties or the geometry.")
    return _changed(request, asker, features, upsert(row, "update"))


def delete(collection_id: CollectionId, feature_id: FeatureId, request: Request, asker: Reads) -> Response:
    """Delete a feature; the releases before keep it."""
    check_known(request)
    features = _changeable(asker, collection_id)
    if (refused := _unless_matching(request, features, feature_id)) is not None:
        return refused
    return _changed(request, asker, features, deletion(features, feature_id))


def _changeable(asker: Asker, collection_id: str) -> Features:
    """Return the features of a dataset that the asker may change; who may only read is told before anything is said."""
    dataset = asker.dataset(collection_id)
    asker.must(Action.ADMIT, Resource("dataset", dataset.id, dataset.card.classification))
    return dataset.features()


def _changed(request: Request, asker: Asker, features: Features, change: Any) -> Response:
    """Carry the change out; one that names what it is about (``If-Match``) keeps to the release it saw."""
    conditional = "if-match" in request.headers
    expected = features.release.number if conditional else None
    try:
        asker.amend(features.release.dataset, change, name=_NAME, expected=expected)
    except Conflict as problem:
        if conditional:
            return _precondition_failed(problem.what)
        raise
    return Response(status_code=204)


def _unless_matching(request: Request, features: Features, feature_id: str) -> Response | None:
    """Return the refusal if the feature is not the one that ``If-Match`` names; nothing if it is, or none is named."""
    present = check_is_there(features, feature_id)
    told = request.headers.get("if-match")
    if told is None or told.strip() == "*":
        return None
    plain = crs_of(CRS84)
    tags = {feature_tag(present, media, plain).removeprefix("W/") for media in (GEOJSON, JSON)}
    given = {each.strip().removeprefix("W/") for each in told.split(",")}
    return None if tags & given else _precondition_failed("The feature is not what If-Match names.")


def _precondition_failed(what: str) -> Response:
    return problem_response(412, what, where="header If-Match", mend="Read it again and repeat the change.")
