"""The process apart: reads one GeoTIFF within its limits and cuts it into tiles.

It is started by ``layers`` with a folder that holds ``request.json`` and ``picture.tif``, and leaves ``tiles.pmtiles``
and ``answer.json`` there.
"""

from __future__ import annotations

import json
import os
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from lifang.core import BadInput, TooLarge, bound_process
from lifang.twin.imagery.picture import read_picture
from lifang.twin.imagery.warp import Pixels, Warp

_QUALITY, _METHOD = 90, 2
_E7 = 10_000_000


def main() -> None:
    """Answer the request in the folder named last on the command line."""
    folder = Path(sys.argv[-1])
    bound_process(**json.loads((folder / "request.json").read_bytes()))
    try:
        answer = _cut(folder)
    except BadInput as error:
        problem = {"what": error.what, "where": error.where, "mend": error.mend}
        answer = {"large": isinstance(error, TooLarge), "problem": problem}
    (folder / "answer.json").write_text(json.dumps(answer), "utf-8")
    os._exit(0)  # no clean-up: nothing here outlives the answer


def _cut(folder: Path) -> dict[str, Any]:
    picture = read_picture(folder / "picture.tif")
    warp = Warp(picture)
    west, south, east, north = warp.bounds
    count = 0
    with (folder / "tiles.pmtiles").open("wb") as stream:
        writer: Any = Writer(stream)  # type: ignore[no-untyped-call]
        for z, x, y, pixels in warp.tiles():
            writer.write_tile(zxy_to_tileid(z, x, y), webp(pixels))
            count += 1
        if not count:
            raise BadInput("The picture is empty: none of its pixels holds anything.", mend="Look at its nodata value.")
        header = {
            "tile_type": TileType.WEBP,
            "tile_compression": Compression.NONE,
            "min_lon_e7": int(west * _E7),
            "min_lat_e7": int(south * _E7),
            "max_lon_e7": int(east * _E7),
            "max_lat_e7": int(north * _E7),
            "center_zoom": warp.finest,
            "center_lon_e7": int((west + east) / 2 * _E7),
            "center_lat_e7": int((south + north) / 2 * _E7),
        }
        writer.finalize(header, {})
    rows, columns = picture.rgba.shape[:2]
    return {
        "bounds": [west, south, east, north],
        "zooms": [warp.coarsest, warp.finest],
        "crs": picture.placed.crs,
        "size": [columns, rows],
        "tiles": count,
    }


def webp(pixels: Pixels) -> bytes:
    """Return a tile as WebP, without opacity where all of it is opaque."""
    held = BytesIO()
    whole = np.ascontiguousarray(pixels if (pixels[..., 3] < 255).any() else pixels[..., :3])
    Image.fromarray(whole).save(held, "WEBP", quality=_QUALITY, method=_METHOD)
    return held.getvalue()
