"""analysing: what geometry tells: measures, distances, sections, sun and shadow, sight, density, clearance.

Does not belong here: where objects come from, who may see them. Pure functions over arrays in metres; east, north and
up about a frame's origin. Reads and writes nothing.
"""

from lifang.twin.analysing.bodies import Body, Measures, Section, closest, cut, measures
from lifang.twin.analysing.clash import Clash, clashes
from lifang.twin.analysing.density import Density, density
from lifang.twin.analysing.likeness import Likeness, likeness
from lifang.twin.analysing.pipes import Clearance, Pipes, clearances
from lifang.twin.analysing.rays import first_hits
from lifang.twin.analysing.sight import viewshed
from lifang.twin.analysing.sun import Sun, SunHours, shadow, solar_minutes, sun_at, sun_hours
from lifang.twin.analysing.terrain import heights_of

__all__ = [
    "Body",
    "Clash",
    "Clearance",
    "Density",
    "Likeness",
    "Measures",
    "Pipes",
    "Section",
    "Sun",
    "SunHours",
    "clashes",
    "clearances",
    "closest",
    "cut",
    "density",
    "first_hits",
    "heights_of",
    "likeness",
    "measures",
    "shadow",
    "solar_minutes",
    "sun_at",
    "sun_hours",
    "viewshed",
]
