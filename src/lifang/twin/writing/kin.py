"""The groups and wholes that objects belong to, as the members of CityJSON that tell of them.

Source: CityJSON 2.0 (OGC 20-072r5), section 2.2 (parents, children) and that on ``CityObjectGroup``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

_GROUP = "CityObjectGroup"


class Kin:
    """What objects belong to beside the one whole that each names: triples of an id, the id it belongs to, its role."""

    def __init__(self, belongings: Iterable[tuple[str, str, str]] = ()) -> None:
        self._above: dict[str, list[str]] = {}
        self._below: dict[str, dict[str, str]] = {}
        for own, to, role in belongings:
            self._above.setdefault(own, []).append(to)
            self._below.setdefault(to, {})[own] = role

    def members(
        self, own: str, kind: str, whole: Sequence[str], parts: Sequence[str], name: Callable[[str], str]
    ) -> dict[str, Any]:
        """Return ``parents``, ``children`` and ``children_roles`` of an object as far as it has any, ``name`` d.

        ``whole`` is what it is part of, ``parts`` what is part of it.
        """
        above = dict.fromkeys((*whole, *self._above.get(own, ())))
        roles = dict.fromkeys(parts, "") | self._below.get(own, {})
        told: dict[str, Any] = {"parents": list(map(name, above)), "children": list(map(name, roles))}
        if kind == _GROUP and any(roles.values()):
            told["children_roles"] = [role or None for role in roles.values()]
        return {member: value for member, value in told.items() if value or (member == "children" and kind == _GROUP)}

    def joined(self, heads: Sequence[str], head_of: Mapping[str, str]) -> Iterator[list[str]]:
        """Yield ``heads`` of families, together those that must stand in one feature of a text sequence.

        ``head_of`` tells the head of each object. A feature holds all the children of its first object.
        """
        near: dict[str, dict[str, None]] = {}
        for to, members in self._below.items():
            for own in members:
                one, other = head_of[to], head_of[own]
                near.setdefault(one, {})[other] = None
                near.setdefault(other, {})[one] = None
        seen: set[str] = set()
        for head in sorted(heads, key=lambda each: each not in self._below):  # what has members before what is one
            if head in seen:
                continue
            together = [head]
            seen.add(head)
            for each in together:
                more = [other for other in near.get(each, ()) if other not in seen]
                seen.update(more)
                together += more
            yield together
