"""Which of the shapes of an object is drawn: the coarsest on a map, the finest in space; of many objects at once.

Points and lines are drawn of an object that has no other shape: its surfaces show more of what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from lifang.twin.model import THIN

Floats = NDArray[np.float64]
Texture = Mapping[str, Any] | None
Faces = Sequence[tuple[str, int, float]]
_THIN = (shapely.GeometryType.MULTIPOINT, shapely.GeometryType.MULTILINESTRING)


@dataclass(frozen=True)
class Chosen:
    """One shape of each object: ``outline`` (n,) Shapely's geometries, ``None`` for an object without a shape.

    ``upright`` (n,) says which are footprints that stand between ``base_m`` and ``top_m`` (n,), ``thin`` (n,) which are
    points or lines; ``colour`` is that of each, such as ``#8080ff``, empty where none is known; ``faces`` the colour,
    number and opacity of faces that follow each other, empty where they are alike; ``axis`` the line that a tube is
    drawn about, in degrees and metres; ``texture`` what is kept of its textures, if it has any.
    """

    outline: NDArray[np.object_]
    upright: NDArray[np.bool_]
    thin: NDArray[np.bool_]
    base_m: NDArray[np.float64]
    top_m: NDArray[np.float64]
    colour: list[str]
    faces: list[Faces]
    texture: list[Texture]
    axis: list[Floats | None]

    @classmethod
    def finest(cls, geometry: pa.ChunkedArray) -> Chosen:
        """Return the finest shape of each row of a column ``geometry`` of the store."""
        return cls._of(geometry, finest_of)

    @classmethod
    def coarsest(cls, geometry: pa.ChunkedArray) -> Chosen:
        """Return the coarsest shape of each row of a column ``geometry`` of the store."""
        return cls._of(geometry, coarsest_of)

    @classmethod
    def _of(cls, geometry: pa.ChunkedArray, best: Callable[[Sequence[str], Sequence[str]], int]) -> Chosen:
        lists = geometry.combine_chunks()
        offsets, shapes = lists.offsets.to_numpy(), lists.values
        at, count = offsets[:-1].astype(np.int64), np.diff(offsets)
        lods, kinds = shapes.field("lod"), shapes.field("kind")
        for row in np.flatnonzero(count > 1).tolist():
            own = slice(offsets[row], offsets[row + 1])
            at[row] += best(lods[own].to_pylist(), kinds[own].to_pylist())
        taken = shapes.take(pa.array(at, mask=count == 0))
        kind, wkb, base, top = (taken.field(each) for each in ("kind", "wkb", "base_m", "top_m"))
        found = np.asarray(shapely.from_wkb(wkb.to_numpy(zero_copy_only=False)), dtype=object)
        upright = kind.to_numpy(zero_copy_only=False) == "footprint"
        thin = np.isin(shapely.get_type_id(found), _THIN)
        low, high = (each.to_numpy(zero_copy_only=False).astype(np.float64) for each in (base, top))
        detail = taken.field("detail")
        return cls(found, np.asarray(upright, dtype=bool), thin, low, high, *_coloured(detail), _axes(detail))


def finest_of(lods: Sequence[str], kinds: Sequence[str]) -> int:
    """Return which of the shapes of an object is drawn in space, by their levels of detail and kinds."""
    return max(range(len(lods)), key=lambda at: (kinds[at] not in THIN, lods[at], -at))


def coarsest_of(lods: Sequence[str], kinds: Sequence[str]) -> int:
    """Return which of the shapes of an object is drawn on a map, by their levels of detail and kinds."""
    return min(range(len(lods)), key=lambda at: (kinds[at] in THIN, lods[at], at))


def _coloured(detail: pa.StringArray) -> tuple[list[str], list[Faces], list[Texture]]:
    if detail.null_count == len(detail):
        return [""] * len(detail), [()] * len(detail), [None] * len(detail)
    told = [orjson.loads(each) if each else {} for each in detail.to_pylist()]
    textures = [each.get("texture") for each in told]
    colours = [str(each.get("colour") or _mean(own)) for each, own in zip(told, textures, strict=True)]
    return colours, [each.get("faces", ()) for each in told], textures


def _mean(texture: Texture) -> str:
    """Return the colour of most of the surfaces that images hang on, from afar; empty without any."""
    surfaces = next(iter(texture["themes"].values())) if texture else ()
    most = Counter(each[0][0] for each in surfaces if each).most_common(1)
    return str(texture["images"][most[0][0]]["colour"]) if texture and most else ""


def _axes(detail: pa.StringArray) -> list[Floats | None]:
    axes: list[Floats | None] = [None] * len(detail)
    for row in np.flatnonzero(pc.fill_null(pc.match_substring(detail, '"axis"'), False).to_numpy(zero_copy_only=False)):
        axes[row] = np.array(orjson.loads(detail[int(row)].as_py())["axis"], np.float64)
    return axes
