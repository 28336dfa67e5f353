"""Entities changed and deleted: what they were is kept, what hangs on them goes with them (OGC 18-088, clause 10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonpatch

from lifang.core import BadInput, Conflict, NotFound, TooLarge
from lifang.sensing.entities.bodies import PROPERTIES, check_names, columns_from, reference, settled
from lifang.sensing.entities.change import Change, Changed
from lifang.sensing.entities.creating import adopt, link_properties, replace_locations
from lifang.sensing.entities.kinds import GRAPH, STREAMS, WAYS
from lifang.sensing.entities.numbering import keep_version
from lifang.sensing.entities.places import UNPLACED, locations_of, move, point_of
from lifang.sensing.entities.question import Start
from lifang.sensing.entities.telling import known_properties, told_entity
from lifang.store import Call, EntityQuery, Field, Literal, Row

_OPERATIONS_MAX = 1000


def update(change: Change, kind: str, key: int | str, body: Any, *, whole: bool) -> Row:
    """Return the row after PATCH (or, with ``whole``, PUT) of ``body``; its state until now is kept.

    Related entities are named (``{"@iot.id": …}``), never sent inside: ``BadInput``.
    """
    change.may(kind)
    row = change.find(kind, key)
    kept = check_names(kind, body, where=kind)
    links = {name: value for name, value in kept.items() if name in WAYS[kind]}
    if kept.get("properties") is not None and isinstance(kept["properties"], dict) and "id" in row:
        kept["properties"] = _own_properties(kind, row, kept["properties"])
    columns = columns_from(kind, kept, partial=not whole)
    named = {name: _references(name, value) for name, value in links.items()}
    columns = _graded(change, kind, row, columns)
    columns = settled(kind, columns, {**row, **columns})
    if kind == "Thing" and isinstance(columns.get("properties"), dict):
        said = {**dict.fromkeys({"kind"} & set(row["properties"] or {}), ""), **columns["properties"]}
        columns |= {"kind": str(said["kind"])} if "kind" in said else {}
    changed = change.update(kind, row, columns, _links_of(change, kind, row) if named else None)
    for name, keys in named.items():
        _relink(change, kind, changed, name, keys)
    if kind == "Location" and "location" in columns:
        _moved(change, changed)
    return changed


def _own_properties(kind: str, row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``given`` without what lifang adds when it shows them."""
    known = known_properties(kind, row) if "classification" in row else {}
    known.pop("classification", None)
    stored = row.get("properties") or {}
    return {name: value for name, value in given.items() if name in stored or known.get(name) != value}


def _graded(change: Change, kind: str, row: Row, columns: dict[str, Any]) -> dict[str, Any]:
    if "classification" not in columns:
        return columns
    above = [change.tx.find("thing", where={"id": row["thing"]})[0]["classification"]] if kind in STREAMS else []
    return change.graded(columns, *above, present=row["classification"])


def _references(name: str, value: Any) -> list[int | str]:
    values = value if isinstance(value, list) else [value]
    keys = [reference(each) for each in values]
    found = [key for key in keys if key is not None]
    if len(found) < len(values):
        raise BadInput(
            f"{name} cannot come inside an update.",
            where=name,
            mend='Name entities that there are: {"@iot.id": …}.',
        )
    return found


def _links_of(change: Change, kind: str, row: Row) -> dict[str, Any]:
    """Return what the entity is linked to by tables of links, for its kept state."""
    if kind == "Thing":
        return {"locations": [each["number"] for each in locations_of(change.tx, row["number"])]}
    if kind == "MultiDatastream":
        links = change.tx.find("datastream_property", where={"datastream": row["number"]}, order="position")
        return {"properties": [each["property"] for each in links]}
    return {}


def _relink(change: Change, kind: str, row: Row, link: str, keys: list[int | str]) -> None:
    target = WAYS[kind][link].target
    rows = [change.linked(target, key) for key in keys]
    if (kind, link) in {("Thing", "Locations"), ("Location", "Things")}:
        pairs = [(row, each) if kind == "Thing" else (each, row) for each in rows]
        _settle(change, pairs)
    elif (kind, link) == ("HistoricalLocation", "Locations"):
        _relink_history(change, row, rows)
    elif (kind, link) == ("MultiDatastream", "ObservedProperties"):
        if len(rows) != len(row["measure"]["types"]):
            raise BadInput("As many ObservedProperties as data types.", where=link, mend="Name all of them.")
        link_properties(change, row["number"], rows)
    elif WAYS[kind][link].many:
        for each in rows:
            adopt(change, target, each, Start(kind, row["number"]), link)
    else:
        _repoint(change, kind, row, link, rows)


def _settle(change: Change, pairs: list[tuple[Row, Row]]) -> None:
    """Let each thing of the (thing, location) ``pairs`` be at the locations named with it."""
    for number in dict.fromkeys(thing["number"] for thing, _ in pairs):
        thing = next(each for each, _ in pairs if each["number"] == number)
        fresh = [place["number"] for each, place in pairs if each["number"] == number]
        if change.settle(number, fresh):
            change.put_thing(thing)


def _relink_history(change: Change, row: Row, rows: list[Row]) -> None:
    change.tx.delete_where("historical_place", {"historical_location": row["number"]})
    links = [{"historical_location": row["number"], "location": each["number"]} for each in rows]
    change.tx.insert_many("historical_place", links)


def _repoint(change: Change, kind: str, row: Row, link: str, rows: list[Row]) -> None:
    """Let a link to one lead to another entity."""
    if len(rows) != 1:
        raise BadInput(f"A {kind} has one {link}.", where=link, mend='Send {"@iot.id": …}.')
    (target,) = rows
    if link == "Thing" and kind in STREAMS:
        change.tx.update("datastream", row["id"], {"thing": target["id"]})
        change.fresh.add(row["number"])
        change.unsettled.add(row["number"])
    elif link == "Thing":
        change.tx.update("historical_location", row["id"], {"thing": target["number"]})
    elif link == "Sensor":
        change.tx.update("datastream", row["id"], {"sensor": target["number"]})
    else:
        told = {"property": target["number"], "observed_property": target["id"]}
        change.tx.update("datastream", row["id"], told)


def _moved(change: Change, row: Row) -> None:
    """Let the things at a location be where it is now; values from now on are of a feature made from it anew."""
    change.tx.update("location", row["id"], {"feature": None})
    for link in change.tx.find("thing_location", where={"location": row["number"]}, order="thing"):
        if row["west"] is not None:
            move(change.tx, link["thing"], point_of(row))
        change.put_thing(change.fetch("Thing", link["thing"]))


def patched(change: Change, kind: str, key: int | str, operations: Any) -> Row:
    """Return the row after the operations of a JSON Patch (RFC 6902) on the entity's own properties."""
    change.may(kind)
    row = change.find(kind, key)
    where = Call("eq", (Field("@id"), Literal(row["number"])))
    (stored,) = change.tx.entities(GRAPH, EntityQuery(kind, change.sight, where))
    document = told_entity(kind, stored)
    return update(change, kind, row["number"], apply_patch(document, operations, set(PROPERTIES[kind])), whole=True)


def apply_patch(document: Mapping[str, Any], operations: Any, names: set[str]) -> dict[str, Any]:
    """Return ``document`` after the operations; ``BadInput`` if one does not fit, or a test in them fails."""
    if not isinstance(operations, list) or not operations:
        raise BadInput("A JSON Patch is a list of operations.", mend='Send [{"op": "replace", "path": …}].')
    if len(operations) > _OPERATIONS_MAX:
        raise TooLarge(f"These are more than {_OPERATIONS_MAX} operations.", mend="Send fewer.")
    try:
        found = jsonpatch.JsonPatch(operations).apply(dict(document))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, ValueError, KeyError) as error:
        raise BadInput(f"The patch does not fit: {str(error)[:200]}.", mend="Compare it with the entity.") from error
    if not isinstance(found, dict):
        raise BadInput("The patch leaves no entity.", mend="Change its properties only.")
    return {name: value for name, value in found.items() if name in names or name not in document}


def unlink(change: Change, kind: str, key: int | str, link: str, other: int | str | None) -> None:
    """Take away the link of an entity to an ``other``; both stay, and what they were linked to is kept."""
    change.may(kind)
    target = WAYS[kind][link].target
    if {kind, target} not in ({"Thing", "Location"}, {"HistoricalLocation", "Location"}):
        what = f"A link between {kind} and {target} cannot be taken away: one of them is nothing without the other."
        raise BadInput(what, where=link, mend="Let it lead elsewhere by PATCH, or delete the entity.")
    if other is None:
        raise BadInput("Which link is it?", where=link, mend=f"Name the one at its end: {link}(1)/$ref.")
    change.may(target)
    row, end = change.find(kind, key), change.find(target, other)
    owner, place = (end, row) if kind == "Location" else (row, end)
    if "Thing" in {kind, target}:
        table, column, owning = "thing_location", "thing", "Thing"
    else:
        table, column, owning = "historical_place", "historical_location", "HistoricalLocation"
    linked = [each["location"] for each in change.tx.find(table, where={column: owner["number"]}, order="location")]
    if place["number"] not in linked:
        raise NotFound(f"There is no such link to {link}.", where=link, mend="Look at what it leads to.")
    if owning == "HistoricalLocation" and len(linked) == 1:
        raise BadInput("A HistoricalLocation is at one Location at least.", where=link, mend="Link another one first.")
    change.update(owning, owner, {}, {"locations": linked})
    if owning == "Thing":
        _leave(change, owner, place["number"])
    else:
        change.tx.delete_where(table, {column: owner["number"], "location": place["number"]})


def delete(change: Change, kind: str, key: int | str) -> Row:
    """Return the row of the entity that was deleted, with all that cannot be without it (Table 25 of the standard).

    Observations of a feature are left to the caller: they are no rows here.
    """
    change.may(kind)
    row = change.find(kind, key)
    _delete(change, kind, row)
    return row


def _delete(change: Change, kind: str, row: Row) -> None:
    number = row["number"]
    links = _links_of(change, kind, row)
    keep_version(change.tx, GRAPH[kind].table, row, now=change.now, subject=change.by.id, links=links)
    change.note("delete", kind, number, None)
    change.changed.append(Changed("delete", kind, number, before=row))
    if kind in STREAMS:
        change.gone.add(number)
        change.tx.delete_where("datastream_property", {"datastream": number})
        change.tx.delete_where("datastream_feature", {"datastream": number})
    owned = {"Thing": {"thing": row["id"]}, "Sensor": {"sensor": number}, "ObservedProperty": {"property": number}}
    for stream in change.tx.find("datastream", where=owned[kind], order="number") if kind in owned else []:
        _delete(change, "MultiDatastream" if stream["multi"] else "Datastream", stream)
    if kind == "ObservedProperty":
        _delete_multi(change, number)
    if kind == "Thing":
        change.lost.add(row["id"])
        _delete_tasking(change, row["id"])
    if kind in {"Thing", "Location"}:
        _delete_places(change, kind, number)
    if kind == "HistoricalLocation":
        change.tx.delete_where("historical_place", {"historical_location": number})
    if kind == "FeatureOfInterest":
        _unlink_feature(change, number)
    change.tx.delete(GRAPH[kind].table, row["id"])


def _delete_tasking(change: Change, thing: str) -> None:
    """Delete what a thing can be told, with the commands it was given: what became of them stays in the ledger.

    ``Conflict`` while one of them is under way.
    """
    actuators = change.tx.find("actuator", where={"thing": thing}, order="number")
    own = change.tx.find("tasking_capability", where={"thing": thing}, order="number")
    named = {"actuator": [each["id"] for each in actuators]}
    driven = change.tx.find("tasking_capability", where=named, order="number") if actuators else []
    for capability in {each["id"]: each for each in (*own, *driven)}.values():
        commands = change.tx.find("command", where={"capability": capability["id"]}, order="number")
        if any(each["finished"] is None for each in commands):
            what = f"A command to {capability['id']!r} is under way."
            raise Conflict(what, where="TaskingCapabilities", mend="Take it back, or wait until it is over.")
        for command in commands:
            _delete(change, "Task", command)
        _delete(change, "TaskingCapability", capability)
    for actuator in actuators:
        _delete(change, "Actuator", actuator)


def _unlink_feature(change: Change, number: int) -> None:
    change.tx.delete_where("datastream_feature", {"feature": number})
    for place in change.tx.find("location", where={"feature": number}, order="number"):
        change.tx.update("location", place["id"], {"feature": None})
    for stream in change.tx.find("datastream", where={"feature": number}, order="number"):
        change.tx.update("datastream", stream["id"], {"feature": None})
        change.fresh.add(stream["number"])
        change.unsettled.add(stream["number"])


def _delete_multi(change: Change, number: int) -> None:
    for link in change.tx.find("datastream_property", where={"property": number}, order="datastream"):
        for stream in change.tx.find("datastream", where={"number": link["datastream"]}, order="number"):
            _delete(change, "MultiDatastream", stream)


def _delete_places(change: Change, kind: str, number: int) -> None:
    if kind == "Thing":
        for past in change.tx.find("historical_location", where={"thing": number}, order="number"):
            _delete(change, "HistoricalLocation", past)
        change.tx.delete_where("thing_location", {"thing": number})
        return
    for link in change.tx.find("historical_place", where={"location": number}, order="historical_location"):
        _delete(change, "HistoricalLocation", change.fetch("HistoricalLocation", link["historical_location"]))
    for link in change.tx.find("thing_location", where={"location": number}, order="thing"):
        _leave(change, change.fetch("Thing", link["thing"]), number)


def _leave(change: Change, thing: Row, location: int) -> None:
    """Let the thing be at its other locations only, or nowhere."""
    left = [place for place in locations_of(change.tx, thing["number"]) if place["number"] != location]
    if left:
        replace_locations(change, thing, left)
        return
    change.tx.delete_where("thing_location", {"thing": thing["number"]})
    move(change.tx, thing["number"], UNPLACED)
    change.put_thing(thing)
