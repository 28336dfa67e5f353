"""The tables of a connector's file that say what its fields mean: ``[time]``, ``[thing]``, ``[[values]]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lifang.outside import Part


class TimeRule(Part):
    """When a value was measured. Without this table it is the moment at which the value came in."""

    field: str = Field(min_length=1, description="The field that holds the moment.")
    format: str = Field(
        "iso",
        description="`iso` (ISO 8601), `unix_s`, `unix_ms`, `unix_us`, or a pattern such as `%d.%m.%Y %H:%M`.",
    )


class ThingRule(Part):
    """Which thing a record is about. Texts may hold fields in braces: `pole-{station}`."""

    id: str = Field(min_length=1, description="The thing's id.")
    zh: str = Field("", description="Its Chinese name; the id if not given.")
    en: str = Field("", description="Its English name; the id if not given.")
    kind: str = Field("sensor", max_length=64, description="What kind of thing it is.")
    lon: str | float | None = Field(None, description="Longitude: a field, or degrees.")
    lat: str | float | None = Field(None, description="Latitude: a field, or degrees.")
    datum: Literal["wgs84", "gcj02"] = Field("wgs84", description="Of lon and lat; GCJ-02 is turned into WGS 84.")
    properties: dict[str, str] = Field(default_factory=dict, description="Further properties, as texts with fields.")


class ValueRule(Part):
    """One measured quantity: a field becomes the datastream `<thing>.<code>`."""

    field: str = Field(min_length=1, description="The field that holds the value.")
    code: str = Field("", description="The last part of the datastream's id; the field if not given.")
    datastream: str = Field("", description="The id of a datastream, in place of `<thing>.<code>`; may hold fields.")
    zh: str = Field("", description="Chinese name; the code if not given.")
    en: str = Field("", description="English name; the code if not given.")
    observed_property: str = Field("", description="What is measured; the code if not given.")
    unit: str = Field(description="The unit to store, by UCUM.")
    source_unit: str = Field("", description="The unit that the source speaks; `unit` if not given.")
    scale: float = Field(1.0, description="The source's number is first multiplied by this …")
    offset: float = Field(0.0, description="… and this is added, before units are converted.")
    period_s: int = Field(0, ge=0, description="The regular step in seconds; 0 if there is none.")
    missing: list[str | float | int] = Field(
        default_factory=list, description="What the source writes for a missing value; it is kept as `missing`."
    )
    quality: str = Field("", description="The field that holds the source's own mark; see `[quality]`.")
    minimum: float | None = Field(None, description="Below it (in `unit`) a value is marked suspect_range.")
    maximum: float | None = Field(None, description="Above it a value is marked suspect_range.")
    flat_after_s: float | None = Field(None, gt=0, description="Unchanged so long, a value is marked suspect_flat.")
    when: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="Only for records whose fields have these values."
    )

    @property
    def name(self) -> str:
        """The code, or the field that stands for it."""
        return self.code or self.field

    @property
    def speaks(self) -> str:
        """The unit that the source speaks."""
        return self.source_unit or self.unit
