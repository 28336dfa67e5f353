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
_CONTACT, _ADDRESS = "pointOfContact", "address"
_MOST_BYTES = 1 << 20


def told_of(head: Mapping[str, Any], model: str) -> tuple[dict[str, Any], list[Fault]]:
    """Return the members of a file's root that are kept with its model, and the warnings of those that are not."""
    members = {name: value for name, value in head.items() if name.startswith("+")}
    faults = []
    told = head.get(EXTENSIONS) or {}
    extensions = {name: each for name, each in told.items() if _is_extension(each)} if isinstance(told, dict) else {}
    members |= {EXTENSIONS: extensions} if extensions else {}
    if extensions != (told or {}):
        what = "An extension does not tell its url and version as CityJSON asks: it is not kept."
        faults.append(_warning(model, what, EXTENSIONS))
    metadata = head.get(METADATA) or {}  # an object: it names the system
    kept = {name: value for name, value in metadata.items() if name not in _COMPUTED}
    contact = kept.get(_CONTACT)
    if isinstance(contact, dict) and isinstance(contact.get(_ADDRESS), str):  # as version 1.1 has it
        kept[_CONTACT] = {**contact, _ADDRESS: {"text": contact[_ADDRESS]}}
    members |= {METADATA: kept} if kept else {}
    if len(orjson.dumps(members)) > _MOST_BYTES:
        what = "What the file tells of itself is longer than 1 MiB: it is not kept."
        return {}, [*faults, _warning(model, what, "")]
    return members, faults


def _is_extension(told: Any) -> bool:
    return isinstance(told, dict) and all(isinstance(told.get(each), str) for each in ("url", "version"))


def _warning(model: str, what: str, where: str) -> Fault:
    return Fault(model, "schema", what, "See CityJSON 2.0, chapters 5 and 8.", where, "warning")
