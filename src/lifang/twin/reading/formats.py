"""A model file of any kind that is read, told apart by how it begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lifang.core import BadInput
from lifang.twin.reading.cityjson import read_cityjson
from lifang.twin.reading.ifc import Placement, is_ifc, read_ifc
from lifang.twin.reading.model import ModelFile, unpacked
from lifang.twin.reading.osm import is_osm, read_osm


def read_model(
    content: bytes,
    *,
    prefix: str,
    scratch: Path,
    crs: str = "",
    placement: Placement | None = None,
    poll: Callable[[], None] = lambda: None,
) -> ModelFile:
    """Return the objects of an IFC, CityJSON or OpenStreetMap file, gzip or not; see ``read_ifc`` and its neighbours.

    ``crs`` is for a CityJSON that names none, ``placement`` for an IFC; ``BadInput`` if one is given to another.
    """
    whole = unpacked(content)
    if is_ifc(whole):
        if crs:
            raise BadInput(
                "A coordinate system alone does not place an IFC model.", where="crs", mend="Give a placement."
            )
        return read_ifc(whole, prefix=prefix, scratch=scratch, placement=placement, poll=poll)
    if placement is not None:
        raise BadInput("The model stands where it says.", where="placement", mend="Leave the placement out.")
    if is_osm(whole):
        if crs:
            raise BadInput("OpenStreetMap is in degrees on WGS 84.", where="crs", mend="Leave crs out.")
        return read_osm(whole, prefix=prefix, scratch=scratch, poll=poll)
    return read_cityjson(whole, prefix=prefix, crs=crs)
