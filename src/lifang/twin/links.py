"""Links of objects: to what they belong, who has them, what senses them; through time, each with its source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifang.core import BadInput, NotFound, from_micros, to_micros
from lifang.guard import Action, Classification, Resource, Subject, require
from lifang.store import FOREVER, LINK_COLUMNS, LinkQuery, ObjectChange, Store
from lifang.twin.reading import ModelFile

# Chinese and English, as read from the object and as read from what it leads to.
LINK_KINDS: Mapping[str, tuple[str, str, str, str]] = {
    "parcel": ("所在地块", "stands on", "地上对象", "carries"),
    "address": ("地址", "has the address", "该地址的对象", "is the address of"),
    "owner": ("权利人", "is owned by", "拥有", "owns"),
    "occupant": ("使用人", "is occupied by", "使用", "occupies"),
    "licence": ("许可证照", "is licensed by", "许可对象", "licenses"),
    "sensor": ("感知设备", "is sensed by", "感知对象", "senses"),
    "case": ("案件", "has the case", "案件对象", "is about"),
    "project": ("工程项目", "belongs to the project", "项目对象", "covers"),
    "area": ("所在区域", "lies in", "区域内对象", "holds"),
    "contains": ("包含", "contains", "位于", "lies within"),
    "serves": ("服务于", "serves", "由其服务", "is served by"),
    "group": ("所属对象组", "belongs to the group", "组内对象", "has the member"),
    "part": ("同属整体", "is also part of", "同为其组成", "also has the part"),
    "related": ("相关", "is related to", "相关", "is related to"),
}
OBJECT, ROW, DATASTREAM, THING, DATASET, OUTSIDE = "object", "row", "datastream", "thing", "dataset", "outside"
TARGETS: Mapping[str, str] = {
    OBJECT: "an object of the twin, by its id",
    ROW: "a row of a dataset: DATASET/KEY",
    DATASTREAM: "a datastream, by its id",
    THING: "a thing with all its datastreams, by its id",
    DATASET: "a dataset, by its id",
    OUTSIDE: "what is kept elsewhere, by its number there",
}
_TARGET = re.compile(rf"(?:{'|'.join(TARGETS)}):.{{1,300}}", re.DOTALL)
_REGISTERED = {DATASTREAM: "datastream", THING: "thing", DATASET: "dataset", ROW: "dataset"}  # the tables of ids
_TEXT_MAX = 200
_AT_ONCE = 500  # ids asked for


@dataclass(frozen=True)
class Link:
    """One version of a link: what an object leads to, in which role, who says so, in which valid time.

    ``valid_to`` and ``recorded_to`` are ``None`` while there is no end; ``target`` is ``kind:id``, see ``TARGETS``.
    """

    object: str
    kind: str
    target: str
    role: str
    name: str
    source: str
    classification: Classification
    valid_from: datetime
    valid_to: datetime | None
    recorded: datetime
    recorded_to: datetime | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Link:
        """Return the link of a row of the store."""
        return cls(
            **{name: row[name] for name in ("object", "kind", "target", "role", "name", "source")},
            classification=Classification(row["classification"]),
            valid_from=from_micros(row["valid_from"]),
            valid_to=_end(row["valid_to"]),
            recorded=from_micros(row["recorded_from"]),
            recorded_to=_end(row.get("recorded_to", FOREVER)),
        )

    @property
    def end(self) -> tuple[str, str]:
        """The kind of what the link leads to, and its id."""
        kind, _, name = self.target.partition(":")
        return kind, name


class Links:
    """The links of the objects of one city."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._links = store.lake.links

    def add(
        self,
        rows: pa.Table,
        *,
        source: str,
        classification: Classification,
        valid_from: datetime,
        valid_to: datetime | None = None,
        whole: bool = False,
        by: Subject,
    ) -> ObjectChange:
        """Return the change by which links hold in a valid time; the same again changes nothing.

        ``rows`` have ``object``, ``kind`` and ``target``, and may have ``role`` and ``name`` (of what is kept
        elsewhere). With ``whole`` they are all that ``source`` tells: its others end at ``valid_from``. ``BadInput`` if
        a kind, a target or an object is not known; nothing is written then.
        """
        require(by, Action.ADMIT, Resource("object", "*", classification))
        return self._told(self._add(rows, source, classification, valid_from, valid_to, whole=whole, by=by), source)

    def add_of_model(
        self,
        model: str,
        found: ModelFile,
        *,
        classification: Classification,
        valid_from: datetime,
        valid_to: datetime | None = None,
        by: Subject,
    ) -> ObjectChange:
        """Return the change by which the objects of a model, which is in, belong to its groups and further wholes.

        What its file does not tell of any more ends at ``valid_from``; what others said stays. Who adds the model has
        the ledger tell of it.
        """
        known = set(found.rows["id"].to_pylist()) if found.belongings else set()
        there = [each for each in found.belongings if each.object in known and each.to in known]
        told = {
            "object": [each.object for each in there],
            "kind": [each.kind for each in there],
            "target": [f"{OBJECT}:{each.to}" for each in there],
            "role": [each.role for each in there],
        }
        rows = pa.table({name: pa.array(values, pa.string()) for name, values in told.items()})
        return self._add(rows, f"model:{model}", classification, valid_from, valid_to, whole=True, by=by)

    def end_of_model(self, model: str, *, at: datetime, by: Subject) -> ObjectChange:
        """Return the change by which what a model's file told holds no more from a moment on; see ``add_of_model``."""
        return self._links.record(LINK_COLUMNS.empty_table(), subject=by.id, whole=f"model:{model}", at=to_micros(at))

    def _add(
        self,
        rows: pa.Table,
        source: str,
        classification: Classification,
        valid_from: datetime,
        valid_to: datetime | None,
        *,
        whole: bool,
        by: Subject,
    ) -> ObjectChange:
        if not source.strip() or len(source) > _TEXT_MAX:
            mend = f"Name who says so in up to {_TEXT_MAX} characters."
            raise BadInput("A link has a source.", where="source", mend=mend)
        links = _completed(rows, source.strip(), classification, valid_from, valid_to, whole=whole)
        self._check(links)
        ends = source.strip() if whole else None
        return self._links.record(links, subject=by.id, whole=ends, at=to_micros(valid_from))

    def end(self, object_id: str, kind: str, target: str, *, at: datetime, by: Subject) -> ObjectChange:
        """Return the change by which a link holds no more from a moment in the city on; the same again changes nothing.

        ``BadInput`` if its kind is not known, ``NotFound`` if there never was such a link.
        """
        require(by, Action.ADMIT, Resource("object", object_id))
        _check_kind(kind)
        if not any((each.kind, each.target) == (kind, target) for each in self.history(object_id)):
            what = f"There is no link of {object_id[:80]!r} to {target[:80]!r}."
            raise NotFound(what, mend="List them: GET /api/v1/twin/objects/{id}/links.")
        key = pa.table({"object": [object_id], "kind": [kind], "target": [target]})
        return self._told(self._links.end(key, at=to_micros(at), subject=by.id), "")

    def sources(self, *, at: datetime) -> dict[str, int]:
        """Return how many links that hold ``at`` a moment each source tells of, by its name."""
        counted = self._links.count(self.query(at=at), "source").to_pylist()
        return {each["source"]: each["count"] for each in counted}

    def of(
        self,
        ids: Sequence[str],
        *,
        at: datetime,
        recorded: datetime | None = None,
        kinds: Sequence[str] | None = None,
        classes: Sequence[Classification] | None = None,
    ) -> list[Link]:
        """Return the links out of objects that hold ``at`` a moment, as known by ``recorded``."""
        return self.page(self.query(at=at, recorded=recorded, objects=ids, kinds=kinds, classes=classes))

    def to(
        self,
        targets: Sequence[str],
        *,
        at: datetime,
        recorded: datetime | None = None,
        kinds: Sequence[str] | None = None,
        classes: Sequence[Classification] | None = None,
    ) -> list[Link]:
        """Return the links that lead to ``targets`` (``kind:id``) and hold ``at`` a moment, as known then."""
        return self.page(self.query(at=at, recorded=recorded, targets=targets, kinds=kinds, classes=classes))

    def page(self, query: LinkQuery) -> list[Link]:
        """Return the links that meet ``query``, by object, kind and target."""
        return [Link.from_row(row) for row in self._links.read(query).to_pylist()]

    def history(self, object_id: str) -> list[Link]:
        """Return every version of every link of an object, also those known to be wrong now."""
        return [Link.from_row(row) for row in self._links.history(object_id).to_pylist()]

    @staticmethod
    def query(
        *,
        at: datetime,
        recorded: datetime | None = None,
        classes: Sequence[Classification] | None = None,
        **among: Sequence[str] | None,
    ) -> LinkQuery:
        """Return the query for links that hold ``at`` a moment; ``among``: objects, targets, kinds."""
        grades = None if classes is None else [each.value for each in classes]
        known = None if recorded is None else to_micros(recorded)
        return LinkQuery(to_micros(at), known, classifications=grades, **among)  # type: ignore[arg-type]

    def _told(self, change: ObjectChange, source: str) -> ObjectChange:
        self._store.record_change(change, what="links", source=source)
        return change

    def _check(self, links: pa.Table) -> None:
        for each in links["kind"].unique().to_pylist():
            _check_kind(each)
        for each in links["target"].unique().to_pylist():
            if not _TARGET.fullmatch(each):
                mend = f"Write KIND:ID, where the kind is {', '.join(TARGETS)}."
                raise BadInput(f"{each[:80]!r} is no target.", where="target", mend=mend)
        for column in ("role", "name"):
            if (pc.max(pc.utf8_length(links[column])).as_py() or 0) > _TEXT_MAX:
                raise BadInput(f"A {column} is too long.", where=column, mend=f"Up to {_TEXT_MAX} characters.")
        led = pc.filter(links["target"], pc.starts_with(links["target"], f"{OBJECT}:"))
        ends = pc.utf8_slice_codeunits(led, len(OBJECT) + 1)
        ids = pa.chunked_array([*links["object"].chunks, *ends.chunks], pa.string())
        if strangers := self._links.strangers(ids):
            what = f"There is no object {strangers[0][:80]!r}, nor {len(strangers) - 1} others."
            raise BadInput(what, where="object", mend="Add its model first; lifang twin list shows what there is.")
        for kind, table in _REGISTERED.items():
            led = pc.filter(links["target"], pc.starts_with(links["target"], f"{kind}:")).unique()
            self._check_registered(table, {each.removeprefix(f"{kind}:").split("/")[0] for each in led.to_pylist()})

    def _check_registered(self, table: str, ids: set[str]) -> None:
        wanted = sorted(ids)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            known = {row["id"] for row in self._store.registry.find(table, where={"id": some})}
            if strangers := [each for each in some if each not in known]:
                what = f"There is no {table} {strangers[0][:80]!r}."
                raise BadInput(what, where="target", mend="Register it first, or correct its id.")


def _completed(
    rows: pa.Table,
    source: str,
    classification: Classification,
    valid_from: datetime,
    valid_to: datetime | None,
    *,
    whole: bool,
) -> pa.Table:
    if lacking := [each for each in ("object", "kind", "target") if each not in rows.column_names]:
        raise BadInput(f"There is no column {lacking[0]!r}.", mend="Give object, kind and target.")
    count = len(rows)
    if not count and not whole:
        raise BadInput("There is no link.", mend="Send one at least.")
    alike = {
        "source": source,
        "classification": classification.value,
        "valid_from": to_micros(valid_from),
        "valid_to": FOREVER if valid_to is None else to_micros(valid_to),
    }
    made = {name: pa.repeat(pa.scalar(value), count) for name, value in alike.items()}
    for name in ("object", "kind", "target", "role", "name"):
        given = rows[name] if name in rows.column_names else pa.nulls(count)
        made[name] = pc.fill_null(given.cast(pa.string()), "")
    return pa.table({each.name: made[each.name] for each in LINK_COLUMNS}, schema=LINK_COLUMNS)


def _check_kind(kind: str) -> None:
    if kind not in LINK_KINDS:
        raise BadInput(f"{kind[:40]!r} is no kind of link.", where="kind", mend=f"Use {', '.join(LINK_KINDS)}.")


def _end(micros: int) -> datetime | None:
    return None if micros == FOREVER else from_micros(micros)
