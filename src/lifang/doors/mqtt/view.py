"""What a subscriber may see of what it asked for, and in which form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Sight = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class View:
    """By kind of entity (``sight``), the classifications that are seen; ``select`` names the fields wanted, if any.

    ``shown`` is the topic its messages carry where that is not the path they are told under; ``query`` follows it.
    ``is_free`` says that topics which are not the city's own are heard too, ``errors_of`` whose errors are,
    ``commands_of`` which device's commands are, for a stated ``purpose``.
    """

    sight: Sight = field(default_factory=dict)
    select: tuple[str, ...] = ()
    query: str = ""
    shown: str = ""
    is_free: bool = False
    errors_of: str = ""
    commands_of: str = ""
    purpose: str = ""

    def sees(self, kind: str, grade: str) -> bool:
        """Return whether an entity of this kind and classification is seen."""
        return grade in self.sight.get(kind, ())

    def topic(self, path: str) -> str:
        """Return the topic of a message that is told under ``path``."""
        return (self.shown or path) + self.query
