"""Rows that come in: a file for a package, records for a table; both by the admission that every file goes through."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from lifang.app import Job, OpenDataset, shown
from lifang.catalogue import Admission, Amendment, Card, Change
from lifang.core import BadInput, NotFound, Problem
from lifang.doors.ckan.aliases import aliases_of, set_aliases
from lifang.doors.ckan.asked import Asked
from lifang.doors.ckan.changing import open_for_change
from lifang.doors.ckan.datastore import filters_of
from lifang.doors.ckan.packages import Json, resources
from lifang.doors.http import Asker
from lifang.store import all_of

_WAIT_S = 600.0
_SHAPES_MAX = 20
_METHODS = ("upsert", "insert", "update")
_TYPES = {  # what PostgreSQL calls it: a column type of ours
    **dict.fromkeys(("int", "int2", "int4", "int8", "integer", "bigint", "smallint", "serial"), "integer"),
    **dict.fromkeys(("numeric", "float", "float4", "float8", "double precision", "real", "decimal"), "number"),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("timestamp", "timestamptz", "timestamp with time zone"), "time"),
    **dict.fromkeys(("text", "varchar", "json", "jsonb", "uuid", "time"), "text"),
    "date": "date",
}


def admit_upload(asker: Asker, asked: Asked, path: Path, filename: str) -> Json:
    """Return the table of a package after a file was admitted as its new release; ``BadInput`` says why it was not."""
    wanted = asked.text("package_id") or asked.needed("id", "package_id").partition(".")[0]
    found = open_for_change(asker, wanted)
    name = Path(filename or "upload").name[:255]
    arguments = {"path": str(path), "name": name, "card": found.card.to_mapping()}
    city = asker.city
    job = city.jobs.wait(city.jobs.submit("add_dataset", arguments, subject=asker.subject).id, timeout_s=_WAIT_S)
    if job.state != "done":
        raise _failed(job)
    result = job.result or {}
    told = {name: result.get(name) for name in ("rows", "refused", "unchanged")}
    return {**_table(asker, asked, found.id), "admission": {**told, "job": job.id}}


def datastore_create(asker: Asker, asked: Asked) -> Json:
    """Make a table of a package: resource_id (or resource.package_id), fields, primary_key, records, aliases."""
    package_id = asked.text("resource_id") or str(asked.mapping("resource").get("package_id") or "")
    if not package_id:
        raise BadInput("Missing value.", where="resource_id", mend="Send the name of a package that there is.")
    _refuse_unknown(asked, "indexes", "triggers")
    found = open_for_change(asker, package_id)
    card = _with_columns(found.card, asked)
    if card != found.card:
        if found.releases():
            raise BadInput("The table is there with other columns.", where="fields", mend="Leave fields out.")
        asker.city.catalogue.set_card(card, by=asker.subject)
        found = open_for_change(asker, package_id)
    if asked.values.get("aliases") is not None:
        set_aliases(asker, found.id, asked.names("aliases"))
    told = _write(asker, found, asked.objects("records"), "upsert")
    fields = [{"id": each.name, "type": each.type} for each in found.card.columns]
    other = {"aliases": aliases_of(asker, found.id)}
    return {"resource_id": package_id, "fields": fields, "primary_key": list(found.card.key), **other, **told}


def datastore_upsert(asker: Asker, asked: Asked) -> Json:
    """Write rows by the table's key: resource_id, records, method (upsert, insert, update)."""
    resource_id, method = asked.needed("resource_id"), asked.text("method", "upsert")
    if method not in _METHODS:
        raise BadInput(f"{method[:40]!r} is no method.", where="method", mend=f"Use one of {', '.join(_METHODS)}.")
    records = asked.objects("records")
    if not records:
        raise BadInput("Missing value.", where="records", mend="Send a list of objects.")
    return {
        "resource_id": resource_id,
        "method": method,
        **_write(asker, open_for_change(asker, resource_id), records, method),
    }


def datastore_delete(asker: Asker, asked: Asked) -> Json:
    """Delete rows: resource_id, filters; without filters all of them. The table stays, and its releases before."""
    resource_id, filters = asked.needed("resource_id"), asked.mapping("filters")
    found = open_for_change(asker, resource_id)
    key, release = list(found.card.key), found.release()
    if not key:
        mend = "Declare a key in its card (primary_key of datastore_create) and add the file again."
        raise BadInput("The table has no key: no row of it can be told from another.", where="resource_id", mend=mend)
    rows = found.rows_of(release)
    columns = {each.name: each for each in rows.columns}
    deletes = rows.find(key, matching=all_of(*filters_of(filters, columns))).select(key)
    done = None
    if len(deletes):
        change = Change(deletes=deletes)
        done = asker.amend(found.id, change, name="datastore_delete", expected=release.number)
    return {"resource_id": resource_id, "filters": filters, "deleted": done.deleted if done else 0}


def datastore_records_delete(asker: Asker, asked: Asked) -> Json:
    """Delete the rows that meet filters, which must be sent: resource_id, filters."""
    if asked.values.get("filters") is None:
        raise BadInput("Missing value.", where="filters", mend="Send an object; an empty one means all rows.")
    return datastore_delete(asker, asked)


def _write(asker: Asker, found: OpenDataset, records: list[dict[str, Any]], method: str) -> Json:
    """Return what became of records: the first ones make a release as a file does, later ones amend the newest."""
    if not records:
        return {"records": 0}
    if method == "update" and not found.releases():
        raise NotFound("The table has no rows yet.", where="resource_id", mend="Insert them first.")
    if not found.releases():
        return _admitted(_admit_first(asker, found.card, records))
    done: list[Amendment] = []
    failed: list[tuple[int, BadInput]] = []
    for alike in _alike(records):
        try:
            done.append(_amend(asker, found.id, alike, method))
        except BadInput as problem:
            failed.append((len(alike), problem))
    if not done:
        raise failed[0][1]
    return _amended(done, failed)


def _alike(records: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the records by which columns they name: what one does not name keeps its value."""
    groups: dict[frozenset[str], list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(frozenset(record), []).append(record)
    if len(groups) > _SHAPES_MAX:
        mend = f"Send records of at most {_SHAPES_MAX} shapes at once."
        raise BadInput("The records name too many different sets of columns.", where="records", mend=mend)
    return list(groups.values())


def _amend(asker: Asker, dataset_id: str, records: list[dict[str, Any]], method: str) -> Amendment:
    columns = {name: pa.array([_text(each[name]) for each in records], pa.string()) for name in records[0]}
    change = Change(upserts=pa.table(columns), method=method)  # type: ignore[arg-type] # one of _METHODS
    return asker.city.catalogue.amend(dataset_id, change, by=asker.subject, name="datastore_upsert")


def _admit_first(asker: Asker, card: Card, records: list[dict[str, Any]]) -> Admission:
    names = list(dict.fromkeys(name for record in records for name in record))
    rows = [[_text(record.get(name)) or "" for name in names] for record in records]
    with tempfile.TemporaryDirectory(dir=asker.city.spool) as folder:
        path = Path(folder) / "records.csv"
        with path.open("w", encoding="utf-8", newline="") as sink:
            csv.writer(sink).writerows([names, *rows])
        plain = replace(card, format="csv", encoding="utf-8", delimiter=",", header=(), skip_lines=0, header_row=0)
        return asker.city.catalogue.add(path, name="records.csv", card=plain, by=asker.subject)


def _with_columns(card: Card, asked: Asked) -> Card:
    """Return the card with the columns and the key that were sent, if any were."""
    fields = asked.objects("fields")
    key = asked.names("primary_key")
    if not fields:
        return replace(card, key=tuple(key)) if key else card
    columns: dict[str, Any] = {}
    for each in fields:
        name = str(each.get("id") or "")
        kind = str(each.get("type") or "text").lower()
        if kind not in _TYPES:
            raise BadInput(
                f"{kind[:40]!r} is no type.", where="fields", mend=f"Use one of {', '.join(sorted(_TYPES))}."
            )
        info = each.get("info")
        label = str((info if isinstance(info, Mapping) else {}).get("label") or "")
        columns[name] = {"type": _TYPES[kind], **({"zh": label} if label else {})}
    return Card.from_mapping({**card.to_mapping(), "columns": columns, "key": key or list(card.key)})


def _table(asker: Asker, asked: Asked, dataset_id: str) -> Json:
    return resources(shown(asker, asker.dataset(dataset_id)), asked.root)[0]


def _admitted(done: Admission) -> Json:
    return {"records": done.rows - done.refused, "refused": done.refused, "report": done.report.to_mapping()["hits"]}


def _amended(done: list[Amendment], failed: list[tuple[int, BadInput]]) -> Json:
    told = {name: sum(getattr(each, name) for each in done) for name in ("inserted", "updated", "same", "refused")}
    written = told["inserted"] + told["updated"] + told["same"]
    told["refused"] += sum(count for count, _ in failed)
    report = [hit for each in done for hit in each.report.to_mapping()["hits"]]
    report += [{"count": count, "what": problem.what, "mend": problem.mend} for count, problem in failed]
    return {"records": written, **told, "report": report}


def _failed(job: Job) -> Problem:
    error = job.error or {}
    what = str(error.get("detail") or f"The admission is {job.state}.")
    return BadInput(
        what, where="upload", mend=" ".join(str(error.get(name) or "") for name in ("where", "mend")).strip()
    )


def _refuse_unknown(asked: Asked, *names: str) -> None:
    for name in names:
        if asked.values.get(name):
            raise BadInput(f"{name} is not offered.", where=name, mend="Leave it out.")


def _text(value: Any) -> str | None:
    """Return a value of JSON as a cell of a file."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()
