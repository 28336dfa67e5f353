"""entities: what senses and what is sensed, as OGC SensorThings knows it: kinds, links, questions over both.

Does not belong here: any outside language (doors), how observations are stored (store), what a value means.
Reads and writes the registry's tables of sensing entities; reads the lake's observations.
"""

from lifang.sensing.entities.kinds import COLLECTIONS, GRAPH, OBSERVATION, PLURALS, RESOURCES, STREAMS, WAYS, Way

__all__ = ["COLLECTIONS", "GRAPH", "OBSERVATION", "PLURALS", "RESOURCES", "STREAMS", "WAYS", "Way"]
