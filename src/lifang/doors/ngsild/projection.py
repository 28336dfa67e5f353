"""The projection: a city seen as NGSI-LD entities, for whoever asks."""

from __future__ import annotations

from lifang.app import Asker, City
from lifang.doors.ngsild.facts import Declared, Facts, Override, Sight
from lifang.doors.ngsild.roll import Roll, Rolls


class Projection:
    """What of a city's entities is kept in columns; one for all who ask."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._rolls = Rolls(city)
        self._declared = Declared(city)

    def roll(self, *, fresh: bool = False) -> Roll:
        """Return every entity in columns; ``fresh`` has what was registered just now too."""
        return self._rolls.fresh() if fresh else self._rolls.now()

    def facts(self, asker: Asker, override: Override | None = None) -> Facts:
        """Return the facts that ``asker`` may know now."""
        sight = Sight.of(asker.classes)
        return Facts(self.city, self._rolls.now(), self._declared, sight, override or Override())
