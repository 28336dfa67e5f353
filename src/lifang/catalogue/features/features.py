"""The features of one release: pages of them, how many there are, one by its id."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from lifang.catalogue.card import Card
from lifang.catalogue.features.keeper import ReadyKeeper
from lifang.catalogue.features.question import FeatureQuestion
from lifang.catalogue.features.ready import ReadyFeatures
from lifang.catalogue.features.writing import Form, ids_of, parts_of, written
from lifang.catalogue.model import Release
from lifang.core import BadInput, NotFound, parse_instant
from lifang.store import Call, Expression, Field, Literal, Relation, all_of

_PLAIN = Form()
_SIDES = frozenset({"_xmin", "_ymin", "_xmax", "_ymax"})


@dataclass(frozen=True)
class FeaturePage:
    """Features as GeoJSON texts, and exactly how many meet the question, whatever its limit and offset."""

    matched: int
    features: list[bytes]


class Features:
    """The rows of ``release`` as features; their ids are the key of the dataset's card, else the place of the row."""

    def __init__(
        self,
        relation: Relation,
        release: Release,
        card: Card,
        keeper: ReadyKeeper | None = None,
        *,
        taken: Callable[[int, int], None] = lambda _rows, _size: None,
    ) -> None:
        names = {str(column["name"]) for column in release.columns}
        self.release = release
        self.key = card.key if card.key and names.issuperset(card.key) else ()
        self._relation = relation
        self._taken = taken
        self._ready = keeper.get(relation, release, self.key) if keeper else None

    @property
    def columns(self) -> dict[str, Mapping[str, Any]]:
        """What is known of each property, and of ``geometry`` if there is one, by name."""
        return {str(column["name"]): column for column in self.release.columns}

    def page(self, question: FeatureQuestion, *, form: Form = _PLAIN) -> FeaturePage:
        """Return the features that meet the question, ``limit`` of them at most, and how many there are in all."""
        if self._ready and form == _PLAIN and question.where is None and not question.order:
            return self._told(_from_ready(self._ready, question))
        matching = question.matching
        matched = self.release.rows if matching is None else self._relation.count(matching=matching)
        found = self._found(question, form) if question.offset < matched else []
        return self._told(FeaturePage(matched, found))

    def _told(self, page: FeaturePage) -> FeaturePage:
        """Return the page, metered."""
        self._taken(len(page.features), sum(map(len, page.features)))
        return page

    def _found(self, question: FeatureQuestion, form: Form) -> list[bytes]:
        table = self._relation.find(
            self._names(),
            matching=question.matching,
            order=question.order,
            limit=question.limit,
            offset=question.offset,
        )
        return written(table, self.key, form)

    def one(self, feature_id: str, *, form: Form = _PLAIN) -> bytes:
        """Return the feature with this id as a GeoJSON text, or ``NotFound``."""
        nothing = NotFound(
            f"There is no feature {feature_id[:80]!r}.", mend="List them: GET /ogc/collections/{id}/items."
        )
        if self._ready and form == _PLAIN:
            held = self._ready.one(feature_id)
            if held is None:
                raise nothing
            return self._told(FeaturePage(1, [held])).features[0]
        if not self.key:
            place = _whole(feature_id)
            if place is None or not 1 <= place <= self.release.rows:
                raise nothing
            table = self._relation.find(self._names(), limit=1, offset=place - 1)
        else:
            table = self._relation.find(self._names(), matching=self.is_one(feature_id), limit=1)
        if not table.num_rows:
            raise nothing
        return self._told(FeaturePage(1, written(table, self.key, form))).features[0]

    def tile(self, z: int, x: int, y: int) -> bytes:
        """Return the features in a tile of WebMercatorQuad as a vector tile; empty if none are there."""
        if not self.release.has_geometry:
            raise NotFound(f"{self.release.dataset} has no geometry.", mend="List the others: GET /ogc/collections.")
        return self._relation.tile(self.release.dataset, z, x, y)

    def figures(self, name: str, where: Expression | None) -> dict[str, float | int | None]:
        """Return count, min, max, mean, sum and stddev of the numbers of a property where ``where`` holds."""
        if str(self.columns.get(name, {}).get("type")) not in {"integer", "number"}:
            numeric = [each for each, told in self.columns.items() if told["type"] in {"integer", "number"}]
            raise BadInput(f"{name[:80]!r} is no number here.", where="property", mend=f"Known: {', '.join(numeric)}.")
        return self._relation.figures(name, matching=where)

    def is_one(self, feature_id: str) -> Expression:
        """Return the condition that holds for the feature of this id; ``NotFound`` if no row could have it."""
        parts = zip(self.key, parts_of(feature_id, self.key), strict=True)
        same = [Call("eq", (Field(name), self._value(name, text))) for name, text in parts]
        found = all_of(*same)
        if found is None:
            raise BadInput("This dataset has no key.", mend="Declare one in its card.")
        return found

    def key_of(self, feature_id: str) -> dict[str, Any]:
        """Return the key's columns with the values that they have in the feature of this id."""
        parts = zip(self.key, parts_of(feature_id, self.key), strict=True)
        return {name: self._value(name, text).value for name, text in parts}

    def id_of(self, row: Mapping[str, Any]) -> str:
        """Return the id that a row with these values gets."""
        return str(ids_of(pa.table({name: [row[name]] for name in self.key}), self.key)[0])

    def _value(self, name: str, text: str) -> Literal:
        read = _READERS.get(str(self.columns[name]["type"]), str)
        try:
            value = read(text)
        except ValueError:
            value = None
        if value is None or "\0" in text:
            raise NotFound(
                f"There is no feature with {name} {text[:80]!r}.", mend="List them: GET /ogc/collections/{id}/items."
            )
        return Literal(value)

    def _names(self) -> list[str]:
        return [each.name for each in self._relation.columns if each.name not in _SIDES]


def _from_ready(ready: ReadyFeatures, question: FeatureQuestion) -> FeaturePage:
    end = question.offset + question.limit
    if question.boxes:
        rows = ready.rows_in(question.boxes)
        return FeaturePage(len(rows), ready.texts(rows[question.offset : end]))
    return FeaturePage(ready.count, ready.texts(range(min(question.offset, ready.count), min(end, ready.count))))


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20 else None


def _number(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "integer": _whole,
    "number": _number,
    "date": date.fromisoformat,
    "time": parse_instant,
    "boolean": {"True": True, "False": False, "true": True, "false": False}.get,
}
