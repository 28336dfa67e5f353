"""simulation: the gateway of the simulated network: a machine that speaks to the city as any gateway would.

Does not belong here: what is registered (app), the city's own interfaces. Reads the clock and the simulated devices
over HTTP, writes made-up observations and the answers to commands.
"""

from lifang.doors.cli.simulation.gateway import Gateway, Keys
from lifang.doors.cli.simulation.invented import lamp_level, noise_db

__all__ = ["Gateway", "Keys", "lamp_level", "noise_db"]
