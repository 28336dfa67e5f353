"""Actuators and what they can be told: registered, numbered, found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lifang.core import BadInput, Clock, NotFound
from lifang.guard import Action, Classification, Resource, Subject, require
from lifang.sensing.tasking.model import Actuator, Capability, subject_id
from lifang.store import Entry, Row, Store, Transaction

_LISTS = {"actuator": "actuators", "tasking_capability": "tasking-capabilities"}


class Register:
    """The actuators and tasking capabilities of one city; numbers count from 1 and are never given twice."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def register(self, actuators: Sequence[Actuator], capabilities: Sequence[Capability], *, by: Subject) -> int:
        """Return how many records were added or changed, with their one ledger record; unchanged ones cost nothing."""
        for actuator in actuators:
            require(by, Action.OBSERVE, actuator.resource)
        for name, records in (("actuator", actuators), ("capability", capabilities)):
            if len({each.id for each in records}) != len(records):
                raise BadInput(f"Two records call themselves the same {name}.", mend="Give each an id of its own.")
        with self._store.registry.transaction() as tx:
            told = [each.id for each in actuators if self._put(tx, "actuator", each)]
            known = {each.id for each in actuators}
            for capability in capabilities:
                if capability.actuator not in known and tx.get("actuator", capability.actuator) is None:
                    raise NotFound(f"There is no actuator {capability.actuator!r}.", mend="Register it with it.")
            told += [each.id for each in capabilities if self._put(tx, "tasking_capability", each)]
            if told:
                detail = {"count": len(told), "ids": told[:50]}
                tx.record(Entry(by.id, Action.OBSERVE.value, "actuator:*", detail=detail))
        return len(told)

    def _put(self, tx: Transaction, table: str, record: Actuator | Capability) -> bool:
        row = _row_of(record)
        there = tx.get(table, record.id)
        if there is None:
            tx.insert(table, {**row, "number": next_number(tx, table), "created": self._clock.now()})
            return True
        del row["number"]
        if all(there[name] == value for name, value in row.items()):
            return False
        tx.update(table, record.id, row)
        return True

    def actuator(self, reference: str | int) -> Actuator:
        """Return the actuator with this id or number, or ``NotFound``."""
        return Actuator.from_row(self._one("actuator", reference))

    def capability(self, reference: str | int) -> Capability:
        """Return the tasking capability with this id or number, or ``NotFound``."""
        return Capability.from_row(self._one("tasking_capability", reference))

    def actuators(self, *, thing: str | None = None, after: int | None = None, limit: int = 100) -> list[Actuator]:
        """Return actuators by number, past ``after``; of one thing, if it is named."""
        return [Actuator.from_row(row) for row in self._page("actuator", _given(thing=thing), after, limit)]

    def capabilities(
        self, *, thing: str | None = None, actuator: str | None = None, after: int | None = None, limit: int = 100
    ) -> list[Capability]:
        """Return tasking capabilities by number, past ``after``; of one thing or actuator, if it is named."""
        where = _given(thing=thing, actuator=actuator)
        return [Capability.from_row(row) for row in self._page("tasking_capability", where, after, limit)]

    def resources_of(self, capability: str, *devices: str) -> tuple[Resource, ...]:
        """Return what the guard is asked about a command of ``capability`` that these devices fetch and obey."""
        actuator = self._one("actuator", self._one("tasking_capability", capability)["actuator"])
        grade = Classification(actuator["classification"])
        return tuple(Resource("command", subject_id(name), grade) for name in dict.fromkeys(devices))

    def _page(self, table: str, where: Mapping[str, Any], after: int | None, limit: int) -> list[Row]:
        return self._store.registry.find(table, where=where, order="number", after=after, limit=limit)

    def _one(self, table: str, reference: str | int) -> Row:
        if isinstance(reference, int):
            found = self._store.registry.find(table, where={"number": reference}, limit=1)
            row = found[0] if found else None
        else:
            row = self._store.registry.get(table, reference)
        if row is None:
            what = table.replace("_", " ")
            raise NotFound(
                f"There is no {what} {str(reference)[:80]!r}.", mend=f"List them: GET /api/v1/{_LISTS[table]}."
            )
        return row


def next_number(tx: Transaction, table: str) -> int:
    """Return the number after the last that any record of ``table`` ever had, deleted ones too."""
    last = tx.find(table, order="number", descending=True, limit=1)
    gone = tx.find("entity_version", where={"kind": table}, order="number", descending=True, limit=1)
    return max((int(row["number"]) for row in (*last, *gone)), default=0) + 1


def _given(**where: Any) -> dict[str, Any]:
    return {name: value for name, value in where.items() if value is not None}


def _row_of(record: Actuator | Capability) -> Row:
    row = dict(vars(replace(record)))
    if isinstance(record, Actuator):
        row["classification"] = str(record.classification)
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in row.items()}
