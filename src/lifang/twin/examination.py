"""What the checks found in a model, as it is kept with the model and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from heapq import nsmallest
from typing import Any

from lifang.core import format_instant, parse_instant
from lifang.twin.reading import Fault

_KEPT = 1_000


@dataclass(frozen=True)
class Examination:
    """When a model was checked, how often each rule was broken, and the first thousand breaches, errors first."""

    checked: datetime
    rules: Mapping[tuple[str, str], int]  # by rule and severity
    faults: Sequence[Fault]

    @classmethod
    def of(cls, faults: Sequence[Fault], *, at: datetime) -> Examination:
        """Return what is kept of the findings of the checks at a moment."""
        ordered = nsmallest(_KEPT, faults, key=lambda fault: (fault.severity, fault.rule, fault.object))
        counted = Counter((fault.rule, fault.severity) for fault in faults)
        return cls(at, dict(sorted(counted.items(), key=lambda each: (each[0][1], each[0][0]))), ordered)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Examination:
        """Return what ``as_json`` gave."""
        rules = {(each["rule"], each["severity"]): each["count"] for each in told["rules"]}
        return cls(parse_instant(told["checked"]), rules, [Fault(**each) for each in told["faults"]])

    @property
    def counts(self) -> dict[str, int]:
        """How many breaches refused an object, and how many are warnings."""
        found = {"refused": 0, "warnings": 0}
        for (_, severity), count in self.rules.items():
            found["refused" if severity == "error" else "warnings"] += count
        return found

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        rules = [{"rule": rule, "severity": grade, "count": count} for (rule, grade), count in self.rules.items()]
        faults = [asdict(each) for each in self.faults]
        return {"checked": format_instant(self.checked), **self.counts, "rules": rules, "faults": faults}
