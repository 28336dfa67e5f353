"""sensing: things, datastreams and observations: what the city senses, taken in durably and read back fast.

Does not belong here: HTTP or MQTT (doors), what a value means for the city (operations, scenes), maps (twin).
Reads and writes: the registry's ``thing``, ``datastream`` and ``setting`` tables, the lake's observations.
"""

from lifang.sensing import connectors, network, tasking
from lifang.sensing.arrow_body import decode_arrow
from lifang.sensing.codec import Decoded
from lifang.sensing.data_array import decode_data_array
from lifang.sensing.entities import (
    APART,
    COLLECTIONS,
    COMPUTED,
    GRAPH,
    NESTED,
    OBSERVATION,
    PAGE,
    PAGE_MAX,
    PLURALS,
    RESOURCES,
    STREAMS,
    TASKING,
    WAYS,
    Change,
    Changed,
    Entities,
    Entity,
    Page,
    Question,
    Sight,
    Start,
    Way,
    area_of,
    key_text,
    start_of,
    told_entity,
)
from lifang.sensing.hot import NEVER
from lifang.sensing.model import (
    QUALITY_NAMES,
    TRUSTED,
    Datastream,
    Latest,
    Quality,
    Thing,
    make_observations,
)
from lifang.sensing.quality import RULES as QUALITY_RULES
from lifang.sensing.quality import QualityRule
from lifang.sensing.replay import Replay, stood_at
from lifang.sensing.sensing import Receipt, Sensing
from lifang.sensing.series import chart
from lifang.store import Observations

__all__ = [
    "APART",
    "COLLECTIONS",
    "COMPUTED",
    "GRAPH",
    "NESTED",
    "NEVER",
    "OBSERVATION",
    "PAGE",
    "PAGE_MAX",
    "PLURALS",
    "QUALITY_NAMES",
    "QUALITY_RULES",
    "RESOURCES",
    "STREAMS",
    "TASKING",
    "TRUSTED",
    "WAYS",
    "Change",
    "Changed",
    "Datastream",
    "Decoded",
    "Entities",
    "Entity",
    "Latest",
    "Observations",
    "Page",
    "Quality",
    "QualityRule",
    "Question",
    "Receipt",
    "Replay",
    "Sensing",
    "Sight",
    "Start",
    "Thing",
    "Way",
    "area_of",
    "chart",
    "connectors",
    "decode_arrow",
    "decode_data_array",
    "key_text",
    "make_observations",
    "network",
    "start_of",
    "stood_at",
    "tasking",
    "told_entity",
]
