"""QGIS itself reads a served city: collections, pages, places, properties, a token, vector tiles, downloads.

Usage: python bench/catalogue/qgis.py [--qgis-python /usr/bin/python3] [--polygons 12000]

QGIS runs without a screen, by the Python that has its bindings (Debian: ``python3-qgis``, ``qgis-providers``); what it
finds is compared with what was put in. The exit status is 1 if something differs. Two minutes; nothing here is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import shapely

sys.path.insert(0, str(Path(__file__).parents[2]))

import lifang
from bench._peers.city import served
from bench._peers.http import Asked
from bench.catalogue.features import CARD, polygons
from lifang.app import City, lay_out_empty
from lifang.catalogue import Card
from lifang.guard import SYSTEM, Role

PEERS = Path(__file__).parents[1] / "_peers"
BOX, VIEW = [104.0, 30.6, 104.05, 30.65], [104.0, 30.6, 104.02, 30.62]
DEPOTS, TREES = 500, 200
TREE_CARD = {
    "id": "trees",
    "classification": "open",
    "key": ["tag"],
    "geometry": {"lon": "lon", "lat": "lat"},
    "crs": "EPSG:4326",
    "columns": {
        "tag": {"type": "text", "required": True},
        "名称": {"type": "text"},
        "height": {"type": "number"},
        "planted": {"type": "date"},
        "seen": {"type": "time"},
        "alive": {"type": "boolean"},
    },
}


def trees() -> pa.Table:
    """Return trees with Chinese names, some of no known height."""
    n = np.arange(TREES)
    return pa.table(
        {
            "tag": [f"t{each}" for each in n],
            "名称": [f"树{each}" for each in n],
            "height": [None if each % 7 == 0 else each / 10 for each in n.tolist()],
            "planted": [f"20{each % 25:02}-03-1{each % 9}" for each in n],
            "seen": [f"2025-01-{1 + each % 28:02}T08:00:00Z" for each in n],
            "alive": [each % 3 > 0 for each in n.tolist()],
            "lon": 104 + n / 1000,
            "lat": 30.6 + n / 2000,
        }
    )


def fill(folder: Path, buildings: pa.Table) -> str:
    """Return an analyst's token for the new city in ``folder``: open and shared collections, one without geometry."""
    lay_out_empty(folder, city_id="bench", name="bench", area_code="510100")
    with lifang.open(folder) as city:
        _add(city, folder, buildings, CARD)
        _add(city, folder, buildings.slice(0, DEPOTS), {**CARD, "id": "depots", "classification": "shared"})
        _add(city, folder, trees(), TREE_CARD)
        fees = pa.table({"fee": ["a", "b"], "amount": [1, 2]})
        _add(city, folder, fees, {"id": "fees", "classification": "open"})
        analyst = city.identity.add_person("analyst", secrets.token_urlsafe(24), roles=[Role.ANALYST], by=SYSTEM)
        return city.identity.issue_token(analyst.id, "bench", by=SYSTEM)[1]


def _add(city: City, folder: Path, table: pa.Table, card: dict[str, Any]) -> None:
    source = folder.parent / f"{card['id']}.csv"
    pa_csv.write_csv(table, source)
    city.catalogue.add(source, card=Card.from_mapping(card), by=SYSTEM)


def expected(buildings: pa.Table) -> dict[str, Any]:
    """Return what there is to find, worked out from the tables."""
    row = buildings.slice(76, 1).to_pylist()[0]
    shapes = shapely.from_wkt(buildings["wkt"].to_pylist())
    use, floors, area = (buildings[name].to_numpy(zero_copy_only=False) for name in ("use", "floors", "area"))
    seen = [f"2025-01-{1 + n % 28:02}T08:00:00Z" > "2025-01-15T12:00:00Z" for n in range(TREES)]
    return {
        "open": ["buildings", "fees", "trees"],
        "hidden": ["depots"],
        "depots": DEPOTS,
        "buildings": {
            "count": len(buildings),
            "fields": {"code": "Integer", "name": "String", "use": "String", "floors": "Integer", "area": "Real"},
            "sample": {name: row[name] for name in ("code", "name", "use", "floors", "area")},
            "shape": _wkt(row["wkt"]),
            "expressions": {
                "\"use\" = '住宅'": int((use == "住宅").sum()),
                '"floors" > 50': int((floors > 50).sum()),
                '"area" < 900 and "floors" in (3, 4)': int(((area < 900) & np.isin(floors, (3, 4))).sum()),
                "\"name\" like '栋77%'": sum(each.startswith("栋77") for each in buildings["name"].to_pylist()),
            },
            "subset": '"floors" > 50',
            "box": BOX,
            "inside": int(shapely.intersects(shapes, shapely.box(*BOX)).sum()),
            "view": VIEW,
        },
        "trees": {"values": ["树7", "NULL", "2007-03-17", True], "seen": "2025-01-08T08:00:00Z", "later": sum(seen)},
    }


def _wkt(text: str) -> str:
    """Return a polygon as QGIS writes it, to six decimals."""
    ring = shapely.get_coordinates(shapely.from_wkt(text))
    return f"Polygon (({', '.join(f'{float(round(x, 6)):.10g} {float(round(y, 6)):.10g}' for x, y in ring)}))"


def main() -> int:
    """Lay out the city, have QGIS look at it, return how that ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qgis-python", default="/usr/bin/python3")
    parser.add_argument("--polygons", type=int, default=12_000)
    options = parser.parse_args()
    buildings = polygons(options.polygons)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-qgis-")))
        token = fill(scratch / "city", buildings)
        address, _ = stack.enter_context(served(scratch / "city", scratch / "log"))
        ask = Asked(address)
        for form in ("gpkg", "geojson", "csv"):
            (scratch / f"buildings.{form}").write_bytes(ask(f"/api/v1/datasets/buildings/rows?format={form}"))
        told = {**expected(buildings), "root": f"http://{address}/ogc", "token": token, "exports": str(scratch)}
        home = scratch / "home"
        home.mkdir(mode=0o700)
        own = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "QGIS_AUTH_DB_DIR_PATH": str(home)}
        plain = {name: each for name, each in os.environ.items() if name != "PYTHONPATH"}
        command = [
            options.qgis_python,
            "-c",
            f"import sys; sys.path.append({str(PEERS)!r}); import qgis_client as q; q.main()",
        ]
        return subprocess.run(command, input=json.dumps(told), text=True, check=False, env={**plain, **own}).returncode


if __name__ == "__main__":
    sys.exit(main())
