"""app: the city as one object: the only place that wires rooms together; jobs, the pulse, city packs, the doctor.

Does not belong here: rules of any room, outside languages. Reads and writes no dataset of its own; furnishing a city
writes the datasets that its pack declares.
"""

from lifang.app.bus import Bus, Event, Subscription
from lifang.app.city import OWNER, City, open_city
from lifang.app.doctor import Finding
from lifang.app.jobs import Job, Jobs
from lifang.app.packs import find_pack, lay_out, lay_out_empty, packs
from lifang.app.presence import (
    Presence,
    announce,
    find_presence,
    first_login,
    forget_first_login,
    keep_first_login,
    withdraw,
)
from lifang.app.queries import Queries
from lifang.app.stage import Stage

__all__ = [
    "OWNER",
    "Bus",
    "City",
    "Event",
    "Finding",
    "Job",
    "Jobs",
    "Presence",
    "Queries",
    "Stage",
    "Subscription",
    "announce",
    "find_pack",
    "find_presence",
    "first_login",
    "forget_first_login",
    "keep_first_login",
    "lay_out",
    "lay_out_empty",
    "open_city",
    "packs",
    "withdraw",
]
