"""A model file of any kind that is read, told apart by how it begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lifang.core import BadInput
from lifang.twin.reading.cityjson import read_cityjson
from lifang.twin.reading.ifc import Placement, is_ifc, read_ifc
from lifang.twin.reading.model import ModelFile, unpacked


def read_model(
    content: bytes,
    *,
    prefix: str,
    scratch: Path,
    crs: str = "",
    placement: Placement | None = None,
    poll: Callable[[], None] = lambda: None,
) -> ModelFile:
    """Return the objects of an IFC or CityJSON file, gzip or not; see ``read_ifc`` and ``read_cityjson``.

    ``crs`` is for a CityJSON that names none, ``placement`` for an IFC; ``BadInput`` if one is given to the other.
    """
    whole = unpacked(content)
    if is_ifc(whole):
        if crs:
            raise BadInput(
                "A coordinate system alone does not place an IFC model.", where="crs", mend="Give a placement."
            )
        return read_ifc(whole, prefix=prefix, scratch=scratch, placement=placement, poll=poll)
    if placement is not None:
        raise BadInput("A CityJSON stands where it says.", where="placement", mend="Leave the placement out.")
    return read_cityjson(whole, prefix=prefix, crs=crs)
