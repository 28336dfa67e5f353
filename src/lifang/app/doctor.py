"""The doctor: looks the city over and says what is ill and how to mend it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from lifang.catalogue import Catalogue
from lifang.core import Problem, Settings, UnknownCode, distance_m, gcj02_to_wgs84, wgs84_to_gcj02
from lifang.standards import code_list, code_lists
from lifang.store import Store

_LEAST_FREE_BYTES = 1_000_000_000
_OLDEST_PYTHON = (3, 11)
_LATE_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and what to do if not."""

    check: str
    well: bool
    seen: str
    mend: str = ""


def examine(store: Store, settings: Settings) -> list[Finding]:
    """Return one finding a check; a check that fails with a problem is a finding too. What is well has no mend."""
    found = [*(_guarded(name, check, store) for name, check in _CHECKS.items()), _area_code(settings)]
    return [cured(each) for each in found]


def cured(finding: Finding) -> Finding:
    """Return a finding as it is told: what is well has no mend."""
    return replace(finding, mend="") if finding.well else finding


def told_address(door: str, address: str | None) -> Finding:
    """Return where a door that may be off is reached."""
    return Finding(door, True, address or "off")


def late_datasets(catalogue: Catalogue, now: datetime) -> Finding:
    """Return the datasets that were due before ``now``, the latest first, each with its days."""
    due = ((each.id, each.due) for each in catalogue.datasets())
    late = sorted((when, dataset) for dataset, when in due if when is not None and when < now)
    told = [f"{dataset} ({(now - when).days} days)" for when, dataset in late[:_LATE_SHOWN]]
    seen = f"{len(late)} late: {', '.join(told)}{', …' if len(late) > len(told) else ''}" if late else "none late"
    return Finding("datasets", not late, seen, "Hand in their new releases, or correct update_cycle on their cards.")


def _guarded(name: str, check: Callable[[Store], Finding], store: Store) -> Finding:
    try:
        return check(store)
    except Problem as problem:
        return Finding(name, False, problem.what, problem.mend)


def _python(_: Store) -> Finding:
    seen = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", sys.version_info >= _OLDEST_PYTHON, seen, "Use Python 3.11 or newer.")


def _disk(store: Store) -> Finding:
    free = shutil.disk_usage(store.folder).free
    return Finding("disk", free >= _LEAST_FREE_BYTES, f"{free / 1e9:.1f} GB free", "Free at least 1 GB.")


def _ledger(store: Store) -> Finding:
    verdict = store.ledger.verify()
    seen = f"{verdict.count} records, head {verdict.head[:12]}"
    return Finding("ledger", verdict.ok, seen if verdict.ok else verdict.reason, "Restore the last verified backup.")


def _releases(store: Store) -> Finding:
    missing = list(_missing_releases(store))
    count = store.registry.count("release")
    seen = f"{count} releases" if not missing else f"missing: {', '.join(missing[:5])}"
    return Finding("releases", not missing, seen, "Restore the last verified backup.")


def _missing_releases(store: Store) -> Iterator[str]:
    for row in store.registry.find("release"):
        relation = store.lake.release(row["dataset"], row["number"])
        if not relation.path.is_file() or relation.path.stat().st_size != row["bytes"]:
            yield row["id"]


def _observations(store: Store) -> Finding:
    return Finding("observations", True, f"{store.lake.observation_count()} rows")


def _code_lists(_: Store) -> Finding:
    return Finding("code lists", True, ", ".join(f"{each.id} ({each.edition})" for each in code_lists()))


def _area_code(settings: Settings) -> Finding:
    """Return whether the city's area code holds; an older one is led to those it became (GB/T 2260)."""
    areas, check = code_list("gbt2260"), "area code"
    if not settings.area_code:
        return Finding(check, True, "none stated")
    try:
        now = areas.forward(settings.area_code)
    except UnknownCode as problem:
        return Finding(check, False, problem.what, problem.mend)
    became = " + ".join(f"{each.code} {each.zh}" for each in now)
    if [each.code for each in now] == [settings.area_code]:
        return Finding(check, True, became)
    seen = f"{settings.area_code} became {became} ({areas.edition})"
    return Finding(check, False, seen, f'Write area_code = "{now[0].code}" in city.toml.')


def _places(_: Store) -> Finding:
    lon, lat = np.array([104.06]), np.array([30.66])
    error_m = float(distance_m(lon, lat, *gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat)))[0])
    return Finding("coordinates", error_m < 0.001, f"GCJ-02 round trip {error_m * 1000:.6f} mm", "Reinstall pyproj.")


_CHECKS: dict[str, Callable[[Store], Finding]] = {
    "python": _python,
    "disk": _disk,
    "ledger": _ledger,
    "releases": _releases,
    "observations": _observations,
    "code lists": _code_lists,
    "coordinates": _places,
}
