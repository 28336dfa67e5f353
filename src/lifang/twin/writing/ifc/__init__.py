"""ifc: objects as a building model in IFC 4, with what they are part of, their properties and where it all stands.

Does not belong here: which objects. ``child`` and what it imports (``geometry``, ``sets``) run in a process of their
own, so that IfcOpenShell is not loaded by the server. Writes the file that is asked for.
"""

from lifang.twin.writing.ifc.writer import write_ifc

__all__ = ["write_ifc"]
