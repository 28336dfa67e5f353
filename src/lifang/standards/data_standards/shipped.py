"""The data standards that lifang ships: one TOML file each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from lifang.core import Conflict
from lifang.standards.data_standards.linting import read_standard
from lifang.standards.data_standards.model import DataStandard

_FOLDER = Path(__file__).parent.parent / "data" / "data_standards"


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, tuple[DataStandard, str]]:
    found: dict[str, tuple[DataStandard, str]] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        text = path.read_text("utf-8")
        standard = read_standard(text, where=path.name)
        if standard.reference in found:
            raise Conflict(f"{standard.reference} is shipped twice.", where=path.name, mend="Raise its edition.")
        found[standard.reference] = (standard, text)
    return MappingProxyType(found)


def shipped_standards() -> Mapping[str, DataStandard]:
    """Return every data standard that lifang ships, by reference (``legal_entity@1``)."""
    return {reference: standard for reference, (standard, _) in _texts().items()}


def shipped_text(reference: str) -> str:
    """Return the TOML text of a shipped data standard; ``KeyError`` if it is none."""
    return _texts()[reference][1]
