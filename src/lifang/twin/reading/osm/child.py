"""The process apart: GDAL puts the rings of one file together and leaves its buildings in a folder.

It is started by ``reader`` with a folder that holds ``request.json``, and leaves there ``relations.json``,
``open.arrow`` (buildings drawn as lines that do not close) and, last, ``buildings.arrow``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio

from lifang.core import bound_process
from lifang.twin.reading.osm.relations import relations_of

# GDAL's own settings take closed ways for lines that are building parts and nothing else.
_SETTINGS = """
[general]
closed_ways_are_polygons=building,building:part
[lines]
osm_id=yes
attributes=building,building:part
[multipolygons]
osm_id=yes
attributes=name,building,building:part
"""
_BUILDINGS = "building IS NOT NULL OR building_part IS NOT NULL"
_TOLD = ("osm_id", "osm_way_id", "name", "building", "building_part", "other_tags")


def main() -> None:
    """Answer the request in the folder named last on the command line."""
    folder = Path(sys.argv[-1])
    request = json.loads((folder / "request.json").read_bytes())
    bound_process(**request["bounds"])
    settings = folder / "osmconf.ini"
    settings.write_text(_SETTINGS, "utf-8")
    own = {"CPL_TMPDIR": str(folder), "OSM_MAX_TMPFILE_SIZE": 256, "OSM_CONFIG_FILE": str(settings)}
    pyogrio.set_gdal_config_options(own)
    source = folder / request["name"]
    (folder / "relations.json").write_text(json.dumps(relations_of(source)), "utf-8")
    _left(_read(source, "lines", ("osm_id", "building", "building_part")), folder / "open.arrow")
    _left(_read(source, "multipolygons", _TOLD), folder / "buildings.arrow")
    os._exit(0)  # no clean-up: nothing here outlives the answer


def _read(source: Path, layer: str, names: Sequence[str]) -> pa.Table:
    """Return the buildings of a layer; the shape of one is null where too few of its corners are in the file."""
    found, _, shapes, columns = pyogrio.raw.read(source, layer=layer, columns=list(names), where=_BUILDINGS)
    told = dict(zip(found["fields"].tolist(), columns, strict=True))
    texts = {each: pa.array(np.asarray(told[each], dtype=object), pa.string()) for each in names}
    return pa.table({"geometry": pa.array(list(shapes), pa.binary()), **texts})


def _left(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(path, table.schema) as sink:
        sink.write_table(table)
