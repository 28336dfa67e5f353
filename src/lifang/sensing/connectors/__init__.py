"""connectors: feeds of others brought in: files, web services, brokers, timetables, weather, machines.

One file here is one kind of connector: a frozen ``spec`` and a function ``pull``; the registry finds it, and its tests
and its reference page come by themselves. Machinery stands in ``mapping`` (what fields mean) and ``running`` (files,
secrets, state, workers).
Does not belong here: HTTP to or from the city's own users (doors), what a value means (operations).
Reads the city's ``connectors`` folder; writes things, datastreams, observations and the registry's connector tables.
"""

from lifang.sensing.connectors.mapping import Issue
from lifang.sensing.connectors.running import Connectors, ConnectorSpec, KeptIssue, Status, Trial, Trouble, resource

__all__ = [
    "ConnectorSpec",
    "Connectors",
    "Issue",
    "KeptIssue",
    "Status",
    "Trial",
    "Trouble",
    "resource",
]
