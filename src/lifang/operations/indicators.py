"""The city's indicators: defined once, written with their sources, never overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from lifang.core import BadInput, Clock, NotFound, format_instant, to_micros
from lifang.guard import SYSTEM, Classification
from lifang.operations.model import IndicatorSpec, IndicatorValue, Row
from lifang.store import Entry, Store, Transaction

_SPECS, _VALUES, _LINEAGE = "indicator", "indicator_value", "lineage"


@dataclass(frozen=True)
class Reading:
    """One value to be written: ``quality`` is ``good``, or says in a word why the value is weak or missing."""

    indicator: str
    value: float | None
    quality: str = "good"
    sources: tuple[str, ...] = ()


class Indicators:
    """Define indicators, write their values, read them as of a moment."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._specs: dict[str, IndicatorSpec] = {}

    def define(self, spec: IndicatorSpec) -> None:
        """Make the indicator known, with a lineage edge from each source; saying the same again changes nothing."""
        if self._specs.get(spec.id) == spec:
            return
        said = {**asdict(spec), "sources": list(spec.sources), "classification": spec.classification.value}
        row: Row = {"zh": spec.zh, "en": spec.en, "unit": spec.unit, "spec": said}
        with self._store.registry.transaction() as tx:
            present = tx.get(_SPECS, spec.id)
            if present is None:
                tx.insert(_SPECS, {"id": spec.id, **row})
            elif present["spec"] != row["spec"]:
                tx.update(_SPECS, spec.id, row)
            if present is None or present["spec"] != row["spec"]:
                detail = {"unit": spec.unit, "classification": spec.classification.value}
                tx.record(Entry(SYSTEM.id, "indicator.defined", f"indicator:{spec.id}", detail=detail))
            for source in spec.sources:
                self._link(tx, source, spec.id)
        self._specs[spec.id] = spec

    def put(
        self, indicator: str, moment: datetime, value: float | None, quality: str = "good", sources: Sequence[str] = ()
    ) -> IndicatorValue:
        """Return the value written; see :meth:`put_many`."""
        return self.put_many(moment, [Reading(indicator, value, quality, tuple(sources))])[0]

    def put_many(self, moment: datetime, readings: Sequence[Reading]) -> list[IndicatorValue]:
        """Return the values of one moment, written in one transaction with one ledger record.

        A value that is there already is left alone; another value becomes a revision, and the former one stays.
        """
        now = self._clock.now()
        values = [IndicatorValue(r.indicator, moment, r.value, r.quality, r.sources, now) for r in readings]
        for each in values:
            self.spec(each.indicator)
        with self._store.registry.transaction() as tx:
            written = {each.indicator: each.value for each in values if self._write(tx, each)}
            if written:
                detail = {"moment": format_instant(moment), "values": written}
                tx.record(Entry(SYSTEM.id, "indicator.put", "indicator:*", detail=detail))
        return values

    def spec(self, indicator: str) -> IndicatorSpec:
        """Return the spec of an indicator, or ``NotFound``."""
        if indicator not in self._specs:
            row = self._store.registry.get(_SPECS, indicator)
            if row is None:
                raise NotFound(f"There is no indicator {indicator[:80]!r}.", mend="List them: GET /api/v1/indicators.")
            self._specs[indicator] = _spec(row)
        return self._specs[indicator]

    def all(self) -> list[IndicatorSpec]:
        """Return every spec, by id."""
        return [_spec(row) for row in self._store.registry.find(_SPECS, order="id")]

    def latest(self, indicator: str, *, at: datetime | None = None) -> IndicatorValue | None:
        """Return the newest value at or before ``at`` (now, if none is given), or ``None`` if there is none yet."""
        self.spec(indicator)
        where = {"indicator": indicator, **({"moment <=": at} if at else {})}
        found = self._store.registry.find(_VALUES, where=where, order="moment", descending=True, limit=1)
        return _value(found[0]) if found else None

    def history(self, indicator: str, start: datetime, end: datetime) -> list[IndicatorValue]:
        """Return the values in ``[start, end)``, oldest first, the newest revision of each moment."""
        self.spec(indicator)
        if end < start:
            raise BadInput("The history ends before it starts.", where="end", mend="Swap start and end.")
        where = {"indicator": indicator, "moment >=": start, "moment <": end}
        rows = self._store.registry.find(_VALUES, where=where, order="moment")
        return list({row["moment"]: _value(row) for row in rows}.values())

    def _write(self, tx: Transaction, value: IndicatorValue) -> bool:
        key = f"{value.indicator}@{to_micros(value.moment)}"
        revision, row = 0, tx.get(_VALUES, f"{key}#000")
        newest: Row | None = None
        while row is not None:
            newest, revision = row, revision + 1
            row = tx.get(_VALUES, f"{key}#{revision:03d}")
        if newest and (newest["value"], newest["quality"]) == (value.value, value.quality):
            return False
        tx.insert(_VALUES, {**value.__dict__, "id": f"{key}#{revision:03d}", "sources": list(value.sources)})
        return True

    def _link(self, tx: Transaction, source: str, indicator: str) -> None:
        key = f"{source}>indicator:{indicator}"
        if tx.get(_LINEAGE, key) is None:
            edge = {"id": key, "source": source, "target": f"indicator:{indicator}", "activity": "indicator"}
            tx.insert(_LINEAGE, {**edge, "recorded": self._clock.now(), "detail": {}})


def _spec(row: Row) -> IndicatorSpec:
    fields: dict[str, Any] = row["spec"]
    grade = Classification(fields.get("classification", Classification.RESTRICTED))
    return IndicatorSpec(**{**fields, "sources": tuple(fields["sources"]), "classification": grade})


def _value(row: Row) -> IndicatorValue:
    sources = tuple(row["sources"])
    return IndicatorValue(row["indicator"], row["moment"], row["value"], row["quality"], sources, row["recorded"])
