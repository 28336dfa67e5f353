"""core: what every room stands on: ids, time, place, units, errors, settings, the plugin registry, who owns a folder.

It loads quickly: a command that speaks to a served city needs nothing else of the house.
Does not belong here: storage, code lists, anything that knows what a city does.
Reads and writes no dataset, only the lock of a folder.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lifang.core.apart import bound_process, ended_apart, expect_apart, fork_bounded
from lifang.core.disk import disk_errors, disk_full
from lifang.core.errors import (
    BadInput,
    Conflict,
    Corrupt,
    Denied,
    NeedsPurpose,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UnknownCode,
)
from lifang.core.garbage import loading, uncollected
from lifang.core.ids import check_slug, new_id
from lifang.core.kept_apart import KeptApart
from lifang.core.letters import WIDE, normalised, sounding_near, sounds_like
from lifang.core.ownership import LOCK_FILE, FolderLock, Owner, owner_of
from lifang.core.place import Box, check_crs
from lifang.core.plugins import Plugins
from lifang.core.rounds import Rounds
from lifang.core.settings import CITY_FILE, Settings, load_settings
from lifang.core.time import (
    Clock,
    ManualClock,
    SystemClock,
    format_instant,
    from_micros,
    has_offset,
    parse_duration,
    parse_instant,
    to_micros,
    zone,
)
from lifang.core.units import Unit, convert, unit, units
from lifang.core.versions import version_of
from lifang.core.wording import catalogue_of_words, chinese

if TYPE_CHECKING:
    from lifang.core.curve import morton
    from lifang.core.positions import distance_m, from_wgs84, gcj02_to_wgs84, to_wgs84, wgs84_to_gcj02

__all__ = [
    "CITY_FILE",
    "LOCK_FILE",
    "WIDE",
    "BadInput",
    "Box",
    "Clock",
    "Conflict",
    "Corrupt",
    "Denied",
    "FolderLock",
    "KeptApart",
    "ManualClock",
    "NeedsPurpose",
    "NotFound",
    "Owner",
    "Plugins",
    "Problem",
    "Rounds",
    "Settings",
    "SystemClock",
    "TooLarge",
    "TooMany",
    "Unauthenticated",
    "Unavailable",
    "Unit",
    "UnknownCode",
    "bound_process",
    "catalogue_of_words",
    "check_crs",
    "check_slug",
    "chinese",
    "convert",
    "disk_errors",
    "disk_full",
    "distance_m",
    "ended_apart",
    "expect_apart",
    "fork_bounded",
    "format_instant",
    "from_micros",
    "from_wgs84",
    "gcj02_to_wgs84",
    "has_offset",
    "load_settings",
    "loading",
    "morton",
    "new_id",
    "normalised",
    "owner_of",
    "parse_duration",
    "parse_instant",
    "sounding_near",
    "sounds_like",
    "to_micros",
    "to_wgs84",
    "uncollected",
    "unit",
    "units",
    "version_of",
    "wgs84_to_gcj02",
    "zone",
]

_OF_ARRAYS = {"morton": "curve"} | dict.fromkeys(
    ("distance_m", "from_wgs84", "gcj02_to_wgs84", "to_wgs84", "wgs84_to_gcj02"), "positions"
)


def __getattr__(name: str) -> Any:
    """Load what works on arrays when it is asked for: NumPy takes a fifth of the time of a command."""
    if name not in _OF_ARRAYS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_OF_ARRAYS[name]}"), name)
    globals()[name] = found
    return found
