"""writing: objects as files that other programs read: CityJSON and its text sequences, GeoPackage, IFC; as GeoJSON.

Does not belong here: where objects come from, who may see them. Reads nothing; writes what it is asked to.
"""

from lifang.twin.writing.cityjson import CityJson, metric_crs
from lifang.twin.writing.features import FEATURE_FIELDS, features
from lifang.twin.writing.geopackage import write_geopackage
from lifang.twin.writing.ifc import write_ifc
from lifang.twin.writing.kin import Kin
from lifang.twin.writing.textures import Textures

__all__ = [
    "FEATURE_FIELDS",
    "CityJson",
    "Kin",
    "Textures",
    "features",
    "metric_crs",
    "write_geopackage",
    "write_ifc",
]
