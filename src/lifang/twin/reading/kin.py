"""What the objects of a CityJSON file belong to: wholes, and groups in which they have a role.

Source: CityJSON 2.0 (OGC 20-072r5), section 2.2 (parents, children) and that on ``CityObjectGroup``.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lifang.twin.reading.model import Belonging

_GROUP = "CityObjectGroup"
LINKED_MAX, _ROLE_MAX = 200, 200  # characters of an id to which a link can lead, and of a role


@dataclass
class Kin:
    """Who belongs to whom, by the file's own ids: told by the one, by the other, or by both."""

    _above: dict[str, dict[str, str]] = field(default_factory=dict)  # of each object what it belongs to, and as what
    _said: set[tuple[str, str, bool]] = field(default_factory=set)  # child, whole, and whether the whole says so
    _groups: set[str] = field(default_factory=set)

    def take(self, own_id: str, found: Mapping[str, Any]) -> bool:
        """Take in what an object tells of its kin; return whether the roles in it fit, which are left out if not."""
        parents, children = list(found.get("parents") or ()), list(found.get("children") or ())
        told = found.get("children_roles")
        roles = _roles(told, len(children))
        if found.get("type") == _GROUP:
            self._groups.add(own_id)
        self._said.update((own_id, parent, False) for parent in parents)
        self._said.update((child, own_id, True) for child in children)
        for parent in parents:
            self._above.setdefault(own_id, {}).setdefault(parent, "")
        for child, role in zip(children, roles or [""] * len(children), strict=True):
            self._above.setdefault(child, {})[own_id] = role
        return not told or bool(roles)

    def whole(self, own_id: str) -> str:
        """Return what an object is part of, empty if of nothing: a group only where it is part of nothing else."""
        above = self._above.get(own_id, {})
        return next((each for each in above if each not in self._groups), next(iter(above), ""))

    def one_sided(self, known: Container[str]) -> Iterator[tuple[str, str, str]]:
        """Yield who does not say what another says of both, what it should, and the member; groups are left out."""
        for child, whole, by_whole in sorted(self._said):
            if whole in self._groups or (child, whole, not by_whole) in self._said:
                continue
            if by_whole and child not in known:
                yield whole, f"Its child {child[:80]!r} is not there.", "children"
            elif by_whole:
                yield child, f"It is a child of {whole[:80]!r}, which is none of its parents.", "parents"
            elif whole in known:
                yield whole, f"It is the parent of {child[:80]!r}, which is none of its children.", "children"

    def belongings(self) -> Iterator[Belonging]:
        """Yield every group that an object is a member of, and every whole that it is part of beside the first.

        None whose id is longer than a link can name.
        """
        for own_id, above in self._above.items():
            whole = self.whole(own_id)
            for each, role in above.items():
                if len(each) > LINKED_MAX:
                    continue
                if each in self._groups:
                    yield Belonging(own_id, "group", each, role)
                elif each != whole:
                    yield Belonging(own_id, "part", each)


def inside_out(children: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the keys of ``children``, each after those of its children that are keys too, but where they go round."""
    seen: set[str] = set()
    for first in children:
        path = [] if first in seen else [(first, iter(children[first]))]
        seen.add(first)
        while path:
            own, left = path[-1]
            following = next((each for each in left if each in children and each not in seen), None)
            if following is None:
                path.pop()
                yield own
            else:
                seen.add(following)
                path.append((following, iter(children[following])))


def _roles(told: Any, count: int) -> list[str]:
    """Return the role of each of ``count`` children, nothing if they are not told as CityJSON asks."""
    found = list(told) if isinstance(told, list) else []
    fits = all(each is None or (isinstance(each, str) and len(each) <= _ROLE_MAX) for each in found)
    return [each or "" for each in found] if fits and len(found) == count else []
