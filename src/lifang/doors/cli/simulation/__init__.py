"""simulation: machines that speak to the city as any gateway would: of the simulated network, and of a recording.

Does not belong here: what is registered (app), the city's own interfaces. Reads the clock and the simulated devices
over HTTP, writes made-up observations, recorded ones, and the answers to commands.
"""

from lifang.doors.cli.simulation.gateway import Gateway, Keys
from lifang.doors.cli.simulation.invented import lamp_level, noise_db
from lifang.doors.cli.simulation.player import Player

__all__ = ["Gateway", "Keys", "Player", "lamp_level", "noise_db"]
