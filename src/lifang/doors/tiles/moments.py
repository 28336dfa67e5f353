"""What every address of a tile names: whose objects, and when. The moment stands in the path.

What a tileset points to is relative to it and takes no query along.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path, Request

from lifang.core import parse_instant
from lifang.doors.http import Asker, asking, entity_tag
from lifang.guard import Action, Resource

_NOW, _AS_OF = "now", "~"
Sees = Annotated[Asker, asking(Action.READ, Resource("object"), per_item=True)]
_MOMENT = "`now`, or ISO 8601 with an offset; `~SCENARIO` behind it looks as of a scenario."
At = Annotated[str, Path(alias="moment", max_length=130, description=_MOMENT)]
Model = Annotated[str, Path(max_length=64, description="The id of a model, or `all`.")]


def when(asker: Asker, at: str) -> datetime:
    """Return the moment in the city that an address names."""
    moment = at.partition(_AS_OF)[0]
    return asker.city.now if moment == _NOW else parse_instant(moment)


def scenario_of(at: str) -> str | None:
    """Return the scenario as of which an address looks at its moment; ``None``: the city as it is."""
    return at.partition(_AS_OF)[2] or None


def among(model: str) -> str | None:
    """Return the model that an address names, ``None`` for all."""
    return None if model == "all" else model


def tag_of(request: Request, version: str, at: str) -> str | None:
    """Return the name of what a moment shows while no object changes; none for the present, which passes by itself."""
    return None if at.partition(_AS_OF)[0] == _NOW else entity_tag(f"{request.url.path}?{request.url.query} {version}")
