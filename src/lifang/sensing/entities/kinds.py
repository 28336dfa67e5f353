"""The kinds of entities, as data: their tables, fields and links (OGC 18-088, clauses 8.2 and 12).

Observations are no rows of the registry: they are read from the lake (``Observation`` is a kind of its own here).
Actuators, TaskingCapabilities and Tasks (17-079r1) are read here like the others, and changed by ``sensing.tasking``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lifang.core import units
from lifang.guard import Resource
from lifang.store import Derived, Graph, Link, Node, Step

OBSERVATION = "Observation"
_OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"
MEASUREMENT, COMPLEX = f"{_OM}Measurement", f"{_OM}ComplexObservation"
GEOJSON = "application/geo+json"
UCUM = "http://unitsofmeasure.org/ucum#"

TASK_PROPERTIES = ("id", "state", "device", "deadline", "reason", "result", "history")  # columns of a command
COMPUTED = ("observedArea", "phenomenonTime", "resultTime")  # of a datastream, from its observations
MEANINGS: Mapping[str, Mapping[str, str]] = {
    each.code: {"name": each.en, "symbol": each.symbol, "definition": f"{UCUM}{each.code}"} for each in units()
}
_NAMED = {"name": "zh", "description": "description", "properties": "properties"}
_CLASS = {("properties", "classification"): "classification"}


def _to(target: str, *steps: tuple[str, str, str]) -> Link:
    return Link(target, False, tuple(Step(*step) for step in steps))


def _many(
    target: str, *steps: tuple[str, str, str], order: tuple[int, str] | None = None, repeats: bool = False
) -> Link:
    return Link(target, True, tuple(Step(*step) for step in steps), order, repeats)


def _streams(column: str) -> Mapping[str, Link]:
    return {kind + "s": _many(kind, ("number", "datastream", column)) for kind in ("Datastream", "MultiDatastream")}


_THING = Node(
    "Thing",
    "thing",
    _NAMED,
    {
        "Locations": _many("Location", ("number", "thing_location", "thing"), ("location", "location", "number")),
        "HistoricalLocations": _many("HistoricalLocation", ("number", "historical_location", "thing")),
        "Datastreams": _many("Datastream", ("id", "datastream", "thing")),
        "MultiDatastreams": _many("MultiDatastream", ("id", "datastream", "thing")),
        "TaskingCapabilities": _many("TaskingCapability", ("id", "tasking_capability", "thing")),
    },
    inside={("properties", "id"): "id", ("properties", "kind"): "kind", **_CLASS},
)
_LOCATION = Node(
    "Location",
    "location",
    {**_NAMED, "encodingType": "encoding", "location": "location"},
    {
        "Things": _many("Thing", ("number", "thing_location", "location"), ("thing", "thing", "number")),
        "HistoricalLocations": _many(
            "HistoricalLocation",
            ("number", "historical_place", "location"),
            ("historical_location", "historical_location", "number"),
        ),
    },
    shape="location",
    inside=_CLASS,
)
_HISTORICAL_LOCATION = Node(
    "HistoricalLocation",
    "historical_location",
    {"time": "time"},
    {
        "Thing": _to("Thing", ("thing", "thing", "number")),
        "Locations": _many(
            "Location", ("number", "historical_place", "historical_location"), ("location", "location", "number")
        ),
    },
    guarded="Thing",
)
_SENSOR = Node(
    "Sensor",
    "sensor",
    {**_NAMED, "encodingType": "encoding", "metadata": "metadata"},
    _streams("sensor"),
    inside=_CLASS,
)
_OBSERVED_PROPERTY = Node(
    "ObservedProperty",
    "observed_property",
    {**_NAMED, "definition": "definition"},
    {
        "Datastreams": _many("Datastream", ("number", "datastream", "property")),
        "MultiDatastreams": _many(
            "MultiDatastream",
            ("number", "datastream_property", "property"),
            ("datastream", "datastream", "number"),
            repeats=True,
        ),
    },
    inside=_CLASS,
)
_FEATURE = Node(
    "FeatureOfInterest",
    "feature",
    {**_NAMED, "encodingType": "encoding", "feature": "feature"},
    shape="feature",
    inside=_CLASS,
)
_INSIDE_STREAM = {
    ("properties", "id"): "id",
    ("properties", "thing"): "thing",
    ("properties", "observedProperty"): "observed_property",
    ("properties", "period_s"): "period_s",
    **_CLASS,
}
_STREAM_LINKS = {
    "Thing": _to("Thing", ("thing", "thing", "id")),
    "Sensor": _to("Sensor", ("sensor", "sensor", "number")),
}
_DATASTREAM = Node(
    "Datastream",
    "datastream",
    {**_NAMED, "observationType": "observation_type"},
    {**_STREAM_LINKS, "ObservedProperty": _to("ObservedProperty", ("property", "observed_property", "number"))},
    defaults={"observationType": MEASUREMENT},
    derived={"unitOfMeasurement": Derived("unit", "measure", MEANINGS)},
    inside=_INSIDE_STREAM,
    only=("multi", 0),
)
_MULTI_DATASTREAM = Node(
    "MultiDatastream",
    "datastream",
    {**_NAMED, "observationType": "observation_type"},
    {
        **_STREAM_LINKS,
        "ObservedProperties": _many(
            "ObservedProperty",
            ("number", "datastream_property", "datastream"),
            ("property", "observed_property", "number"),
            order=(0, "position"),
        ),
    },
    defaults={"observationType": COMPLEX},
    derived={},
    inside=_INSIDE_STREAM,
    only=("multi", 1),
)
_ACTUATOR = Node(
    "Actuator",
    "actuator",
    {**_NAMED, "encodingType": "encoding", "metadata": "metadata"},
    {"TaskingCapabilities": _many("TaskingCapability", ("id", "tasking_capability", "actuator"))},
    instead={"description": "en"},
    inside={("properties", "id"): "id", ("properties", "en"): "en", **_CLASS},
)
_TASKING_CAPABILITY = Node(
    "TaskingCapability",
    "tasking_capability",
    {**_NAMED, "taskingParameters": "parameters"},
    {
        "Tasks": _many("Task", ("id", "command", "capability")),
        "Actuator": _to("Actuator", ("actuator", "actuator", "id")),
        "Thing": _to("Thing", ("thing", "thing", "id")),
    },
    instead={"description": "en"},
    inside={("properties", name): name for name in ("id", "en", "limits")},
    guarded="Actuator",
)
_TASK = Node(
    "Task",
    "command",
    {"creationTime": "created", "taskingParameters": "parameters"},
    {"TaskingCapability": _to("TaskingCapability", ("capability", "tasking_capability", "id"))},
    inside={("properties", name): name for name in TASK_PROPERTIES},
    guarded="TaskingCapability",
)
GRAPH: Graph = {
    node.name: node
    for node in (
        _THING,
        _LOCATION,
        _HISTORICAL_LOCATION,
        _SENSOR,
        _OBSERVED_PROPERTY,
        _DATASTREAM,
        _MULTI_DATASTREAM,
        _FEATURE,
        _ACTUATOR,
        _TASKING_CAPABILITY,
        _TASK,
    )
}
STREAMS = ("Datastream", "MultiDatastream")


@dataclass(frozen=True)
class Way:
    """A link as a client sees it: where it leads, and whether to many."""

    target: str
    many: bool


def _ways(kind: str) -> Mapping[str, Way]:
    found = {name: Way(link.target, link.many) for name, link in GRAPH[kind].links.items()} if kind in GRAPH else {}
    if kind in {*STREAMS, "FeatureOfInterest"}:
        found["Observations"] = Way(OBSERVATION, True)
    if kind == OBSERVATION:
        found = {each: Way(each, False) for each in (*STREAMS, "FeatureOfInterest")}
    return found


WAYS: Mapping[str, Mapping[str, Way]] = {kind: _ways(kind) for kind in (*GRAPH, OBSERVATION)}
COLLECTIONS: Mapping[str, str] = {
    "Things": "Thing",
    "Locations": "Location",
    "HistoricalLocations": "HistoricalLocation",
    "Datastreams": "Datastream",
    "MultiDatastreams": "MultiDatastream",
    "Sensors": "Sensor",
    "ObservedProperties": "ObservedProperty",
    "Observations": OBSERVATION,
    "FeaturesOfInterest": "FeatureOfInterest",
}
TASKING: Mapping[str, str] = {"Actuators": "Actuator", "TaskingCapabilities": "TaskingCapability", "Tasks": "Task"}
PLURALS: Mapping[str, str] = {kind: plural for plural, kind in (*COLLECTIONS.items(), *TASKING.items())}
RESOURCES: Mapping[str, Resource] = {  # what the guard knows each as
    "Thing": Resource("thing"),
    "Location": Resource("location"),
    "HistoricalLocation": Resource("thing"),
    "Datastream": Resource("datastream"),
    "MultiDatastream": Resource("datastream"),
    "Sensor": Resource("sensor"),
    "ObservedProperty": Resource("observed_property"),
    OBSERVATION: Resource("datastream"),
    "FeatureOfInterest": Resource("feature"),
    "Actuator": Resource("actuator"),
    "TaskingCapability": Resource("actuator"),
    "Task": Resource("command"),
}
