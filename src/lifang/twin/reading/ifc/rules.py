"""What a model breaks of the rules by which models are written, by the number of the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import ifcopenshell

from lifang.twin.reading.ifc import rules_alignment as alignment
from lifang.twin.reading.ifc import rules_geometry as geometry
from lifang.twin.reading.ifc import rules_spatial as spatial

RULES: Mapping[str, Callable[[ifcopenshell.file], Iterator[geometry.Breach]]] = {
    "ALB002": alignment.layouts,
    "ALB003": alignment.nesting,
    "ALB005": alignment.stations,
    "ALB010": alignment.referents,
    "ALB012": alignment.gradients,
    "ALB015": alignment.ends,
    "ALB021": alignment.agreement,
    "ALB022": alignment.numbers,
    "ALB023": alignment.kinds,
    "ALB030": alignment.placements,
    "ALB031": alignment.combinations,
    "ALB032": alignment.sharing,
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
    "MPD001": geometry.mapped,
    "SPS001": spatial.sites,
    "SPS002": spatial.composition,
    "SPS003": spatial.assemblies,
    "SPS004": spatial.positions,
    "SPS005": spatial.relations,
    "SPS006": spatial.references,
    "SPS007": spatial.containment,
    "SPS008": spatial.shapes,
}

# What no rule of that collection says.
_MORE: Mapping[str, Callable[[ifcopenshell.file], Iterator[geometry.Breach]]] = {"geometry": alignment.starts}


def findings(model: ifcopenshell.file) -> Iterator[dict[str, str]]:
    """Yield what the model breaks, each a warning: the object or line, the rule, what, how to mend."""
    for rule, broken in (*RULES.items(), *_MORE.items()):
        for entity, what, mend in _tried(model, broken):
            where = f"#{entity.id()} {entity.is_a()}"
            own = str(getattr(entity, "GlobalId", "") or f"#{entity.id()}")
            yield {"object": own, "rule": rule, "what": what, "mend": mend, "where": where, "severity": "warning"}


def _tried(
    model: ifcopenshell.file, broken: Callable[[ifcopenshell.file], Iterator[geometry.Breach]]
) -> Iterator[geometry.Breach]:
    """Yield what a rule finds, and in the end that it could not go on where a model lacks what every model has."""
    try:
        yield from broken(model)
    except (AttributeError, IndexError, TypeError, ValueError):
        what = "The rule could not be followed to its end: something that IFC demands is lacking."
        yield model.by_type("IfcProject")[0], what, "Check the model against its schema and export it again."
