"""generating: buildings that nobody surveyed, raised by rule along real street blocks, and marked as generated.

Does not belong here: what was measured. Reads a dataset's lines of roads; writes nothing.
"""

from lifang.twin.generating.buildings import BlockRule, generate_buildings

__all__ = ["BlockRule", "generate_buildings"]
