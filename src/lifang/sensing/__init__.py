"""sensing: things, datastreams and observations: what the city senses, taken in durably and read back fast.

Does not belong here: HTTP or MQTT (doors), what a value means for the city (operations, scenes), maps (twin).
Reads and writes: the registry's ``thing``, ``datastream`` and ``setting`` tables, the lake's observations.
"""

from lifang.sensing import network, tasking
from lifang.sensing.arrow_body import decode_arrow
from lifang.sensing.codec import Decoded
from lifang.sensing.data_array import decode_data_array
from lifang.sensing.hot import NEVER
from lifang.sensing.model import (
    QUALITY_NAMES,
    Datastream,
    Latest,
    Quality,
    Thing,
    make_observations,
)
from lifang.sensing.replay import Replay
from lifang.sensing.sensing import Receipt, Sensing
from lifang.sensing.series import chart
from lifang.store import Observations

__all__ = [
    "NEVER",
    "QUALITY_NAMES",
    "Datastream",
    "Decoded",
    "Latest",
    "Observations",
    "Quality",
    "Receipt",
    "Replay",
    "Sensing",
    "Thing",
    "chart",
    "decode_arrow",
    "decode_data_array",
    "make_observations",
    "network",
    "tasking",
]
