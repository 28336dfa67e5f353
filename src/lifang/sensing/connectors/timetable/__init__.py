"""timetable: a GTFS feed's tables, read and checked whole before anything of it is used.

Pure: nothing is stored here.
"""

from lifang.sensing.connectors.timetable.check import check_feed
from lifang.sensing.connectors.timetable.feed import Feed, Table, read_feed

__all__ = ["Feed", "Table", "check_feed", "read_feed"]
