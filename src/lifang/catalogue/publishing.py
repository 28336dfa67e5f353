"""Publication: the one registry transaction (dataset, release, lineage, ledger) that makes a release exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from lifang.catalogue.card import Card
from lifang.catalogue.changes import EDITORS, READERS, CatalogueChange, record_change
from lifang.catalogue.drafts import write_card
from lifang.catalogue.lifecycle import LifeState
from lifang.catalogue.lineage import insert_once, link_row
from lifang.catalogue.model import Release
from lifang.core import Clock
from lifang.store import Entry, Registry, Store


def newest_release(registry: Registry, dataset: str) -> Release | None:
    """Return the newest release of a dataset, or ``None`` before the first."""
    found = registry.find("release", where={"dataset": dataset}, order="number", descending=True, limit=1)
    return Release.from_row(found[0]) if found else None


def record_release(
    store: Store,
    clock: Clock,
    card: Card,
    release: Release,
    *,
    themes: Mapping[str, Any],
    made_from: Mapping[str, str],
    activity: str,
    first_state: LifeState = LifeState.PUBLISHED,
) -> CatalogueChange:
    """Return the change by which a release exists whose files are written: from here on everybody sees it.

    The dataset, if it is new, begins in ``first_state``.

    ``made_from`` are the ends it was made from, each with the activity that links it; ``activity`` is the ledger's.
    """
    by = str(release.provenance["by"])
    detail = {"release": release.id, "sha256": release.sha256, "source_sha256": release.source_sha256,
              "rows": release.rows, "refused": release.refused}  # fmt: skip
    target = f"release:{release.id}"
    links = [link_row(source, target, how, detail, clock) for source, how in made_from.items()]
    links.append(link_row(target, f"dataset:{card.id}", "publish", {}, clock))
    with store.registry.transaction() as transaction:
        standing = write_card(transaction, card, first_state, by=by, now=release.recorded, themes=themes)
        transaction.insert("release", _release_row(release))
        for link in links:
            insert_once(transaction, link)
        transaction.record(Entry(by, activity, f"dataset:{card.id}", detail=detail))
        return record_change(
            transaction,
            card.id,
            "release",
            by=by,
            recorded=release.recorded,
            audience=READERS if standing.is_told else EDITORS,
            detail={"release": release.number, "rows": release.rows, "refused": release.refused},
        )


def geo_metadata(kinds: Sequence[str], bounds: Sequence[float]) -> dict[bytes, bytes]:
    """Return the ``geo`` entry of GeoParquet 1.1.0; without ``crs`` it is OGC:CRS84."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": list(kinds)}
    if bounds:
        column["bbox"] = list(bounds)
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return {b"geo": orjson.dumps(geo)}


def _release_row(release: Release) -> dict[str, Any]:
    return {
        "id": release.id,
        "dataset": release.dataset,
        "number": release.number,
        "recorded": release.recorded,
        "source_sha256": release.source_sha256,
        "source_name": release.source_name,
        "rows": release.rows,
        "refused": release.refused,
        "bytes": release.bytes,
        "sha256": release.sha256,
        "schema": {"columns": [dict(column) for column in release.columns]},
        "quality": release.quality.to_mapping(),
        "provenance": dict(release.provenance),
    }
