"""tasking: what the city has its devices do: actuators, commands, their life from order to answer.

Commands are judged by the limits that a device declares, kept with every step in the ledger, handed out under an id
that a device does at most once. Does not belong here: HTTP, MQTT (doors); whether a command is wise (operations).
Reads datastreams' latest values; reads and writes the registry's actuator, tasking_capability, command, device_token.
Source: OGC 17-079r1, SensorThings API Part 2: Tasking Core.
"""

from lifang.sensing.tasking.limits import Refusal
from lifang.sensing.tasking.machine import ANSWERS, FOLLOWING, STATE_NAMES, CommandState
from lifang.sensing.tasking.model import Actuator, Capability, Command, Moment, subject_id
from lifang.sensing.tasking.tasking import Order, Tasking
from lifang.sensing.tasking.tokens import DEVICE_PREFIX, DeviceToken, DeviceTokens

__all__ = [
    "ANSWERS",
    "DEVICE_PREFIX",
    "FOLLOWING",
    "STATE_NAMES",
    "Actuator",
    "Capability",
    "Command",
    "CommandState",
    "DeviceToken",
    "DeviceTokens",
    "Moment",
    "Order",
    "Refusal",
    "Tasking",
    "subject_id",
]
