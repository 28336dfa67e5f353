"""mqtt: door.

Does not belong here: x. Reads and writes nothing.
"""

__all__: list[str] = []
