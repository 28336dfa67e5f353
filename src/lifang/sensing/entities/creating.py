"""Entities created: with links to those there are, and with those that come inside (OGC 18-088, clause 10.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lifang.core import BadInput
from lifang.sensing.entities.bodies import check_names, columns_from, is_bare, listed, reference, settled
from lifang.sensing.entities.change import Change, Changed
from lifang.sensing.entities.kinds import MEASUREMENT, OBSERVATION, STREAMS, WAYS
from lifang.sensing.entities.numbering import allocate
from lifang.sensing.entities.observation import Draft, draft_of
from lifang.sensing.entities.places import add_history, feature_of_thing, locations_of, move, point_of
from lifang.sensing.entities.question import Start
from lifang.store import Row

Body = Mapping[str, Any]
_INVERSE: Mapping[tuple[str, str], str] = {
    ("Thing", "Locations"): "Things",
    ("Thing", "HistoricalLocations"): "Thing",
    ("Thing", "Datastreams"): "Thing",
    ("Thing", "MultiDatastreams"): "Thing",
    ("Location", "Things"): "Locations",
    ("Location", "HistoricalLocations"): "Locations",
    ("HistoricalLocation", "Locations"): "HistoricalLocations",
    ("Sensor", "Datastreams"): "Sensor",
    ("Sensor", "MultiDatastreams"): "Sensor",
    ("ObservedProperty", "Datastreams"): "ObservedProperty",
    ("ObservedProperty", "MultiDatastreams"): "ObservedProperties",
    ("MultiDatastream", "ObservedProperties"): "MultiDatastreams",
    ("Datastream", "Observations"): "Datastream",
    ("MultiDatastream", "Observations"): "MultiDatastream",
    ("FeatureOfInterest", "Observations"): "FeatureOfInterest",
}
_DEEP_MAX = 12
_RESULTS: Mapping[str, tuple[type, str]] = {
    "Measurement": (float, "number"),
    "CountObservation": (float, "number"),
    "TruthObservation": (bool, "truth value"),
    "CategoryObservation": (str, "text"),
}


def create(
    change: Change, kind: str, body: Any, start: Start | None = None, link: str = "", depth: int = 0
) -> int | str:
    """Return the number (of an observation the id) of the new entity, linked to ``start`` if sent to a link of it."""
    if depth > _DEEP_MAX:
        raise BadInput(f"Entities lie at most {_DEEP_MAX} deep in one another.", mend="Send them one after another.")
    change.may(kind)
    kept = check_names(kind, body, where=kind)
    if start is not None:
        kept = _with_link(change, kind, kept, start, link)
    if kind == OBSERVATION:
        draft = observe(change, kept, depth)
        change.drafts.append(draft)
        return draft.id
    return int(_CREATE[kind](change, kept, depth)["number"])


def _with_link(change: Change, kind: str, body: dict[str, Any], start: Start, link: str) -> dict[str, Any]:
    inverse = _INVERSE.get((start.kind, link))
    if inverse is None:
        raise BadInput(f"Nothing is added at {link}.", where=link, mend="Send it to a collection.")
    named = {"@iot.id": start.number}
    if WAYS[kind][inverse].many:
        return {**body, inverse: [*body.get(inverse, []), named]}
    key = reference(body[inverse]) if body.get(inverse) is not None else None
    if key is not None and change.linked(WAYS[kind][inverse].target, key)["number"] != start.number:
        raise BadInput(f"The address names another {inverse} than the body.", where=inverse, mend="Leave one out.")
    return {**body, inverse: named}


def _one(change: Change, kind: str, value: Any, depth: int) -> Row:
    """Return the row of a linked entity: one there is, or one created from what came inside.

    What came inside with the id of an entity there is means that entity, as clients send it that hold it whole;
    any other id inside is passed over (clause 10.2.1.2).
    """
    key = reference(value)
    found = None if key is None else _known(change, kind, key, bare=is_bare(value))
    if found is not None:
        return found
    number = create(change, kind, value, depth=depth + 1)
    return change.fetch(kind, int(number))


def _known(change: Change, kind: str, key: int | str, *, bare: bool) -> Row | None:
    """Return the row with this id, ``None`` if there is none and it is not all that was said."""
    try:
        return change.linked(kind, key)
    except BadInput:
        if bare:
            raise
        return None


def _need(change: Change, kind: str, body: Body, link: str, depth: int) -> Row:
    if body.get(link) is None:
        raise BadInput(f"A {kind} needs a {link}.", where=link, mend='Send {"@iot.id": …} or the entity itself.')
    return _one(change, WAYS[kind][link].target, body[link], depth)


def _many(change: Change, kind: str, body: Body, link: str, depth: int) -> list[Row]:
    values = listed(body[link], link) if link in body else []
    return [_one(change, WAYS[kind][link].target, each, depth) for each in values]


def _children(change: Change, kind: str, row: Row, body: Body, depth: int) -> None:
    """Create what came inside that belongs to the new entity, or make it its own if it is there already."""
    for link in ("Datastreams", "MultiDatastreams", "HistoricalLocations", "Observations"):
        way = WAYS[kind].get(link)
        if way is None or link not in body:
            continue
        start = Start(kind, row["number"])
        for value in listed(body[link], link):
            key = reference(value)
            known = None if key is None else _known(change, way.target, key, bare=is_bare(value))
            if known is None:
                create(change, way.target, value, start, link, depth + 1)
            else:
                adopt(change, way.target, known, start, link)


def adopt(change: Change, kind: str, row: Row, start: Start, link: str) -> None:
    """Link an entity there is to ``start``; ``BadInput`` where it cannot have another one."""
    column = {"Thing": "thing", "Sensor": "sensor", "ObservedProperty": "property"}.get(_INVERSE[start.kind, link])
    if kind not in STREAMS or column is None:
        raise BadInput(f"A {kind} stays where it is.", where=link, mend="Send the entity itself.")
    owner = change.find(start.kind, start.number)
    changes = {column: owner["id"] if column == "thing" else owner["number"]}
    change.update(kind, row, changes)
    if column == "thing":
        change.put_thing(owner)


def _thing(change: Change, body: Body, depth: int) -> Row:
    columns = change.graded(columns_from("Thing", body, partial=False))
    kind = columns["properties"].get("kind")
    number = allocate(change.tx, "thing")
    row = change.insert("Thing", {**columns, "kind": kind if isinstance(kind, str) else ""}, number)
    change.placed.add(row["id"])
    places = [
        _placed(change, each, row["classification"], depth) for each in listed(body.get("Locations", []), "Locations")
    ]
    change.settle(number, [each["number"] for each in places])
    _children(change, "Thing", row, body, depth)
    return row


def _placed(change: Change, value: Any, grade: str, depth: int) -> Row:
    """Return the location of a thing so graded; one that comes inside is graded at least like it."""
    row = _one(change, "Location", value, depth)
    if reference(value) is None and grade != row["classification"]:
        graded = change.graded({"classification": grade}, row["classification"])
        row = change.tx.update("location", row["id"], graded)
    return row


def _location(change: Change, body: Body, depth: int) -> Row:
    columns = columns_from("Location", body, partial=False)
    columns = change.graded(settled("Location", columns, columns))
    row = change.insert("Location", columns, allocate(change.tx, "location"))
    for thing in _many(change, "Location", body, "Things", depth):
        if change.settle(thing["number"], [row["number"]]):
            change.put_thing(thing)
    _children(change, "Location", row, body, depth)
    return row


def _historical_location(change: Change, body: Body, depth: int) -> Row:
    """Return a HistoricalLocation; if it is the thing's last, the thing is there now (clause 8.2.3)."""
    thing = _need(change, "HistoricalLocation", body, "Thing", depth)
    places = _many(change, "HistoricalLocation", body, "Locations", depth)
    if not places:
        raise BadInput("A HistoricalLocation needs Locations.", where="Locations", mend='Send [{"@iot.id": …}].')
    time = columns_from("HistoricalLocation", body, partial=False)["time"]
    where = {"thing": thing["number"]}
    last = change.tx.find("historical_location", where=where, order="time", descending=True, limit=1)
    number = add_history(change.tx, thing["number"], [row["number"] for row in places], time=time, now=change.now)
    change.note("create", "HistoricalLocation", number, {"time": time})
    change.changed.append(Changed("create", "HistoricalLocation", number))
    if not last or time > last[0]["time"]:
        replace_locations(change, thing, places)
    return change.fetch("HistoricalLocation", number)


def replace_locations(change: Change, thing: Row, places: list[Row]) -> None:
    """Let the thing be at ``places`` and nowhere else, without a word in its history."""
    for row in locations_of(change.tx, thing["number"]):
        change.tx.delete_where("thing_location", {"thing": thing["number"], "location": row["number"]})
    links = [{"thing": thing["number"], "location": row["number"]} for row in places]
    change.tx.insert_many("thing_location", links)
    move(
        change.tx,
        thing["number"],
        next((point_of(row) for row in places if row["west"] is not None), point_of(places[0])),
    )
    change.put_thing(thing)


def _sensor(change: Change, body: Body, depth: int) -> Row:
    columns = change.graded(columns_from("Sensor", body, partial=False))
    row = change.insert("Sensor", columns, allocate(change.tx, "sensor"))
    _children(change, "Sensor", row, body, depth)
    return row


def _observed_property(change: Change, body: Body, depth: int) -> Row:
    columns = change.graded(columns_from("ObservedProperty", body, partial=False))
    row = change.insert("ObservedProperty", columns, allocate(change.tx, "observed_property"))
    _children(change, "ObservedProperty", row, body, depth)
    return row


def _feature(change: Change, body: Body, depth: int) -> Row:
    columns = columns_from("FeatureOfInterest", body, partial=False)
    columns = change.graded(settled("FeatureOfInterest", columns, columns))
    row = change.insert("FeatureOfInterest", columns, allocate(change.tx, "feature"))
    _children(change, "FeatureOfInterest", row, body, depth)
    return row


def _datastream(change: Change, body: Body, depth: int) -> Row:
    return _stream(change, "Datastream", body, [_need(change, "Datastream", body, "ObservedProperty", depth)], depth)


def _multi_datastream(change: Change, body: Body, depth: int) -> Row:
    observed = _many(change, "MultiDatastream", body, "ObservedProperties", depth)
    row = _stream(change, "MultiDatastream", body, observed, depth)
    if len(observed) != len(row["measure"]["types"]):
        raise BadInput(
            f"{len(observed)} ObservedProperties do not match {len(row['measure']['types'])} data types.",
            where="ObservedProperties",
            mend="Send one per element of the result, in its order (18-088, clause 12).",
        )
    return row


def _stream(change: Change, kind: str, body: Body, observed: list[Row], depth: int) -> Row:
    columns = columns_from(kind, body, partial=False)
    thing = _need(change, kind, body, "Thing", depth)
    sensor = _need(change, kind, body, "Sensor", depth)
    if not observed:
        raise BadInput(f"A {kind} needs what it observes.", where="ObservedProperties", mend="Send them in order.")
    columns = change.graded(settled(kind, columns, columns), thing["classification"])
    period = columns["properties"].get("period_s")
    told = {
        "thing": thing["id"],
        "sensor": sensor["number"],
        "property": observed[0]["number"],
        "observed_property": observed[0]["id"],
        "code": observed[0]["id"],
        "period_s": period if isinstance(period, int) and 0 <= period < 2**31 else 0,
        "multi": int(kind == "MultiDatastream"),
    }
    number = allocate(change.tx, "datastream")
    row = change.insert(kind, {**columns, **told}, number)
    if kind == "MultiDatastream":
        link_properties(change, number, observed)
    change.fresh.add(number)
    _children(change, kind, row, body, depth)
    return row


def link_properties(change: Change, number: int, observed: list[Row]) -> None:
    """Let the MultiDatastream observe these properties, in this order."""
    change.tx.delete_where("datastream_property", {"datastream": number})
    rows = [{"datastream": number, "position": at, "property": row["number"]} for at, row in enumerate(observed)]
    change.tx.insert_many("datastream_property", rows)


def observe(change: Change, body: Body, depth: int) -> Draft:
    """Return the observation that ``body`` tells, of a datastream and a feature that there are by now."""
    named = [kind for kind in STREAMS if body.get(kind) is not None]
    if len(named) != 1:
        raise BadInput("An Observation needs one Datastream.", where="Datastream", mend='Send {"@iot.id": …}.')
    stream = _one(change, named[0], body[named[0]], depth)
    draft = draft_of(stream["number"], body, change.now)
    check_result(stream, draft)
    feature = body.get("FeatureOfInterest")
    number = None if feature is None else _one(change, "FeatureOfInterest", feature, depth)["number"]
    draft = of_feature(change, stream, draft, number)
    change.note("create", OBSERVATION, draft.id, None)
    return draft


def check_result(stream: Row, draft: Draft) -> None:
    """Raise ``BadInput`` if the result of a MultiDatastream is no list of as many elements as it has types."""
    if not stream["multi"]:
        _check_type(stream["observation_type"] or MEASUREMENT, draft)
        return
    result, size = draft.extra.get("result"), len(stream["measure"]["types"])
    if not isinstance(result, list) or len(result) != size:
        raise BadInput(f"The result is no list of {size} elements.", where="result", mend="Send one per data type.")


def _check_type(observed: str, draft: Draft) -> None:
    """Raise ``BadInput`` if the result is not of the kind that the observationType says (Table 12); null always is."""
    result = draft.extra.get("result")
    wanted = _RESULTS.get(observed.rpartition("_")[2])
    if wanted is None or (result is None and "result" in draft.extra):
        return
    kind, what = wanted
    if not (kind is float if "result" not in draft.extra else isinstance(result, kind)):
        raise BadInput(f"The result is no {what}.", where="result", mend=f"{observed} observes a {what}.")


def of_feature(change: Change, stream: Row, draft: Draft, feature: int | None) -> Draft:
    """Return the observation with its feature: the one named, or the one made from the thing's location."""
    if feature is None:
        thing = change.tx.get("thing", stream["thing"])
        made: list[int] = []
        feature = feature_of_thing(change.tx, thing["number"], now=change.now, made=made) if thing else None
        change.changed += [Changed("create", "FeatureOfInterest", number) for number in made]
        if feature is None:
            raise BadInput(
                "The Thing has no Location to be the FeatureOfInterest.",
                where="FeatureOfInterest",
                mend="Send one, or give the Thing a Location.",
            )
    own = change.tx.get("datastream", stream["id"]) or stream
    if not own["feature"]:
        own = change.tx.update("datastream", stream["id"], {"feature": feature})
        change.fresh.add(stream["number"])
    if own["feature"] != feature:
        draft = replace(draft, extra={**draft.extra, "feature": feature})
        link_feature(change, stream["number"], feature)
    if draft.extra:
        change.enrich(own)
    return draft


def link_feature(change: Change, number: int, feature: int) -> None:
    """Remember that the datastream has observations of this feature besides its own."""
    known = {"datastream": number, "feature": feature}
    if not change.tx.find("datastream_feature", where=known, order="datastream", limit=1):
        change.tx.insert("datastream_feature", known)


_CREATE: Mapping[str, Callable[[Change, Body, int], Row]] = {
    "Thing": _thing,
    "Location": _location,
    "HistoricalLocation": _historical_location,
    "Sensor": _sensor,
    "ObservedProperty": _observed_property,
    "Datastream": _datastream,
    "MultiDatastream": _multi_datastream,
    "FeatureOfInterest": _feature,
}
