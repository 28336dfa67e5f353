"""The process apart: GDAL puts the rings of one file together and leaves its buildings in a folder.

It is started by ``reader`` with a folder that holds ``request.json``, and leaves ``buildings.arrow`` there.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio

from lifang.core import bound_process

_AREAS = "multipolygons"
# GDAL's own settings take closed ways for lines that are building parts and nothing else.
_SETTINGS = """
[general]
closed_ways_are_polygons=building,building:part
[multipolygons]
osm_id=yes
attributes=name,building
"""
_TOLD = ("osm_id", "osm_way_id", "name", "building", "other_tags")


def main() -> None:
    """Answer the request in the folder named last on the command line."""
    folder = Path(sys.argv[-1])
    request = json.loads((folder / "request.json").read_bytes())
    bound_process(**request["bounds"])
    settings = folder / "osmconf.ini"
    settings.write_text(_SETTINGS, "utf-8")
    own = {"CPL_TMPDIR": str(folder), "OSM_MAX_TMPFILE_SIZE": 256, "OSM_CONFIG_FILE": str(settings)}
    pyogrio.set_gdal_config_options(own)
    found, _, shapes, columns = pyogrio.raw.read(folder / request["name"], layer=_AREAS, columns=list(_TOLD))
    told = dict(zip(found["fields"].tolist(), columns, strict=True))
    texts = {each: pa.array(np.asarray(told[each], dtype=object), pa.string()) for each in _TOLD}
    table = pa.table({"geometry": pa.array(list(shapes), pa.binary()), **texts})
    with pa.ipc.new_file(folder / "buildings.arrow", table.schema) as sink:
        sink.write_table(table)
    os._exit(0)  # no clean-up: nothing here outlives the answer
