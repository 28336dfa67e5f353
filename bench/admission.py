"""Admission of 1,000,000 CSV rows x 12 typed columns, beside DuckDB reading the same file with the same checks.

Run ``python -m bench.admission [rows]``. lifang does more in its figure: it keeps the original, hashes it, looks for
repeated rows, takes quality figures, writes and syncs a release and registers it; the peer reads, checks and writes
Parquet without syncing.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from lifang.catalogue import Card, Catalogue
from lifang.core import Settings, SystemClock
from lifang.guard import SYSTEM
from lifang.store import Store

AREAS = ["510104", "510105", "510106", "510107", "510108", "510112", "510113", "510114"]
CARD = {
    "id": "bench",
    "key": ["code"],
    "time_zone": "Asia/Shanghai",
    "geometry": {"lon": "lon", "lat": "lat", "extent": "city"},
    "columns": {
        "code": {"type": "text", "pattern": "[A-Z]{2}\\d{8}"},
        "time": {"type": "time", "required": True},
        "day": {"type": "date"},
        "area": {"type": "category", "code_list": "gbt2260"},
        "station": {"type": "category"},
        "pm25": {"type": "number", "unit": "ug/m3", "minimum": 0, "maximum": 2000},
        "co": {"type": "number", "unit": "mg/m3", "minimum": 0, "maximum": 100},
        "count": {"type": "integer", "minimum": 0},
        "valid": {"type": "boolean"},
        "lon": {"type": "number"},
        "lat": {"type": "number"},
        "note": {"type": "text"},
    },
}
PEER = """
COPY (
  SELECT * FROM read_csv(?, header = true, all_varchar = false, columns = {
    'code': 'VARCHAR', 'time': 'TIMESTAMPTZ', 'day': 'DATE', 'area': 'VARCHAR', 'station': 'VARCHAR',
    'pm25': 'DOUBLE', 'co': 'DOUBLE', 'count': 'BIGINT', 'valid': 'BOOLEAN', 'lon': 'DOUBLE', 'lat': 'DOUBLE',
    'note': 'VARCHAR'})
  WHERE regexp_full_match(code, '[A-Z]{2}\\d{8}') AND time IS NOT NULL
    AND area IN (SELECT unnest(?::VARCHAR[])) AND pm25 BETWEEN 0 AND 2000 AND co BETWEEN 0 AND 100 AND count >= 0
    AND isfinite(pm25) AND lon BETWEEN 102.9 AND 104.95 AND lat BETWEEN 30.05 AND 31.5
  QUALIFY row_number() OVER (PARTITION BY code) = 1
) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
"""


def write_csv(path: Path, rows: int, areas: list[str]) -> None:
    rng = np.random.default_rng(7)
    index = np.arange(rows)
    moments = np.datetime64("2019-01-01T00:00") + (index // 100).astype("timedelta64[m]")
    times = np.datetime_as_string(moments, unit="m")
    table = pa.table(
        {
            "code": [f"CD{number:08d}" for number in index],
            "time": pa.array(np.char.add(times, ":00+08:00")),
            "day": pa.array(np.datetime_as_string(moments, unit="D")),
            "area": pa.array(np.array(areas)[rng.integers(0, len(areas), rows)]),
            "station": pa.array(np.array([f"s{number:03d}" for number in range(200)])[rng.integers(0, 200, rows)]),
            "pm25": np.round(rng.gamma(4, 15, rows), 1),
            "co": np.round(rng.gamma(4, 0.2, rows), 2),
            "count": rng.integers(0, 5000, rows),
            "valid": pa.array(rng.random(rows) > 0.1),
            "lon": np.round(rng.uniform(103.0, 104.9, rows), 6),
            "lat": np.round(rng.uniform(30.1, 31.4, rows), 6),
            "note": pa.array([f"观测 note {number % 977}" for number in index]),
        }
    )
    pa_csv.write_csv(table, path, pa_csv.WriteOptions(quoting_style="none"))


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def admit(path: Path, folder: Path) -> tuple[float, int]:
    clock = SystemClock()
    store = Store.open(folder, clock=clock)
    settings = Settings("bench", "测试", "bench", "510100", extent=(102.9, 30.05, 104.95, 31.5))
    catalogue = Catalogue(store, clock, settings)
    start = time.perf_counter()
    admission = catalogue.add(path, card=Card.from_mapping(CARD), by=SYSTEM)
    seconds = time.perf_counter() - start
    store.close()
    assert admission.refused == 0, admission.report.hits
    return seconds, admission.rows


def peer(path: Path, folder: Path, areas: list[str]) -> tuple[float, int]:
    connection = duckdb.connect(config={"threads": 2})
    out = folder / "peer.parquet"
    start = time.perf_counter()
    connection.execute(PEER.replace("{out}", str(out)), [str(path), areas])
    seconds = time.perf_counter() - start
    row = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(out)]).fetchone()
    return seconds, row[0] if row else 0


def generate(path: Path, rows: int) -> None:
    """Write the file from a process of its own, so that this one's peak memory is the admission's."""
    subprocess.run([sys.executable, __file__, "--write", str(path), str(rows)], check=True)


def main() -> None:
    if sys.argv[1:2] == ["--write"]:
        write_csv(Path(sys.argv[2]), int(sys.argv[3]), AREAS)
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = folder / "rows.csv"
        generate(path, rows)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = cpu_seconds()
        ours, count = admit(path, folder / "city")
        worked = cpu_seconds() - start
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        theirs, peer_count = peer(path, folder, AREAS)
        size = path.stat().st_size
    assert count == peer_count == rows
    print(f"file: {rows:,} rows x 12 columns, {size / 1e6:.0f} MB")
    print(f"lifang admission: {ours:.2f} s, {rows / ours:,.0f} rows/s")
    print(f"lifang processor time: {worked:.2f} s (what the wall time comes to depends on what else runs)")
    print(f"lifang peak memory: {after / 1024:.0f} MB, {before / 1024:.0f} MB before")
    print(f"DuckDB read + checks: {theirs:.2f} s, {rows / theirs:,.0f} rows/s")
    print(f"ratio (lifang / DuckDB): {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
