"""running: connectors at work: their files and secrets, their state, a worker for each.

Does not belong here: what one kind of source speaks (the files beside this room), HTTP or the command line.
Reads and writes the registry's ``connector``, ``connector_mark`` and ``connector_issue`` tables and the files of the
city's ``connectors`` folder; writes things, datastreams and observations through ``Sensing``.
"""

from lifang.sensing.connectors.running.connectors import Connectors, resource
from lifang.sensing.connectors.running.model import (
    ConnectorSpec,
    Context,
    KeptIssue,
    Portion,
    Refused,
    Status,
    Trial,
    Trouble,
)

__all__ = [
    "ConnectorSpec",
    "Connectors",
    "Context",
    "KeptIssue",
    "Portion",
    "Refused",
    "Status",
    "Trial",
    "Trouble",
    "resource",
]
