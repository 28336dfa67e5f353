"""Relations of an OpenStreetMap file that tell of buildings.

GDAL names no members, and leaves out in silence what it cannot close.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from osmium import FileProcessor
from osmium.osm import RELATION, Relation

_TOLD = "building"
_KINDS = {"n": "node", "w": "way", "r": "relation"}


def relations_of(path: Path) -> list[dict[str, Any]]:
    """Return ``id``, ``tags`` and ``members`` (kind, id, role) of the relations that have a word of buildings.

    ``RuntimeError`` if the file, XML or PBF by its name, cannot be read.
    """
    found = []
    for each in FileProcessor(path, RELATION):
        tags = dict(each.tags)
        if isinstance(each, Relation) and any(_TOLD in word for word in (*tags, *tags.values())):
            members = [[_KINDS[member.type], str(member.ref), member.role] for member in each.members]
            found.append({"id": str(each.id), "tags": tags, "members": members})
    return found
