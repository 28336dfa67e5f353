"""Consolidation of 1,000,000 legal entities of which two bureaus tell, beside a plain full join in DuckDB.

Run ``python -m bench.catalogue.masterdata [records]``. One bureau tells of all, another of half of them: of 2 % it
says another name, of 1 % it has no code and is known by the name, a quarter it writes in other words (brackets, legal
form, numbers of houses in Chinese). Consolidated is first from nothing, then after a release in which 1 % changed: that
bureau says it newest now, so that its word goes first wherever the other one's went; then after one more, which changes
1 % and no order; then without any change; then a person settles a conflict, which the record says at once, and the
release that says so is written. The peer joins both files by code and takes the first word for each element: it
resolves, compares, lists and keeps nothing.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lifang.catalogue import Card, Catalogue
from lifang.core import Settings, SystemClock
from lifang.guard import SYSTEM
from lifang.identity import Identity
from lifang.masterdata import Consolidated, MasterData
from lifang.standards import complete_uscc
from lifang.store import Store

_ROADS = ["蜀汉路", "红星路", "人民南路", "一环路南三段", "天府大道北段", "科华北路"]
_DISTRICTS = ["武侯区", "锦江区", "青羊区", "成华区", "金牛区"]
Came = TypeVar("Came")
_TENS = "零一二三四五六七八九"
_PEER = """
COPY (
  SELECT coalesce(a.uscc, b.uscc) AS uscc, coalesce(b.name, a.name) AS name, coalesce(b.address, a.address) AS address
  FROM read_parquet('{market}') a FULL JOIN (FROM read_parquet('{tax}') WHERE uscc IS NOT NULL) b USING (uscc)
) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
"""


def firms(count: int) -> pa.Table:
    """Return firms that there are not: codes with right check characters, names of their own, addresses."""
    numbers = np.arange(count)
    place = [
        f"四川省成都市{_DISTRICTS[n % 5]}{_ROADS[n % 6]}{n % 1900 + 1}号{n // 1900 % 40 + 1}栋" for n in range(count)
    ]
    return pa.table(
        {
            "uscc": complete_uscc(["91000000"] * count, [f"{n:08d}" for n in numbers.tolist()]),
            "name": [f"合成（成都）企业{n}号有限责任公司" for n in range(count)],
            "address": place,
        }
    )


def told_again(whole: pa.Table, draw: np.random.Generator) -> pa.Table:
    """Return what the other bureau says of half of them."""
    rows = np.sort(draw.choice(len(whole), len(whole) // 2, replace=False))
    codes, names, places = (whole[name].take(pa.array(rows)).to_pylist() for name in whole.column_names)
    lot = draw.random(len(rows))
    for at, chance in enumerate(lot.tolist()):
        if chance < 0.02:
            names[at] = f"{names[at]}甲"
        elif chance < 0.03:
            codes[at] = None
        elif chance < 0.28:
            names[at] = names[at].replace("（", "(").replace("）", ")").replace("有限责任公司", "有限公司")
            places[at] = places[at].removeprefix("四川省").replace("5号", f"{_TENS[5]}号")
    return pa.table({"uscc": pa.array(codes, pa.string()), "name": names, "address": places})


def changed(whole: pa.Table, *, first: int = 0) -> pa.Table:
    """Return the firms after 1 % of them moved, from the ``first`` on."""
    places = whole["address"].to_pylist()
    places[first::100] = [f"{each}2单元" for each in places[first::100]]
    return whole.set_column(2, "address", pa.array(places))


def timed(work: Callable[[], Came]) -> tuple[float, float, Came]:
    """Return how long something took, how much processor time, and what came of it."""
    start, worked = time.perf_counter(), time.process_time()
    came = work()
    return time.perf_counter() - start, time.process_time() - worked, came


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    whole = firms(count)
    parts = {"market": whole, "tax": told_again(whole, np.random.default_rng(7))}
    settings = Settings("bench", "测", "bench", "510100", upload_max_bytes=4_000_000_000)
    with tempfile.TemporaryDirectory() as scratch, Store.open(Path(scratch) / "city", clock=SystemClock()) as store:
        catalogue = Catalogue(store, SystemClock(), settings)
        master = MasterData(store, catalogue, SystemClock(), settings)

        def release(bureau: str, table: pa.Table) -> None:
            path = Path(scratch) / f"{bureau}.parquet"
            pq.write_table(table, path)
            columns: dict[str, Any] = {name: {} for name in table.column_names}
            card = Card.from_mapping({"id": f"{bureau}_firms", "columns": columns, "duplicates": "keep"})
            catalogue.add(path, card=card, by=SYSTEM)

        for bureau, table in parts.items():
            Identity(store, SystemClock()).add_organisation(bureau, zh=bureau, en=bureau, by=SYSTEM)
            release(bureau, table)
            master.put_source(f"{bureau}_firms", "legal_entity", bureau, {}, by=SYSTEM)
        lines: list[tuple[str, float, float, Consolidated]] = []
        for what in ("from nothing", "1 %, other order", "1 % changed", "nothing changed"):
            if "%" in what:
                whole = changed(whole, first=len(lines))
                release("market", whole)
            lines.append((what, *timed(lambda: master.consolidate("legal_entity", by=SYSTEM))))
        one = master.docket.conflicts("legal_entity", limit=1)[0]
        settled = timed(lambda: master.settle_conflict(one.id, "tax", "a measurement", by=SYSTEM, release=False))
        shown = timed(lambda: master.records.record("legal_entity", [one.record]))
        if shown[2][one.element] != next(each["value"] for each in one.said if each["organisation"] == "tax"):
            raise SystemExit("the record does not say what was settled")
        lines.append(("the release of it", *timed(lambda: master.consolidate("legal_entity", by=SYSTEM))))
        paths = {bureau: Path(scratch) / f"{bureau}.parquet" for bureau in parts}
        sql = _PEER.format(**paths, out=Path(scratch) / "out.parquet")
        with duckdb.connect(config={"threads": 2}) as peer:
            theirs = timed(lambda: peer.execute(sql))
    print(f"{count:,} legal entities, told of by two bureaus in {sum(map(len, parts.values())):,} rows")
    print("                          s   processor s   records/s     updated   conflicts  duplicates  unresolved")
    for what, took, worked, done in lines:
        print(f"{what:<18}{took:>9.1f}{worked:>14.1f}{done.records / took:>12,.0f}"
              f"{done.updated:>12,}{done.conflicts:>12,}{done.duplicates:>12,}{len(done.unresolved):>12,}")  # fmt: skip
    print(f"{'conflict settled':<18}{settled[0]:>9.3f}{settled[1]:>14.3f}")
    print(f"{'its record shown':<18}{shown[0]:>9.3f}{shown[1]:>14.3f}")
    print(f"{'DuckDB full join':<18}{theirs[0]:>9.1f}{theirs[1]:>14.1f}")
    print(f"ratio (lifang from nothing / DuckDB's plain join, processor time): {lines[0][2] / theirs[1]:.1f}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
