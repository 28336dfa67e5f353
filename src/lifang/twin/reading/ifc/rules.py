"""What a model breaks of the rules by which models are written, by the number of the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import ifcopenshell

from lifang.twin.reading.ifc import rules_geometry as geometry
from lifang.twin.reading.ifc import rules_spatial as spatial

RULES: Mapping[str, Callable[[ifcopenshell.file], Iterator[geometry.Breach]]] = {
    "GEM001": geometry.closed_shells,
    "GEM002": geometry.spaces,
    "GEM003": geometry.representations,
    "GEM004": geometry.names,
    "GEM005": geometry.buildings,
    "GEM011": geometry.segments,
    "GEM051": geometry.contexts,
    "GEM052": geometry.subcontexts,
    "GEM111": geometry.rings,
    "GEM112": geometry.curves,
    "GEM113": geometry.arcs,
    "SPS001": spatial.sites,
    "SPS002": spatial.composition,
    "SPS003": spatial.assemblies,
    "SPS004": spatial.positions,
    "SPS005": spatial.relations,
    "SPS006": spatial.references,
    "SPS007": spatial.containment,
    "SPS008": spatial.shapes,
}


def findings(model: ifcopenshell.file) -> Iterator[dict[str, str]]:
    """Yield what the model breaks, each a warning: the object or line, the rule, what, how to mend."""
    for rule, broken in RULES.items():
        for entity, what, mend in broken(model):
            where = f"#{entity.id()} {entity.is_a()}"
            own = str(getattr(entity, "GlobalId", "") or f"#{entity.id()}")
            yield {"object": own, "rule": rule, "what": what, "mend": mend, "where": where, "severity": "warning"}
