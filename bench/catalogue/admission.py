"""1,000,000 CSV rows x 12 typed columns of which 5 % have a bad cell, from upload to searchable, beside frictionless.

Run ``python -m bench.catalogue.admission [rows] [rows for frictionless]``. lifang's figure is over HTTP: from the first
byte sent until the dataset, validated and published, is found by a search; every bad cell must be reported.
frictionless, put into a temporary virtual environment by pip (or taken from ``LIFANG_BENCH_FRICTIONLESS``, a python
that has it), checks the same columns of the first rows; its figure for all of them is extrapolated and called so.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import httpx
import pyarrow.csv as pa_csv

import lifang
from bench._peers.city import served
from bench.admission import AREAS, CARD, generate
from lifang.app import lay_out_empty
from lifang.guard import SYSTEM, Role

SHARE = 20  # one row in so many has a bad cell
BAD = {
    "pm25": "n/a?",
    "co": "1000",
    "day": "2019-02-30",
    "area": "999999",
    "count": "-5",
    "valid": "perhaps",
    "time": "yesterday",
    "code": "x1",
}
SCHEMA = {
    "fields": [
        {"name": "code", "type": "string", "constraints": {"pattern": "[A-Z]{2}\\d{8}", "required": True}},
        {"name": "time", "type": "datetime", "format": "any", "constraints": {"required": True}},
        {"name": "day", "type": "date"},
        {"name": "area", "type": "string", "constraints": {"enum": AREAS}},
        {"name": "station", "type": "string"},
        {"name": "pm25", "type": "number", "constraints": {"minimum": 0, "maximum": 2000}},
        {"name": "co", "type": "number", "constraints": {"minimum": 0, "maximum": 100}},
        {"name": "count", "type": "integer", "constraints": {"minimum": 0}},
        {"name": "valid", "type": "boolean"},
        {"name": "lon", "type": "number"},
        {"name": "lat", "type": "number"},
        {"name": "note", "type": "string"},
    ],
    "primaryKey": ["code"],
}
_PEER = """
import json, sys, time
from frictionless import Checklist, Resource, Schema, system
system.trusted = True
resource = Resource(path=sys.argv[1], schema=Schema.from_descriptor(json.load(open(sys.argv[2]))))
start = time.perf_counter()
report = resource.validate(Checklist(), limit_errors=10**7)
print(json.dumps({"seconds": time.perf_counter() - start, "errors": len(report.flatten(["type"]))}))
"""


def spoil(source: Path, target: Path) -> int:
    """Return how many cells were made bad in ``target``: in one row of twenty, the column in turn."""
    columns = tuple(BAD.items())
    spoilt = 0
    with source.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8") as out:
        names = next(lines).rstrip("\n")
        out.write(names + "\n")
        places = {name: at for at, name in enumerate(name.strip('"') for name in names.split(","))}
        for number, line in enumerate(lines):
            if number % SHARE == SHARE - 1:
                column, value = columns[spoilt % len(columns)]
                cells = line.rstrip("\n").split(",")
                cells[places[column]] = value
                spoilt += 1
                out.write(",".join(cells) + "\n")
            else:
                out.write(line)
    return spoilt


def upload(address: str, token: str, file: Path) -> tuple[float, dict[str, Any]]:
    """Return the seconds until the dataset was found by a search, and what its admission came to."""
    card = {**CARD, "classification": "open", "name": {"zh": "空气观测台账", "en": "bench"}}
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://{address}", headers=headers, timeout=120) as client, file.open("rb") as stream:
        start = time.perf_counter()
        parts = {"card": ("card.json", json.dumps(card).encode()), "file": (file.name, stream)}
        job = client.post("/api/v1/datasets", params={"filename": file.name}, files=parts).raise_for_status().json()
        while job["state"] in {"queued", "running"}:
            time.sleep(0.05)
            job = client.get(f"/api/v1/jobs/{job['id']}").raise_for_status().json()
        assert job["state"] == "done", job
        found = client.get("/api/v1/datasets", params={"q": "观测"}).json()
        seconds = time.perf_counter() - start
        assert [each["id"] for each in found["items"]] == ["bench"]
        told: dict[str, Any] = client.get("/api/v1/datasets/bench").json()
    return seconds, told


def frictionless(file: Path, folder: Path) -> dict[str, float]:
    python = os.environ.get("LIFANG_BENCH_FRICTIONLESS", "")
    if not python:
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "frictionless"], check=True)
    schema = folder / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    command = [python, "-c", _PEER, str(file), str(schema)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    few = min(rows, int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        generate(folder / "clean.csv", rows)
        file, head = folder / "rows.csv", folder / "head.csv"
        bad = spoil(folder / "clean.csv", file)
        with file.open(encoding="utf-8") as lines:
            head.write_text("".join(line for line, _ in zip(lines, range(few + 1), strict=False)), "utf-8")
        lay_out_empty(folder / "city", city_id="bench", name="bench", area_code="510100")
        with lifang.open(folder / "city") as city:
            clerk = city.identity.add_person("clerk", secrets.token_urlsafe(24), roles=[Role.DATA_OFFICER], by=SYSTEM)
            token = city.identity.issue_token(clerk.id, "bench", by=SYSTEM)[1]
        with served(folder / "city", folder / "log") as (address, _):
            seconds, told = upload(address, token, file)
        peer = frictionless(head, folder)
        check = pa_csv.read_csv(head, parse_options=pa_csv.ParseOptions(delimiter=",")).num_rows
        size = file.stat().st_size
    quality = told["quality"]
    assert check == few
    assert quality["bad_cells"] == bad, (quality["bad_cells"], bad)
    whole = peer["seconds"] * rows / few
    print(f"file: {rows:,} rows x 12 columns, {size / 1e6:.0f} MB, {bad:,} bad cells")
    print(f"lifang: {seconds:.2f} s from upload to searchable (under 15 wanted); "
          f"{quality['bad_cells']:,} bad cells reported, {quality['admitted']:,} rows published")  # fmt: skip
    print(f"frictionless: {peer['seconds']:.1f} s for the first {few:,} rows, {peer['errors']:,.0f} errors; "
          f"extrapolated to {rows:,} rows {whole:.0f} s")  # fmt: skip
    print(f"ratio (frictionless, extrapolated / lifang with upload and publication): {whole / seconds:.1f} "
          f"(at least 20 wanted)")  # fmt: skip


if __name__ == "__main__":
    main()
