"""doors.cli: the command line; ``lifang --help`` is its reference.

It speaks HTTP to the city like any other client, so that a served city and one at rest answer alike.
Does not belong here: anything that decides. Reads and writes no dataset itself.
"""

from lifang.doors.cli.main import main

__all__ = ["main"]
