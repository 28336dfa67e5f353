"""mapping: records of any source become things, datastreams and values: by field, unit, zone, quality.

Pure: nothing is read or stored here. ``parts`` are the tables of a connector's file, ``mapper`` applies them.
"""

from lifang.outside import Part
from lifang.sensing.connectors.mapping.mapper import Issue, Mapped, Mapper, Record
from lifang.sensing.connectors.mapping.moments import moment_reader
from lifang.sensing.connectors.mapping.parts import ThingRule, TimeRule, ValueRule
from lifang.sensing.connectors.mapping.paths import dig, items_of, path_reader

__all__ = [
    "Issue",
    "Mapped",
    "Mapper",
    "Part",
    "Record",
    "ThingRule",
    "TimeRule",
    "ValueRule",
    "dig",
    "items_of",
    "moment_reader",
    "path_reader",
]
