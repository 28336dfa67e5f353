"""networks: the nodes and lines of utility networks (water by EPANET, power by pandapower) become rows of solids.

Does not belong here: hydraulics, load flow. Reads the text of such files; writes nothing.
"""

from lifang.twin.reading.networks.epanet import is_epanet, read_epanet
from lifang.twin.reading.networks.pandapower import is_pandapower, read_pandapower

__all__ = ["is_epanet", "is_pandapower", "read_epanet", "read_pandapower"]
