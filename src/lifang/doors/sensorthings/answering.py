"""GET: a path and its options answered as pages, entities, values and references (OGC 18-088, clause 9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from lifang.app import Asker
from lifang.core import BadInput, Unavailable
from lifang.doors.sensorthings.aggregating import aggregated
from lifang.doors.sensorthings.exchange import Answer, Asked
from lifang.doors.sensorthings.formats import as_csv, as_geojson, data_array, stream_kinds
from lifang.doors.sensorthings.options import Options, read_options
from lifang.doors.sensorthings.rendering import Json, Renderer, selected, spans_of, walk
from lifang.doors.sensorthings.resolving import Target, resolve, resource_of, sight_of, value_at
from lifang.guard import Action, Resource, is_public
from lifang.sensing import OBSERVATION, Entity, Page, Question, Sight

_GRADED_ELSEWHERE = frozenset({OBSERVATION, "TaskingCapability", "Task"})  # by their datastream, their actuator
_OF_ENTITIES = frozenset({"$select", "$expand", "$resultFormat"})


def answer(asker: Asker, asked: Asked) -> Answer:
    """Return what the path and its options ask for."""
    sight = sight_of(asker)
    target = resolve(asker, asked.steps, sight)
    options = read_options(asked.pairs, target.kind, asker.city.now)
    _check_tasks(asker, target, options.question)
    if target.inside:
        return _property(asker, target, options, asked, sight)
    if target.entity is not None:
        return _entity(asker, target, options, asked, sight)
    if options.apply:
        return aggregated(asker, target, options, sight)
    return _collection(asker, target, options, asked, sight)


def _check_tasks(asker: Asker, target: Target, question: Question) -> None:
    """Raise what the guard says to whoever may see no Tasks, and asks for them or to have them expanded."""
    if (target.kind == "Task" and target.entity is None) or _expands(question, "Task"):
        asker.must(Action.READ, Resource("command"))


def _expands(question: Question, kind: str) -> bool:
    return any(inner.kind == kind or _expands(inner, kind) for _, inner in question.expand)


def record(asker: Asker, entities: list[Entity]) -> None:
    """Keep in the ledger what was given that is not open: each entity once, those on links too."""
    resources = {}
    for entity in walk(entities):
        if entity.kind in _GRADED_ELSEWHERE or entity.row.get("classification", "open") != "open":
            resource = resource_of(asker, entity)
            if not is_public(resource):
                resources[resource.kind, resource.id] = resource
    asker.seen(*resources.values())


def _entity(asker: Asker, target: Target, options: Options, asked: Asked, sight: Sight) -> Answer:
    given = {name for name, _ in options.given}
    if given - _OF_ENTITIES:
        named = ", ".join(sorted(given - _OF_ENTITIES))
        raise BadInput(f"{named} is for collections.", where=named, mend="Use $select and $expand on an entity.")
    entity = _whole(target)
    if options.expand:
        reading = asker.city.sensing.entities.reading
        reading.expand([entity], options.question, sight)
    record(asker, [entity])
    renderer = Renderer(asked.root, spans_of(asker, [entity], sight))
    if target.ending == "$ref":
        return Answer(body={"@iot.selfLink": renderer.link(entity)})
    return _formed(renderer, Page([entity]), options, renderer.entity(entity, options))


def _whole(target: Target) -> Entity:
    if target.entity is None:
        raise Unavailable("The path leads to no entity.", mend="Try again.")
    return target.entity


def _property(asker: Asker, target: Target, options: Options, asked: Asked, sight: Sight) -> Answer:
    """Return one property as ``{name: value}``, its bare value with ``$value``, or 204 where it is null."""
    if options.given:
        named = ", ".join(name for name, _ in options.given)
        raise BadInput("A property has no options.", where=named, mend="Leave them out.")
    entity = _whole(target)
    renderer = Renderer(asked.root, spans_of(asker, [entity], sight))
    own = renderer.own(entity)
    own |= {"id": own["@iot.id"], "@iot.selfLink": renderer.link(entity)}
    found = value_at(own, target.inside)
    record(asker, [entity])
    if found is None or (found == {} and target.inside == ("properties",)):
        return Answer(204)
    if target.ending != "$value":
        return Answer(body={target.inside[-1]: found})
    if isinstance(found, dict | list):
        return Answer(body=orjson.dumps(found), media_type="application/json")
    plain = found if isinstance(found, str) else orjson.dumps(found).decode()
    return Answer(body=plain.encode(), media_type="text/plain; charset=utf-8")


def _collection(asker: Asker, target: Target, options: Options, asked: Asked, sight: Sight) -> Answer:
    if target.ending == "$count":
        page = _page(asker, target, replace(options.question, top=0, count=True), sight)
        return Answer(body=str(page.count).encode(), media_type="text/plain; charset=utf-8")
    page = _page(asker, target, options.question, sight)
    record(asker, page.items)
    spans = spans_of(asker, page.items, sight)
    renderer = Renderer(asked.root, spans)
    if target.ending == "$ref":
        found = renderer.page(Page([], page.more, page.after, page.count), options, asked.address)
        found["value"] = [{"@iot.selfLink": renderer.link(each)} for each in page.items]
        return Answer(body=found)
    if options.form == "dataArray":
        return _data_array(renderer, page, options, asked, spans)
    return _formed(renderer, page, options, renderer.page(page, options, asked.address))


def _page(asker: Asker, target: Target, question: Question, sight: Sight) -> Page:
    """Return the page; what a filter or order names in vain is told with the option's name."""
    try:
        return asker.city.sensing.entities.reading.page(question, sight, target.start, target.link)
    except BadInput as error:
        if error.where.startswith("$"):
            raise
        where = f"$filter, $orderby: {error.where}" if error.where else "$filter, $orderby"
        raise BadInput(error.what, where=where, mend=error.mend) from error


def _data_array(renderer: Renderer, page: Page, options: Options, asked: Asked, spans: dict[int, Json]) -> Answer:
    if options.kind != OBSERVATION:
        raise BadInput("dataArray is a form of Observations.", where="$resultFormat", mend="Leave it out here.")
    whole = replace(options, select=None)
    found = renderer.page(Page([], page.more, page.after, page.count), options, asked.address)
    bodies = [renderer.entity(each, whole) for each in page.items]
    found["value"] = data_array(page, bodies, options, stream_kinds(page, spans), asked.root)
    return Answer(body=found)


def _formed(renderer: Renderer, page: Page, options: Options, found: Json) -> Answer:
    """Return the answer in the form asked for; the next page of CSV or GeoJSON is in a Link header."""
    if options.form == "JSON":
        return Answer(body=found)
    if options.form == "dataArray":
        raise BadInput("dataArray is a form of Observations.", where="$resultFormat", mend="Leave it out here.")
    following = found.get("@iot.nextLink")
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    bodies: list[Json] = found.get("value", [found])
    if options.form == "CSV":
        return Answer(body=as_csv(bodies, options.select), media_type="text/csv; charset=utf-8", headers=headers)
    whole = [renderer.entity(each, replace(options, select=None)) for each in page.items]
    shaped: dict[str, Any] = as_geojson(page.items, whole)
    if options.select is not None:
        for feature, body in zip(shaped["features"], bodies, strict=True):
            feature["properties"] = selected(body, options, body)
    return Answer(body=orjson.dumps(shaped), media_type="application/geo+json", headers=headers)
