"""Links made by rule: an object leads to the area that it lies in, to what is nearest, to what has the same key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lifang.core import BadInput, check_slug, format_instant, parse_instant
from lifang.twin.flat import outlines_of, plain
from lifang.twin.links import LINK_KINDS
from lifang.twin.shapes import Frame

WITHIN, NEAREST, SAME = "within", "nearest", "same"
WAYS: Mapping[str, str] = {
    WITHIN: "to the polygons that an object stands in",
    NEAREST: "to the nearest, up to `within_m` metres away",
    SAME: "to the rows whose `column` has the value of the object's `attribute`",
}
THINGS = "things"  # instead of a dataset: what senses the city
_LACKS: Mapping[str, tuple[str, ...]] = {WITHIN: (), NEAREST: ("within_m",), SAME: ("attribute", "column")}
_DISTANCE_MAX_M = 100_000.0


@dataclass(frozen=True)
class LinkRule:
    """How links of a ``kind`` come about since ``valid_from``.

    They come from objects of ``models`` and ``classes`` (none: of all) and lead to rows of the dataset ``to``, or to
    ``things`` (of one ``thing_kind``, if it is told); ``way`` is one of :data:`WAYS`.
    """

    id: str
    kind: str
    way: str
    to: str
    valid_from: datetime
    models: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    within_m: float = 0.0
    attribute: str = ""
    column: str = ""
    role: str = ""
    thing_kind: str = ""

    @property
    def source(self) -> str:
        """Who says so, in a link."""
        return f"rule:{self.id}"

    @classmethod
    def from_mapping(cls, rule_id: str, told: Mapping[str, Any]) -> LinkRule:
        """Return the rule that is told in a file or a request; ``BadInput`` says what it lacks."""
        check_slug(rule_id, what="rule id")
        known = set(cls.__dataclass_fields__) - {"id"}
        if unknown := sorted(set(told) - known):
            raise BadInput(f"A rule has no {unknown[0][:40]!r}.", where=rule_id, mend=f"It has {', '.join(known)}.")
        for name, among in (("kind", LINK_KINDS), ("way", WAYS)):
            if told.get(name) not in among:
                raise BadInput(f"'{told.get(name)}' is no {name}.", where=rule_id, mend=f"Use {', '.join(among)}.")
        for name in ("to", "valid_from", *_LACKS[told["way"]]):
            if not told.get(name):
                raise BadInput(f"The rule says no {name}.", where=rule_id, mend=f"Give {name}.")
        since = told["valid_from"]
        more: dict[str, Any] = {name: tuple(map(str, told.get(name, ()))) for name in ("models", "classes")}
        more |= {name: str(told.get(name, "")) for name in ("to", "attribute", "column", "role", "thing_kind")}
        within_m = float(told.get("within_m", 0.0))
        if not 0 <= within_m <= _DISTANCE_MAX_M:
            raise BadInput("That is too far.", where=rule_id, mend=f"Up to {_DISTANCE_MAX_M:,.0f} m.")
        since = since if isinstance(since, datetime) else parse_instant(str(since))
        return cls(rule_id, told["kind"], told["way"], valid_from=since, within_m=within_m, **more)

    def as_json(self) -> dict[str, Any]:
        """Return the rule as plain values."""
        told = {name: value for name, value in asdict(self).items() if value and name != "id"}
        lists = {name: list(value) for name, value in told.items() if isinstance(value, tuple)}
        return {**told, **lists, "valid_from": format_instant(self.valid_from)}


@dataclass(frozen=True)
class Ends:
    """What a rule can lead to: targets (``kind:id``) with their shapes in degrees, or the values of a column."""

    targets: Sequence[str]
    shapes: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    values: Sequence[Any] = ()


def linked_by(rule: LinkRule, objects: pa.Table, ends: Ends) -> pa.Table:
    """Return ``object, kind, target, role`` of the links that a rule makes from rows of objects, each once."""
    pairs = _same(rule, objects, ends) if rule.way == SAME else _in_space(rule, objects, ends)
    ids = objects["id"].to_pylist()
    found = sorted({(ids[at], ends.targets[end]) for at, end in pairs})
    columns = {"object": [own for own, _ in found], "target": [target for _, target in found]}
    alike = {"kind": rule.kind, "role": rule.role}
    table = pa.table({name: pa.array(each, pa.string()) for name, each in columns.items()})
    for name, value in alike.items():
        table = table.append_column(name, pa.repeat(pa.scalar(value), len(found)))
    return table


def _same(rule: LinkRule, objects: pa.Table, ends: Ends) -> list[tuple[int, int]]:
    by_value: dict[str, list[int]] = defaultdict(list)
    for end, value in enumerate(ends.values):
        if value is not None:
            by_value[str(value)].append(end)
    told = (plain(orjson.loads(each).get(rule.attribute)) for each in objects["properties"].to_pylist())
    return [(at, end) for at, value in enumerate(told) for end in by_value.get(str(value), ()) if value is not None]


def _in_space(rule: LinkRule, objects: pa.Table, ends: Ends) -> list[tuple[int, int]]:
    there = ~shapely.is_empty(ends.shapes) & ~shapely.is_missing(ends.shapes)
    outlines = outlines_of(objects)
    some = np.flatnonzero(~shapely.is_empty(outlines))
    if not len(some) or not there.any():
        return []
    number = np.flatnonzero(there)
    if rule.way == WITHIN:
        tree = shapely.STRtree(shapely.point_on_surface(outlines[some]))
        end, at = tree.query(ends.shapes[there], predicate="contains")  # few large shapes: each is prepared once
    else:
        west, south, east, north = shapely.total_bounds(outlines[some])
        frame = Frame((west + east) / 2, (south + north) / 2)
        tree = shapely.STRtree(frame.flat(ends.shapes[there]))
        at, end = tree.query_nearest(frame.flat(outlines[some]), max_distance=rule.within_m, all_matches=False)
    return list(zip(some[at].tolist(), number[end].tolist(), strict=True))
