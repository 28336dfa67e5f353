"""Models, devices and links: registered, numbered, changed with their history kept, found again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from lifang.core import BadInput, Clock, NotFound, format_instant, new_id
from lifang.guard import Action, Resource, Subject, require
from lifang.sensing.network.model import Device, DeviceEvent, DeviceModel, Link
from lifang.store import Entry, Row, Store, Transaction

_CHUNK = 1000
_TRACKED = ("firmware", "battery", "certificate", "link", "mounted_on", "gateway", "organisation", "model", "state")
_UPLINKS_MOST = 32


class Register:
    """The models, devices and links of one city; numbers count from 1 and are never given twice."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def put_models(self, models: Sequence[DeviceModel], *, by: Subject) -> int:
        """Return how many models were added or changed."""
        require(by, Action.OBSERVE, Resource("device"))
        now, changed = self._clock.now(), 0
        with self._store.registry.transaction() as tx:
            for model in models:
                row = {**vars(model), "measures": [dict(each) for each in model.measures]}
                changed += _put(tx, "device_model", model.id, row, {"created": now})
            if changed:
                tx.record(Entry(by.id, Action.OBSERVE.value, "device_model:*", detail={"count": changed}))
        return changed

    def models(self) -> list[DeviceModel]:
        """Return every model, by id."""
        return [DeviceModel.from_row(row) for row in self._store.registry.find("device_model")]

    def put_links(self, links: Sequence[Link], *, by: Subject) -> int:
        """Return how many links were added or changed; ``BadInput`` if uplinks run in a circle."""
        for link in links:
            require(by, Action.OBSERVE, link.resource)
        now, changed = self._clock.now(), 0
        with self._store.registry.transaction() as tx:
            last = tx.find("link", order="number", descending=True, limit=1)
            number = last[0]["number"] if last else 0
            for link in links:
                row = {**vars(link), "classification": str(link.classification), "properties": dict(link.properties)}
                del row["number"]
                there = tx.get("link", link.id)
                if there is not None and there["state"] == link.state:
                    row["state_since"] = there["state_since"]
                elif row["state_since"] is None:
                    row["state_since"] = now
                number += there is None
                changed += _put(tx, "link", link.id, row, {"number": number, "created": now}, there=there)
            _check_uplinks(tx, links)
            if changed:
                tx.record(Entry(by.id, Action.OBSERVE.value, "link:*", detail={"count": changed}))
        return changed

    def links(self, *, after: int | None = None, limit: int | None = None) -> list[Link]:
        """Return links by number, past ``after``."""
        return [
            Link.from_row(row) for row in self._store.registry.find("link", order="number", after=after, limit=limit)
        ]

    def link(self, link_id: str) -> Link:
        """Return the link with this id, or ``NotFound``."""
        row = self._store.registry.get("link", link_id)
        if row is None:
            raise NotFound(f"There is no link {link_id[:80]!r}.", mend="List them: GET /api/v1/links.")
        return Link.from_row(row)

    def put_devices(self, devices: Sequence[Device], *, by: Subject, moment: datetime | None = None) -> tuple[int, int]:
        """Return how many devices were added and how many changed; what changed on one is kept in its history.

        One ledger record tells of all of it. Devices that are registered already and unchanged cost nothing.
        """
        for classification in {each.classification for each in devices}:
            require(by, Action.OBSERVE, Resource("device", "*", classification))
        if len({each.id for each in devices}) != len(devices):
            raise BadInput("A device is given twice.", mend="Give each once.")
        now = self._clock.now()
        added: list[Row] = []
        changed: list[tuple[Row, Row]] = []
        with self._store.registry.transaction() as tx:
            last = tx.find("device", order="number", descending=True, limit=1)
            number = last[0]["number"] if last else 0
            for start in range(0, len(devices), _CHUNK):
                chunk = devices[start : start + _CHUNK]
                there = {row["id"]: row for row in tx.find("device", where={"id": [each.id for each in chunk]})}
                for device in chunk:
                    row, before = device.row(), there.get(device.id)
                    if before is None:
                        number += 1
                        added.append({**row, "number": number, "created": now, "updated": now})
                    elif _differs(before, {**row, "number": before["number"]}):
                        changed.append((before, {**row, "number": before["number"], "updated": now}))
            tx.insert_many("device", added)
            for _, row in changed:
                tx.update("device", row["id"], row)
            tx.insert_many("device_event", [*_first_events(added, by, moment or now, now),
                                            *_events(changed, by, moment or now, now)])  # fmt: skip
            if added or changed:
                tx.record(_entry(added, [row for _, row in changed], by))
        return len(added), len(changed)

    def report(
        self, device_id: str, changes: Mapping[str, Any], *, by: Subject, moment: datetime | None = None
    ) -> Device:
        """Return the device after a report of its upkeep (firmware, battery, certificate, state …)."""
        device = replace(self.device(device_id), **changes)
        self.put_devices([device], by=by, moment=moment)
        return device

    def device(self, reference: str | int) -> Device:
        """Return the device with this id or number, or ``NotFound``."""
        if isinstance(reference, int):
            rows = self._store.registry.find("device", where={"number": reference}, limit=1)
            row = rows[0] if rows else None
        else:
            row = self._store.registry.get("device", reference)
        if row is None:
            raise NotFound(f"There is no device {str(reference)[:80]!r}.", mend="List them: GET /api/v1/devices.")
        return Device.from_row(row)

    def is_registered(self, device_id: str) -> bool:
        """Return whether there is such a device."""
        return self._store.registry.get("device", device_id) is not None

    def devices(self, numbers: Sequence[int]) -> list[Device]:
        """Return the devices with these numbers, by number."""
        found: list[Device] = []
        for start in range(0, len(numbers), _CHUNK):
            where = {"number": [int(each) for each in numbers[start : start + _CHUNK]]}
            found += [Device.from_row(row) for row in self._store.registry.find("device", where=where, order="number")]
        return found

    def names(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return the names (zh, en) of things, by id."""
        found: dict[str, tuple[str, str]] = {}
        for start in range(0, len(ids), _CHUNK):
            rows = self._store.registry.find("thing", where={"id": list(ids[start : start + _CHUNK])})
            found.update((row["id"], (row["zh"], row["en"])) for row in rows)
        return found

    def mounted(self, pole: str) -> list[Device]:
        """Return the devices that are mounted on a pole, cabinet or vehicle."""
        return [Device.from_row(row) for row in self._store.registry.find("device", where={"mounted_on": pole})]

    def history(
        self, device_id: str, *, kind: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 1000
    ) -> list[DeviceEvent]:
        """Return what changed on a device, newest first, past ``after`` (moment, id); of one ``kind``, if named."""
        where = {"device": device_id, **({"kind": kind} if kind else {})}
        rows = self._store.registry.find(
            "device_event", where=where, order="moment", descending=True, after=after, limit=limit
        )
        names = ("device", "kind", "moment", "value", "subject", "id")
        return [DeviceEvent(*(row[name] for name in names)) for row in rows]


def _put(tx: Transaction, table: str, key: str, row: Row, first: Row, *, there: Row | None = None) -> bool:
    there = there or tx.get(table, key)
    if there is None:
        tx.insert(table, {**row, **first})
        return True
    if not _differs(there, row):
        return False
    tx.update(table, key, row)
    return True


def _differs(there: Row, row: Row) -> bool:
    return any(there[name] != value for name, value in row.items())


def _first_events(added: Sequence[Row], by: Subject, moment: datetime, now: datetime) -> list[Row]:
    """Return the first entry of each new device's history, where there is something to go back to later."""
    return [
        _event(row["id"], kind, _told(row, kind), by, moment, now)
        for row in added
        for kind in _TRACKED[:3]
        if row[kind] not in {"", None}
    ]


def _events(changed: Sequence[tuple[Row, Row]], by: Subject, moment: datetime, now: datetime) -> list[Row]:
    return [
        _event(row["id"], kind, _told(row, kind), by, moment, now)
        for before, row in changed
        for kind in _TRACKED
        if before[kind] != row[kind]
    ]


def _told(row: Row, kind: str) -> Any:
    if kind != "certificate":
        return row[kind]
    expires = row["certificate_expires"]
    return {
        "sha256": row["certificate"],
        "issuer": row["certificate_issuer"],
        "expires": format_instant(expires) if expires else None,
    }


def _event(device: str, kind: str, value: Any, by: Subject, moment: datetime, now: datetime) -> Row:
    return {
        "id": new_id("event", now),
        "device": device,
        "kind": kind,
        "moment": moment,
        "value": value,
        "subject": by.id,
        "recorded": now,
    }


def _entry(added: Sequence[Row], changed: Sequence[Row], by: Subject) -> Entry:
    digest = hashlib.sha256()
    for row in (*added, *changed):
        digest.update(orjson.dumps(row, option=orjson.OPT_SORT_KEYS, default=str))
    detail = {"added": len(added), "changed": len(changed), "digest": digest.hexdigest()}
    if len(added) + len(changed) == 1:
        detail["id"] = (*added, *changed)[0]["id"]
    return Entry(by.id, Action.OBSERVE.value, "device:*", detail=detail)


def _check_uplinks(tx: Transaction, links: Sequence[Link]) -> None:
    for link in links:
        seen, above = {link.id}, link.uplink
        while above:
            row = tx.get("link", above)
            if row is None:
                raise NotFound(
                    f"There is no link {above[:80]!r}.", where=f"link {link.id}", mend="Register it with it."
                )
            if above in seen or len(seen) > _UPLINKS_MOST:
                raise BadInput("The uplinks run in a circle.", where=f"link {link.id}", mend="Let them end at a core.")
            seen.add(above)
            above = row["uplink"]
