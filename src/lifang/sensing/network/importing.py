"""Devices in bulk: rows of a table, told by a mapping which column is what, made things and devices; again: nothing.

Rows that cannot be devices are refused one by one, with the reason; the others are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from lifang.core import BadInput, Problem, parse_instant
from lifang.guard import Classification
from lifang.sensing.model import Thing
from lifang.sensing.network.model import Device

_TRUE = frozenset({"1", "true", "yes", "y", "是"})
_REASONS_KEPT = 100
THING_FIELDS = ("id", "zh", "en", "lon", "lat")
DEVICE_FIELDS = (
    "device_type",
    "model",
    "serial",
    "organisation",
    "installed",
    "mounted_on",
    "gateway",
    "link",
    "roles",
    "period_s",
    "state",
    "firmware",
    "battery",
    "certificate",
    "certificate_issuer",
    "certificate_expires",
    "simulated",
    "classification",
)
FIELDS = (*THING_FIELDS, *DEVICE_FIELDS)


@dataclass(frozen=True)
class Draft:
    """A row of the table: a device, the names of its thing, and its place in degrees, if the row has one."""

    row: int
    device: Device
    zh: str
    en: str
    place: tuple[float, float] | None

    def thing(self, lon: float, lat: float) -> Thing:
        """Return the thing that the device is, at a place."""
        properties = {"simulated": True} if self.device.simulated else {}
        device = self.device
        return Thing(device.id, self.zh, self.en, device.device_type, lon, lat, device.classification, properties)


@dataclass(frozen=True)
class Imported:
    """What became of a table of devices: ``refused`` names up to 100 rows (from 1) and why."""

    rows: int
    added: int
    changed: int
    refused_count: int
    refused: tuple[tuple[int, str], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as the doors show it."""
        told = [{"row": row, "reason": reason} for row, reason in self.refused]
        return {**vars(self), "refused": told, "unchanged": self.rows - self.added - self.changed - self.refused_count}


def check_mapping(mapping: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """Return field by column for a table with ``columns``; a field that is a column's name needs no mapping."""
    for name, column in mapping.items():
        if name not in FIELDS:
            raise BadInput(
                f"A device has no field {name[:80]!r}.", where="mapping", mend=f"Known: {', '.join(FIELDS)}."
            )
        if column not in columns:
            raise BadInput(f"The table has no column {column[:80]!r}.", where="mapping", mend=", ".join(columns[:50]))
    found = {name: name for name in FIELDS if name in columns} | dict(mapping)
    if "id" not in found:
        raise BadInput("No column is the id.", where="mapping", mend="Say which, such as id=编号.")
    return found


def read_rows(
    table: pa.Table, mapping: Mapping[str, str], defaults: Mapping[str, Any]
) -> tuple[list[Draft], list[tuple[int, str]]]:
    """Return the devices of a table, and (row from 1, reason) of each row that is none.

    ``defaults`` give the fields that the table lacks.
    """
    fields = check_mapping(mapping, table.column_names)
    told = table.select(sorted(set(fields.values()))).to_pylist()
    drafts: dict[str, Draft] = {}
    refused: list[tuple[int, str]] = []
    for number, row in enumerate(told, start=1):
        given = {**defaults, **{name: row[column] for name, column in fields.items() if row[column] not in {None, ""}}}
        try:
            draft = _read(number, given)
            if draft.device.id in drafts:
                raise BadInput(f"{draft.device.id!r} is there twice.", mend="Keep one row of each device.")
            drafts[draft.device.id] = draft
        except Problem as problem:
            refused.append((number, problem.what))
    return list(drafts.values()), refused


def placed(
    drafts: Sequence[Draft], where_is: Callable[[str], tuple[float, float] | None]
) -> tuple[list[tuple[Thing, Device]], list[tuple[int, str]]]:
    """Return the drafts that have a place, each as thing and device, and (row, reason) of those that have none.

    What lacks a position is where its carrier is: of the same table, else as ``where_is`` knows.
    """
    known = {each.device.id: each.place for each in drafts}
    found, refused = [], []
    for draft in drafts:
        carrier = draft.device.mounted_on
        place = draft.place or (known.get(carrier) or where_is(carrier) if carrier else None)
        try:
            if place is None:
                raise BadInput("It has no position, and nothing that has one carries it.", mend="Give lon and lat.")
            found.append((draft.thing(*place), draft.device))
        except Problem as problem:
            refused.append((draft.row, problem.what))
    return found, refused


def _read(number: int, given: Mapping[str, Any]) -> Draft:
    try:
        made = {name: _value(name, given[name]) for name in FIELDS if name in given}
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, Problem):
            raise
        raise BadInput(f"A value cannot be read: {error}.", mend="Correct it.") from error
    if "id" not in made or "device_type" not in made:
        raise BadInput("The row has no id or no type.", mend="Give both.")
    device = Device(made["id"], **{name: made[name] for name in DEVICE_FIELDS if name in made})
    zh = made.get("zh") or made["id"]
    place = (made["lon"], made["lat"]) if "lon" in made and "lat" in made else None
    return Draft(number, device, zh, made.get("en") or zh, place)


def _value(name: str, told: Any) -> Any:
    read: Callable[[Any], Any] = _READERS.get(name) or _text
    return read(told)


def _text(value: Any) -> str:
    return str(value).strip()


def _number(value: Any) -> float:
    return float(value)


def _moment(value: Any) -> datetime:
    return parse_instant(value.isoformat() if isinstance(value, date) else str(value), default_zone=UTC)


def _list(value: Any) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else str(value).replace(";", " ").replace(",", " ").split()
    return tuple(map(str, parts))


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).strip().lower() in _TRUE


def _class(value: Any) -> Classification:
    return Classification(str(value).strip().lower())


def _whole(value: Any) -> int:
    return int(float(value))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "lon": _number,
    "lat": _number,
    "battery": _number,
    "period_s": _whole,
    "installed": _moment,
    "certificate_expires": _moment,
    "roles": _list,
    "simulated": _truth,
    "classification": _class,
}


def first_reasons(refused: Sequence[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """Return as many of the refused rows as are told."""
    return tuple(refused[:_REASONS_KEPT])
