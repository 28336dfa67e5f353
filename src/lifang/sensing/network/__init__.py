"""network: the devices that sense and act, the links that carry them, and how both are.

Devices extend things: type, model, owner, firmware, battery, certificate, the pole they hang on, the link they use;
what changes is kept. Health (uptime, lag, loss, silence, clocks, gaps) is worked out in columns from counters kept at
every commit. Does not belong here: alerts (scenes), HTTP (doors), what a district is (catalogue's dataset).
Reads things and datastreams; reads and writes the registry's device, device_event, device_model, link and
counter_snapshot.
"""

from lifang.sensing.network.cells import Cells, in_cells
from lifang.sensing.network.districts import District, Districts
from lifang.sensing.network.flow import Flow, Flowing
from lifang.sensing.network.gaps import Gaps, find_gaps
from lifang.sensing.network.health import RULES, DevicesHealth
from lifang.sensing.network.importing import FIELDS, Imported
from lifang.sensing.network.model import DEVICE_STATES, HEALTH_NAMES, Device, DeviceEvent, DeviceModel, Health, Link
from lifang.sensing.network.network import SensorNetwork, State, Wanted
from lifang.sensing.network.summary import Summary, known, summed_up

__all__ = [
    "DEVICE_STATES",
    "FIELDS",
    "HEALTH_NAMES",
    "RULES",
    "Cells",
    "Device",
    "DeviceEvent",
    "DeviceModel",
    "DevicesHealth",
    "District",
    "Districts",
    "Flow",
    "Flowing",
    "Gaps",
    "Health",
    "Imported",
    "Link",
    "SensorNetwork",
    "State",
    "Summary",
    "Wanted",
    "find_gaps",
    "in_cells",
    "known",
    "summed_up",
]
