"""Lineage: what was made from what, from the file received to the indicator shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from lifang.catalogue.card import Bilingual
from lifang.catalogue.model import Link
from lifang.core import BadInput, Clock
from lifang.store import Registry, Transaction

KINDS = ("blob", "release", "dataset", "datastream", "scene", "indicator", "alert", "run")
ACTIVITIES: dict[str, Bilingual] = {
    "admit": Bilingual("收录", "admitted"),
    "amend": Bilingual("修订", "amended"),
    "deliver": Bilingual("报送", "delivered"),
    "publish": Bilingual("发布", "published"),
    "replay": Bilingual("回放", "replayed"),
    "consolidate": Bilingual("归并", "consolidated"),
    "compute": Bilingual("计算", "computed"),
    "indicator": Bilingual("计算指标", "computed as an indicator"),
}
_LINKS_MAX = 2_000
_AT_ONCE = 500  # ends that are looked for together


def link_row(source: str, target: str, activity: str, detail: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """Return the registry row of one link; its id is made of its content, so that recording again changes nothing."""
    for end in (source, target):
        if end.partition(":")[0] not in KINDS or not end.partition(":")[2]:
            raise BadInput(
                f"{end!r} is no end of a lineage link.", mend=f"Write kind:id, kind one of {', '.join(KINDS)}."
            )
    if activity not in ACTIVITIES:
        raise BadInput(f"{activity[:40]!r} is no activity of lineage.", mend=f"Known: {', '.join(ACTIVITIES)}.")
    return {
        "id": f"{source}>{activity}>{target}",
        "source": source,
        "target": target,
        "activity": activity,
        "recorded": clock.now(),
        "detail": dict(detail),
    }


def insert_once(transaction: Transaction, row: Mapping[str, Any]) -> None:
    """Add a link unless it is there."""
    if transaction.get("lineage", row["id"]) is None:
        transaction.insert("lineage", row)


def walk(registry: Registry, start: str) -> list[Link]:
    """Return every link upstream of ``start`` (what it came from) and downstream (what came of it), by time."""
    found: dict[str, Link] = {}
    for here, there in (("target", "source"), ("source", "target")):
        open_ends, seen = [start], {start}
        while open_ends and len(found) < _LINKS_MAX:
            for row in registry.find("lineage", where={here: open_ends.pop()}):
                found[row["id"]] = Link(
                    row["source"], row["target"], row["activity"], row["recorded"], row["detail"] or {}
                )
                if row[there] not in seen:
                    seen.add(row[there])
                    open_ends.append(row[there])
    return sorted(found.values(), key=lambda link: (link.recorded, link.source, link.target))


def downstream(registry: Registry, ends: Collection[str]) -> set[str]:
    """Return every end that something leads to from ``ends``, at however many steps."""
    found: set[str] = set()
    edge = sorted(ends)
    while edge:
        targets: set[str] = set()
        for at in range(0, len(edge), _AT_ONCE):
            targets |= {row["target"] for row in registry.find("lineage", where={"source": edge[at : at + _AT_ONCE]})}
        edge = sorted(targets - found)
        found |= targets
    return found
