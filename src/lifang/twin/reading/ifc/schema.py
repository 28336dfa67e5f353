"""Where an IFC breaks the schema that it names."""

from __future__ import annotations

import ifcopenshell
from ifcopenshell.validate import json_logger, validate

from lifang.core import BadInput

_TOLD = 3


def breach(model: ifcopenshell.file) -> BadInput | None:
    """Return the refusal of a model whose attributes are not what its schema (ISO 10303-11) demands, else ``None``."""
    told = json_logger()
    validate(model, told)
    places = [
        _attribute(entity, each["attribute"])
        for each in told.statements
        if (entity := each.get("instance")) and each.get("attribute")
    ]
    if not places:
        return None
    return BadInput(
        f"The model cannot be read since it breaks its schema in {len(places):,} places.",
        where=", ".join(places[:_TOLD]),
        mend="Correct these attributes, or export the model again.",
    )


def _attribute(entity: ifcopenshell.entity_instance, attribute: object) -> str:
    """Return the number and class of an entity and its attribute, of which the class that declares it may be told."""
    return f"#{entity.id()} {entity.is_a()}.{str(attribute).rpartition('.')[2]}"
