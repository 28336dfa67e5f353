"""What a CityJSON file tells of itself as a whole: its extensions, their members of the root, and its metadata.

Source: CityJSON 2.0 (OGC 20-072r5), chapters 5 (metadata) and 8 (extensions). No extension's address is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from lifang.twin.reading.model import Fault

EXTENSIONS, METADATA = "extensions", "metadata"
_COMPUTED = ("referenceSystem", "geographicalExtent")  # by who writes the file
_MOST_BYTES = 1 << 20


def told_of(head: Mapping[str, Any], model: str) -> tuple[dict[str, Any], list[Fault]]:
    """Return the members of a file's root that are kept with its model, and the warnings of those that are not."""
    members = {name: value for name, value in head.items() if name.startswith("+")}
    faults = []
    extensions = head.get(EXTENSIONS) or {}
    if _are_extensions(extensions):
        members |= {EXTENSIONS: extensions} if extensions else {}
    else:
        what = "The extensions are not built as CityJSON asks: they are not kept."
        faults.append(_warning(model, what, EXTENSIONS))
    metadata = head.get(METADATA) or {}  # an object: it names the system
    kept = {name: value for name, value in metadata.items() if name not in _COMPUTED}
    members |= {METADATA: kept} if kept else {}
    if len(orjson.dumps(members)) > _MOST_BYTES:
        what = "What the file tells of itself is longer than 1 MiB: it is not kept."
        return {}, [*faults, _warning(model, what, "")]
    return members, faults


def _are_extensions(told: Any) -> bool:
    return isinstance(told, dict) and all(
        isinstance(each, dict) and isinstance(each.get("url"), str) and isinstance(each.get("version"), str)
        for each in told.values()
    )


def _warning(model: str, what: str, where: str) -> Fault:
    return Fault(model, "schema", what, "See CityJSON 2.0, chapters 5 and 8.", where, "warning")
