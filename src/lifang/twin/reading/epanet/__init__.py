"""epanet: the pipes, pumps, valves, tanks and junctions of a water network become rows of solids under ground.

Does not belong here: hydraulics, other utilities. Reads the text of an EPANET input file; writes nothing.
"""

from lifang.twin.reading.epanet.reader import is_epanet, read_epanet

__all__ = ["is_epanet", "read_epanet"]
