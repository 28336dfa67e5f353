"""app: the city as one object: the only place that wires rooms together; who asks it, jobs, the pulse, the doctor.

Every door reads the city through an :class:`Asker` (``city.asker(subject, purpose)``): its methods decide first and
leave a record of what is not open; ``decide``, ``may``, ``must``, ``see`` and ``seen`` do so for a door's own reads.

Does not belong here: rules of any room, outside languages. Reads and writes no dataset of its own; furnishing a city
writes the datasets that its pack declares.
"""

from lifang.app.asking import (
    ADD_IMAGERY,
    DETECT_CLASHES,
    FIGURES,
    OWNER,
    About,
    Asker,
    Buckets,
    ClashView,
    Current,
    Everything,
    ImageryView,
    Indicator,
    IndicatorHistory,
    LinkView,
    Listed,
    Live,
    Offer,
    OpenDataset,
    Page,
    Place,
    PlaceView,
    SeenLink,
    SeenTiles,
    SeenVector,
    Series,
    SharingDesk,
    Shelf,
    Shown,
    TopicView,
    TwinView,
    Use,
    check_clash_request,
    shown,
)
from lifang.app.bus import Bus, Event, Subscription
from lifang.app.city import City, open_city
from lifang.app.doctor import Finding
from lifang.app.first_login import first_login, forget_first_login, keep_first_login
from lifang.app.jobs import Job, Jobs
from lifang.app.packs import find_pack, lay_out, lay_out_empty, packs
from lifang.app.processes import PROCESS, PROCESSES, ProcessSpec, process, run_process
from lifang.app.queries import Queries
from lifang.app.simulated import GATEWAY, PERIOD_S, PERSON, register_simulated
from lifang.app.simulated_rooms import register_rooms
from lifang.app.stage import Stage

__all__ = [
    "ADD_IMAGERY",
    "DETECT_CLASHES",
    "FIGURES",
    "GATEWAY",
    "OWNER",
    "PERIOD_S",
    "PERSON",
    "PROCESS",
    "PROCESSES",
    "About",
    "Asker",
    "Buckets",
    "Bus",
    "City",
    "ClashView",
    "Current",
    "Event",
    "Everything",
    "Finding",
    "ImageryView",
    "Indicator",
    "IndicatorHistory",
    "Job",
    "Jobs",
    "LinkView",
    "Listed",
    "Live",
    "Offer",
    "OpenDataset",
    "Page",
    "Place",
    "PlaceView",
    "ProcessSpec",
    "Queries",
    "SeenLink",
    "SeenTiles",
    "SeenVector",
    "Series",
    "SharingDesk",
    "Shelf",
    "Shown",
    "Stage",
    "Subscription",
    "TopicView",
    "TwinView",
    "Use",
    "check_clash_request",
    "find_pack",
    "first_login",
    "forget_first_login",
    "keep_first_login",
    "lay_out",
    "lay_out_empty",
    "open_city",
    "packs",
    "process",
    "register_rooms",
    "register_simulated",
    "run_process",
    "shown",
]
