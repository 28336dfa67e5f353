"""Which elements of a model are connected with each other by ports, as pipes, ducts and cables are.

Source: ISO 16739-1:2024, IfcRelConnectsPorts, IfcRelNests; IfcRelConnectsPortToElement of IFC 2x3.
"""

from __future__ import annotations

from collections import defaultdict

import ifcopenshell


def connected(model: ifcopenshell.file) -> dict[int, list[str]]:
    """Return by an element's number in the file the GlobalIds of those that one of its ports is connected with."""
    relations = [(each.RelatingPort, each.RelatedPort) for each in model.by_type("IfcRelConnectsPorts")]
    if not relations:
        return {}
    owner = {each.RelatingPort.id(): each.RelatedElement for each in model.by_type("IfcRelConnectsPortToElement")}
    for nest in model.by_type("IfcRelNests"):
        owner |= {each.id(): nest.RelatingObject for each in nest.RelatedObjects if each.is_a("IfcPort")}
    found: dict[int, set[str]] = defaultdict(set)
    for ports in relations:
        ends = [owner[port.id()] for port in ports if port is not None and port.id() in owner]
        for one, other in (ends, ends[::-1]) if len(ends) == len(ports) else ():
            found[one.id()].add(other.GlobalId)
    return {own: sorted(others) for own, others in found.items()}
