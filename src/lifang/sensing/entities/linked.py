"""Values at the ends of an observation's links, looked up by number: to order by, and to compare with its own."""

from __future__ import annotations

from lifang.core import BadInput
from lifang.sensing.entities.kinds import GRAPH, OBSERVATION, STREAMS, WAYS
from lifang.sensing.entities.question import Sight
from lifang.sensing.entities.rewriting import NUMBER
from lifang.sensing.model import Numbers
from lifang.sensing.roster import Roster
from lifang.store import Among, Call, EntityQuery, Expression, Field, Literal, Lookup, Row, Store

_FEATURE = "FeatureOfInterest"
_KNOWN = frozenset(f"{kind}/{NUMBER}" for kind in STREAMS)  # columns of the observation itself


class Linked:
    """The entities that observations hang on, asked for one value each."""

    def __init__(self, store: Store, roster: Roster) -> None:
        self._store, self._roster = store, roster

    def order(
        self, order: tuple[tuple[Expression, bool], ...], sight: Sight, numbers: Numbers | None
    ) -> tuple[tuple[Expression, bool], ...]:
        """Return ``order`` with values in place of paths along links, for observations of ``numbers``."""
        return tuple((self.within(key, sight, numbers), down) for key, down in order)

    def within(self, expression: Expression, sight: Sight, numbers: Numbers | None = None) -> Expression:
        """Return ``expression`` with values in place of paths along links."""
        if isinstance(expression, Call):
            return Call(expression.name, tuple(self.within(each, sight, numbers) for each in expression.args))
        if not isinstance(expression, Field) or expression.name in _KNOWN:
            return expression
        first, _, rest = expression.name.partition("/")
        if first not in WAYS[OBSERVATION]:
            return expression
        if not rest:
            raise BadInput(f"{first!r} is an entity, not a value.", mend="Name one of its properties, or id.")
        return self._of_features(rest, sight) if first == _FEATURE else self._of_streams(first, rest, sight, numbers)

    def _of_streams(self, kind: str, path: str, sight: Sight, numbers: Numbers | None) -> Lookup:
        where = None if numbers is None else Among(Field(NUMBER), tuple(numbers.tolist()))
        rows = self._values(kind, path, sight, where)
        return Lookup(Field("datastream"), tuple(row["number"] for row in rows), tuple(row["key_0"] for row in rows))

    def _of_features(self, path: str, sight: Sight) -> Lookup:
        """Return the lookup by feature where a row names one, by datastream where it is of the datastream's own."""
        known = {row["number"]: row["key_0"] for row in self._values(_FEATURE, path, sight, None)}
        own = self._roster.own[: self._roster.highest + 1].tolist()
        streams = [(number, known[feature]) for number, feature in enumerate(own) if feature in known]
        pairs = [*((-feature, value) for feature, value in known.items()), *streams]
        return Lookup(Field("sample"), tuple(number for number, _ in pairs), tuple(value for _, value in pairs))

    def _values(self, kind: str, path: str, sight: Sight, where: Expression | None) -> list[Row]:
        order: tuple[tuple[Expression, bool], ...] = ((Field(path), False),)
        if "properties/" in path:  # SQLite reads a JSON truth as a number
            order = (*order, (Call("eq", (Field(path), Literal(True))), False))
        rows = self._store.registry.entities(GRAPH, EntityQuery(kind, sight, where, order, columns=("number",)))
        return [row | {"key_0": bool(row["key_1"])} if row.get("key_1") is not None else row for row in rows]
