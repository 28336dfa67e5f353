"""The bodies that go in and out of ``/api/v1``: what OpenAPI, and with it the page's types, is made from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Json = dict[str, Any]


class Said(BaseModel):
    """A body that goes out."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Asked(BaseModel):
    """A body that comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_max_length=100_000)


class Name(Said):
    """A name in Chinese and English."""

    zh: str
    en: str


class SubjectBody(Said):
    """Who is known to be asking."""

    id: str
    name: str
    roles: list[str]


class SessionBody(Said):
    """The present session; ``subject`` is null for an anonymous visitor."""

    subject: SubjectBody | None


class LogIn(Asked):
    """A person's name and password."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class ClockBody(Said):
    """The city's clock: ``speed`` is city seconds a second; ``start`` and ``end`` bound a replay."""

    mode: Literal["replay", "live"]
    now: str
    speed: float
    paused: bool
    start: str | None
    end: str | None


class ReplayChange(Asked):
    """What to change of the replay; what is left out stays."""

    speed: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] | None = None
    paused: bool | None = None


class Layer(Said):
    """A dataset that the map draws; ``style`` names how."""

    id: str
    name: Name
    dataset: str
    geometry: Literal["polygon", "line", "point"]
    label_column: str | None
    attribution: Name
    licence: str
    source: str
    classification: str
    style: str


class ObservationCount(Said):
    """How many observations there are, and the moments of the first and last."""

    count: int
    first: str | None
    last: str | None


class CityBody(Said):
    """What the city says of itself; ``extent`` is west, south, east, north in degrees."""

    id: str
    name: Name
    area_code: str
    extent: list[float]
    time_zone: str
    now: str
    clock: ClockBody
    version: str
    mqtt: str | None = Field(description="Where the city, or its broker, is reached by MQTT.")
    observations: ObservationCount
    subject: SubjectBody | None
    layers: list[Layer]


class Unit(Said):
    """A unit of measure: UCUM code, the symbol people read, names."""

    code: str
    symbol: str
    zh: str
    en: str


class ThingBody(Said):
    """A device or site at a place (degrees, WGS 84)."""

    id: str
    name: Name
    lon: float
    lat: float


class Value(Said):
    """One observed value."""

    time: str
    value: float | None
    quality: str


class DatastreamBody(Said):
    """One measured series of a thing with its latest value."""

    id: str
    number: int
    name: Name
    thing: ThingBody
    observed_property: str
    unit: Unit
    period_s: int
    classification: str
    latest: Value | None


class DatastreamPage(Said):
    """Datastreams."""

    items: list[DatastreamBody]
    next: str | None


class LatestColumns(Said):
    """Columns of one length: degrees on WGS 84, milliseconds since 1970 UTC, the value in its datastream's unit."""

    number: list[int]
    lon: list[float | None]
    lat: list[float | None]
    time: list[int]
    value: list[float | None]
    quality: list[int]


class LatestBody(Said):
    """The latest values of the datastreams ``id``; ``qualities`` tells what each code of quality means."""

    id: list[str]
    columns: LatestColumns
    qualities: dict[str, str]
    next: str | None


class ObservationPage(Said):
    """A series of values; ``downsampled`` says that some were left out to fit ``points``."""

    datastream: str
    unit: Unit
    time_zone: str
    items: list[Value]
    next: str | None
    downsampled: bool


class Accepted(Said):
    """Observations that are durable now, and the batch they were committed in."""

    accepted: int
    batch: int


class IndicatorBody(Said):
    """An indicator with its value at a moment."""

    id: str
    name: Name
    unit: Unit
    value: float | None
    moment: str | None
    quality: str
    sources: list[str]
    formula: Name
    missing: Name
    standard: str
    classification: str


class IndicatorPage(Said):
    """Indicators."""

    items: list[IndicatorBody]
    next: str | None


class IndicatorMoment(Said):
    """An indicator's value at one moment."""

    moment: str
    value: float | None
    quality: str


class IndicatorHistory(IndicatorBody):
    """An indicator and its values through time."""

    items: list[IndicatorMoment]
    next: str | None


class AlertBody(Said):
    """An alert from pending to closed; moments are null until they come.

    All are in the city's time but `acknowledged` and `closed`: those are when a person's act was recorded;
    `acknowledged_at` and `closed_at` are what time it was in the city then (null where that was not kept).
    """

    id: str
    scene: str
    rule: str
    resource: str
    severity: Literal["blue", "yellow", "orange", "red"]
    state: Literal["pending", "firing", "cleared", "closed"]
    text: Name
    opened: str
    fired: str | None
    cleared: str | None
    acknowledged: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    closed: str | None
    closed_at: str | None
    closed_by: str | None
    value: float | None
    classification: str
    detail: Json


class AlertPage(Said):
    """Alerts, newest first."""

    items: list[AlertBody]
    next: str | None


class NoteBody(Asked):
    """What a person writes when handling an alert."""

    note: Annotated[str, Field(max_length=2000)] = ""


class SceneBody(Said):
    """What a scene is."""

    id: str
    name: Name
    reads: list[str]
    writes: list[str]
    units: Json
    citation: str
    period_s: float


class ScenePage(Said):
    """Scenes."""

    items: list[SceneBody]
    next: str | None


class SceneView(Said):
    """What a scene shows for a moment; ``result`` is the scene's own."""

    spec: SceneBody
    moment: str
    result: Json


class JobBody(Said):
    """A piece of long work; ``progress`` is 0 to 1."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float
    subject: str
    result: Json | None
    error: Json | None
    created: str
    updated: str


class JobPage(Said):
    """Jobs, newest first."""

    items: list[JobBody]
    next: str | None


class QueryBody(Asked):
    """SQL over the datasets the asker may query; each is a table under its id."""

    sql: Annotated[str, Field(min_length=1, max_length=100_000)]
    limit: Annotated[int, Field(ge=1, le=100_000)] = 1000


class ColumnType(Said):
    """A result column."""

    name: str
    type: str


class QueryAnswer(Said):
    """Rows of a query; ``truncated`` says that there were more."""

    columns: list[ColumnType]
    rows: list[list[Any]]
    truncated: bool


class Health(Said):
    """Whether the city answers."""

    status: Literal["ok"]
    city: str
    version: str
    now: str
