"""One change of the entities: everything in it happens or nothing does, and the ledger tells of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from lifang.core import BadInput, Denied, NotFound
from lifang.guard import Action, Classification, Resource, Subject, decide, require, strictest
from lifang.sensing.entities.kinds import GRAPH, PLURALS, RESOURCES, STREAMS
from lifang.sensing.entities.numbering import keep_version
from lifang.sensing.entities.observation import Draft
from lifang.sensing.entities.places import UNPLACED, settle_thing
from lifang.sensing.entities.question import Sight
from lifang.sensing.roster import RICH, UNKNOWN, Roster
from lifang.store import Call, EntityQuery, Entry, Field, Literal, Row, Transaction

_OPEN = str(Classification.OPEN)


@dataclass(frozen=True)
class Changed:
    """What was done (create, update, delete) to one entity: its row ``before`` and ``after``, where there is one."""

    what: str
    kind: str
    number: int
    before: Row | None = None
    after: Row | None = None


@dataclass
class Change:
    """What one request (or one group of a batch) changes, while its transaction is open.

    ``drafts`` are observations to be stored once it is done; ``fresh`` and ``gone`` the datastreams that memory must
    take in and forget; ``placed`` the things whose place memory must know, ``lost`` those that are no more;
    ``unsettled`` the datastreams whose values are of another feature from now on; ``loosened`` a datastream and
    a feature that an observation of it is of no more.
    """

    tx: Transaction
    roster: Roster
    by: Subject
    purpose: str
    sight: Sight
    now: datetime
    drafts: list[Draft] = field(default_factory=list)
    fresh: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    placed: set[str] = field(default_factory=set)
    unsettled: set[int] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    loosened: set[tuple[int, int]] = field(default_factory=set)
    changed: list[Changed] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    digest: Any = field(default_factory=hashlib.sha256)

    def note(self, what: str, kind: str, key: int | str, state: Any) -> None:
        """Remember for the ledger that ``what`` (create, update, delete) was done to an entity."""
        self.told[f"{what} {kind}"] += 1
        self.digest.update(orjson.dumps([what, kind, key, state], default=str, option=orjson.OPT_SORT_KEYS))

    def entry(self) -> Entry | None:
        """Return the ledger entry that tells of the change, ``None`` if there is nothing to tell."""
        if not self.told:
            return None
        detail = {"changes": dict(sorted(self.told.items())), "digest": self.digest.hexdigest()}
        return Entry(self.by.id, Action.OBSERVE.value, "entities", self.purpose, "allowed", detail)

    def may(self, kind: str) -> None:
        """Raise ``Denied`` or ``Unauthenticated`` unless the subject may change entities of ``kind``."""
        require(self.by, Action.OBSERVE, RESOURCES[kind])

    def find(self, kind: str, key: int | str) -> Row:
        """Return the row of an entity that the subject may see, by number or id; ``NotFound`` without it."""
        where = Call("eq", (Field("@id"), Literal(key)))
        query = EntityQuery(kind, self.sight, where, limit=1, columns=("id",))
        rows = self.tx.entities(GRAPH, query)
        row = self.tx.get(GRAPH[kind].table, rows[0]["id"]) if rows else None
        if row is None:
            raise NotFound(f"There is no {kind} {str(key)[:80]!r}.", mend=f"List them: GET /sta/v1.1/{PLURALS[kind]}.")
        return row

    def fetch(self, kind: str, number: int) -> Row:
        """Return the row of an entity that this change knows of by its number."""
        (row,) = self.tx.find(GRAPH[kind].table, where={"number": number}, order="number")
        return row

    def linked(self, kind: str, key: int | str) -> Row:
        """Return the row of an entity named in a body; ``BadInput`` if there is none."""
        try:
            return self.find(kind, key)
        except NotFound as error:
            raise BadInput(error.what, where=kind, mend="Create it first, or send it inside this body.") from error

    def insert(self, kind: str, columns: Mapping[str, Any], number: int) -> Row:
        """Return the new row of ``kind``: ``columns`` with its number, id and moment of creation."""
        table = GRAPH[kind].table
        row = {**columns, "id": f"{table}-{number}", "number": number, "created": self.now}
        self.tx.insert(table, row)
        self.note("create", kind, number, row)
        self.changed.append(Changed("create", kind, number, after=row))
        return row

    def update(self, kind: str, row: Row, changes: Mapping[str, Any], links: Mapping[str, Any] | None = None) -> Row:
        """Return the row after ``changes``; its state until now is kept."""
        table = GRAPH[kind].table
        keep_version(self.tx, table, row, now=self.now, subject=self.by.id, links=links or {})
        self.note("update", kind, row["number"], dict(changes))
        if kind in STREAMS:
            self.fresh.add(row["number"])
        after = self.tx.update(table, row["id"], changes)
        self.changed.append(Changed("update", kind, row["number"], row, after))
        return after

    def graded(self, columns: dict[str, Any], *above: str, present: str = _OPEN) -> dict[str, Any]:
        """Return ``columns`` with a classification at least as strict as those ``above``.

        Only who may admit data may grade something lower than it is (``present``).
        """
        wanted = Classification(columns.get("classification", present))
        if strictest(wanted, Classification(present)) != wanted:
            decision = decide(self.by, Action.ADMIT, Resource("dataset"))
            if not decision.allowed:
                raise Denied("Only who admits data may open it further.", where="classification", mend="Ask them to.")
        return {**columns, "classification": str(strictest(wanted, *map(Classification, above)))}

    def settle(self, thing: int, locations: Sequence[int]) -> bool:
        """Return whether the thing, now at these locations (by number), was elsewhere: then its history tells of it."""
        number = settle_thing(self.tx, thing, locations, now=self.now)
        if number is not None:
            self.changed.append(Changed("create", "HistoricalLocation", number))
        return number is not None

    def put_thing(self, row: Row) -> None:
        """Let memory know where a thing stands, and that its values are of another feature from now on."""
        self.placed.add(row["id"])
        for stream in self.tx.find("datastream", where={"thing": row["id"]}, order="number"):
            self.fresh.add(stream["number"])
            self.unsettled.add(stream["number"])

    def rows_to_take_in(self) -> tuple[list[Row], dict[str, tuple[float, float]]]:
        """Return the rows of fresh datastreams and the places of moved things, as the transaction will leave them."""
        places = {}
        wanted = sorted(self.fresh - self.gone)
        rows = [row for start in range(0, len(wanted), 1000) for row in self._streams(wanted[start : start + 1000])]
        for name in self.placed | {row["thing"] for row in rows}:
            thing = self.tx.get("thing", name)
            if thing is not None:
                places[name] = UNPLACED if thing["lon"] is None else (thing["lon"], thing["lat"])
        return rows, places

    def _streams(self, numbers: list[int]) -> list[Row]:
        return self.tx.find("datastream", where={"number": numbers}, order="number")

    def remember(self, rows: list[Row], places: Mapping[str, tuple[float, float]]) -> None:
        """Bring memory up to what was committed: places first, then datastreams, then those gone."""
        self.roster.places.update(places)
        self.roster.take_in(rows)
        for number in self.unsettled - self.gone:
            self.roster.current[number] = UNKNOWN
        self.roster.forget(sorted(self.gone))
        for thing in self.lost:
            self.roster.places.pop(thing, None)

    def enrich(self, stream: Row) -> Row:
        """Return the datastream's row, marked as one with values that are more than a number."""
        if stream["rich"] & RICH:
            return stream
        self.fresh.add(stream["number"])
        return self.tx.update("datastream", stream["id"], {"rich": stream["rich"] | RICH})
