"""A model file of any kind that is read, told apart by how it begins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from lifang.core import BadInput
from lifang.twin.reading.cityjson import read_cityjson
from lifang.twin.reading.ground import Bed, read_ground
from lifang.twin.reading.ifc import Placement, expect_ifc, is_ifc, read_ifc
from lifang.twin.reading.model import ModelFile
from lifang.twin.reading.networks import is_epanet, is_pandapower, read_epanet, read_pandapower
from lifang.twin.reading.osm import is_osm, read_osm
from lifang.twin.reading.packed import begun, unpacked
from lifang.twin.reading.relief import read_relief
from lifang.twin.reading.textures import pictures_of

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the latter of more than 4 GiB
_JSON = (b"{", b"[")
_XML_OF_IFC, _HEAD_BYTES = b"ifcxml", 2_048


def expect_model(head: bytes) -> None:
    """Have what reads a model started while it is still on its way; ``head`` is what came of it first."""
    if is_ifc(begun(head)):
        expect_ifc()


def read_model(
    content: bytes,
    *,
    prefix: str,
    scratch: Path,
    crs: str = "",
    placement: Placement | None = None,
    bed: Bed | None = None,
    poll: Callable[[], None] = lambda: None,
) -> ModelFile:
    """Return the objects of an IFC, CityJSON, OpenStreetMap, EPANET, pandapower or GeoTIFF file; see ``read_ifc``, ….

    It may be gzip, or a zip that holds one model. ``crs`` is for networks, and for a CityJSON or GeoTIFF that
    names none, ``placement`` for an IFC, ``bed`` for networks; ``BadInput`` if one is given to another.
    """
    whole = _not_xml(unpacked(content))
    network = read_epanet if is_epanet(whole) else read_pandapower if is_pandapower(whole) else None
    if bed is not None and not network:
        raise BadInput("Only a network of pipes or cables has a bed.", where="ground", mend="Leave the ground out.")
    if is_ifc(whole):
        if crs:
            raise BadInput(
                "A coordinate system alone does not place an IFC model.", where="crs", mend="Give a placement."
            )
        return read_ifc(whole, prefix=prefix, scratch=scratch, placement=placement, poll=poll)
    if placement is not None:
        raise BadInput("The model stands where it says.", where="placement", mend="Leave the placement out.")
    if network:
        return network(whole, prefix=prefix, crs=crs, bed=bed)
    if whole.startswith(_TIFF):
        return read_relief(read_ground(whole, crs=crs), prefix=prefix)
    if is_osm(whole):
        if crs:
            raise BadInput("The file says in which coordinate system it is.", where="crs", mend="Leave crs out.")
        return read_osm(whole, prefix=prefix, scratch=scratch, poll=poll)
    if whole.lstrip()[:1] not in _JSON:
        raise BadInput(
            "This is no file of a model that is read.",
            mend="Send IFC, CityJSON, OpenStreetMap, GeoTIFF, EPANET or pandapower; outlines come in as a dataset.",
        )
    find = partial(pictures_of, content=content, model=prefix, scratch=scratch, poll=poll)
    return read_cityjson(whole, prefix=prefix, crs=crs, find=find)


def _not_xml(whole: bytes) -> bytes:
    if _XML_OF_IFC in whole[:_HEAD_BYTES].lower():
        what = "This is ifcXML; of IFC the text form of STEP is read, which begins with ISO-10303-21."
        raise BadInput(what, mend="Export it as .ifc or .ifczip.")
    return whole
