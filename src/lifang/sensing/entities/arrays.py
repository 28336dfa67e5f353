"""A dataArray read row by row: each observation is stored or not by itself (OGC 18-088, clause 13.2)."""

from __future__ import annotations

from typing import Any

from lifang.core import BadInput, Problem, TooLarge
from lifang.sensing.codec import MAX_ROWS
from lifang.sensing.entities.bodies import OBSERVED, reference
from lifang.sensing.entities.change import Change
from lifang.sensing.entities.creating import check_result, of_feature
from lifang.sensing.entities.kinds import OBSERVATION, STREAMS
from lifang.sensing.entities.observation import Draft, draft_of
from lifang.store import Row

_FEATURES = ("FeatureOfInterest/id", "FeatureOfInterest/@iot.id")
_NO_COLUMNS = "A group has components and a dataArray."


def create_rows(change: Change, groups: Any) -> list[int | str | None]:
    """Return, per row, the id of its observation, ``None`` where it is not stored; drafts stand in ``change``.

    ``BadInput`` if the body is no list of groups, ``TooLarge`` above the bound of rows.
    """
    change.may(OBSERVATION)
    if not isinstance(groups, list) or not groups:
        raise BadInput("The body is not a list of groups.", where="$", mend='Send [{"Datastream": …}].')
    count = 0
    for at, group in enumerate(groups):
        if not isinstance(group, dict) or not isinstance(group.get("dataArray"), list):
            raise BadInput(_NO_COLUMNS, where=f"[{at}]", mend="Send components and dataArray.")
        count += len(group["dataArray"])
    if count > MAX_ROWS:
        raise TooLarge(f"The body holds more than {MAX_ROWS:,} observations.", mend="Send it in several requests.")
    found: list[int | str | None] = []
    for at, group in enumerate(groups):
        found += _group(change, group, at)
    stored = sum(1 for each in found if each is not None)
    if stored:
        change.note("create", f"{OBSERVATION} in bulk", stored, None)
    return found


def _group(change: Change, group: dict[str, Any], at: int) -> list[int | str | None]:
    rows = group["dataArray"]
    names = _components(group, at)
    try:
        stream = _stream(change, group)
    except Problem:
        return [None] * len(rows)
    reader = _Rows(change, stream, names)
    return [reader.read(row) for row in rows]


def _components(group: dict[str, Any], at: int) -> list[str]:
    names = group.get("components")
    if not isinstance(names, list) or len(set(map(str, names))) < len(names):
        raise BadInput("components is no list of names.", where=f"[{at}].components", mend="Name each column once.")
    for name in names:
        if name not in OBSERVED and name not in _FEATURES:
            known = ", ".join(sorted(OBSERVED | set(_FEATURES)))
            what = f"{str(name)[:80]!r} is no component of an Observation."
            raise BadInput(what, where=f"[{at}].components", mend=f"Known: {known}.")
    if "result" not in names:
        raise BadInput("components lacks result.", where=f"[{at}].components", mend="Name phenomenonTime and result.")
    return names


def _stream(change: Change, group: dict[str, Any]) -> Row:
    for kind in STREAMS:
        key = reference(group.get(kind))
        if key is not None:
            return change.find(kind, key)
    raise BadInput("The group names no Datastream.", where="Datastream", mend='Send {"@iot.id": 1}.')


class _Rows:
    """Reads the rows of one group; what a feature means for the datastream is found out once."""

    def __init__(self, change: Change, stream: Row, names: list[str]) -> None:
        self._change, self._stream, self._names = change, stream, names
        self._features: dict[Any, int | None] = {}

    def read(self, row: Any) -> int | str | None:
        """Return the id of the observation in ``row``, ``None`` if it is none."""
        if not isinstance(row, list) or len(row) != len(self._names):
            return None
        body = dict(zip(self._names, row, strict=True))
        feature = next((body.pop(name) for name in _FEATURES if name in body), None)
        try:
            draft = draft_of(self._stream["number"], body, self._change.now)
            check_result(self._stream, draft)
            draft = draft.with_feature(self._feature(feature))
        except Problem:
            return None
        if draft.extra:
            self._stream = self._change.enrich(self._stream)
        self._change.drafts.append(draft)
        return draft.id

    def _feature(self, key: Any) -> int | None:
        """Return what a row of feature ``key`` must name: its number, or nothing if it is the datastream's own."""
        if isinstance(key, bool) or not isinstance(key, int | str | None):
            raise BadInput("A feature is named by a number or a text.", where="FeatureOfInterest/id")
        if key not in self._features:
            number = None if key is None else self._change.linked("FeatureOfInterest", key)["number"]
            sample = of_feature(self._change, self._stream, Draft(self._stream["number"], 0, 0.0), number)
            self._stream = self._change.fetch("Datastream", self._stream["number"])
            self._features[key] = sample.extra.get("feature")
        return self._features[key]
