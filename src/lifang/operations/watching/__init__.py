"""watching: thresholds of what sensors measure, and the machine that holds very many of them against every value.

Does not belong here: which values a city minds (thresholds are data), the life of an alert (operations.alerts).
Reads committed observations and datastreams; reads and writes the registry's threshold and, through alerts, alert.
"""

from lifang.operations.watching.latches import Latches, Moved
from lifang.operations.watching.thresholds import RULE_PREFIX, SCENE, Threshold, ThresholdLevel, Thresholds
from lifang.operations.watching.watch import ThresholdWatch

__all__ = [
    "RULE_PREFIX",
    "SCENE",
    "Latches",
    "Moved",
    "Threshold",
    "ThresholdLevel",
    "ThresholdWatch",
    "Thresholds",
]
