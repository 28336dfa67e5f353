"""What the files of a model told of themselves as a whole, through time: metadata, extensions and their members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lifang.core import to_micros
from lifang.guard import Classification
from lifang.store import FOREVER, ObjectQuery, Store, change_setting, read_setting
from lifang.twin.reading import EXTENSIONS

_KEY = "twin:told:"


class Documents:
    """What the models of one city told of themselves: nothing is overwritten, a later file tells of its time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(
        self,
        model: str,
        members: Mapping[str, Any],
        classification: Classification,
        *,
        valid_from: datetime,
        valid_to: datetime | None,
        recorded: datetime,
    ) -> bool:
        """Return whether the newest file of a model tells in its valid time what it did not before; it is kept."""
        version = {
            "members": dict(members),
            "classification": classification.value,
            "valid_from": to_micros(valid_from),
            "valid_to": FOREVER if valid_to is None else to_micros(valid_to),
        }
        if not members and not self._versions(model):
            return False
        new = False

        def with_it(held: Any) -> list[dict[str, Any]]:
            nonlocal new
            versions: list[dict[str, Any]] = held or []
            new = not versions or not _tells(versions[-1], version)
            if not new:
                return versions
            return [*versions, {**version, "recorded": to_micros(recorded)}]

        change_setting(self._store, f"{_KEY}{model}", with_it)
        return new

    def of(self, models: Sequence[str], query: ObjectQuery) -> tuple[dict[str, Any], list[Classification]]:
        """Return what models told at the moments of ``query`` as far as it may see it, with the classifications of it.

        Of several models that is their extensions only: the rest tells of one file.
        """
        found = [each for each in (self._held(model, query) for model in models) if each]
        grades = [Classification(each["classification"]) for each in found]
        if len(models) == 1:
            return found[0]["members"] if found else {}, grades
        extensions: dict[str, Any] = {}
        for each in found:
            extensions = {**each["members"].get(EXTENSIONS, {}), **extensions}
        return {EXTENSIONS: extensions} if extensions else {}, grades

    def _held(self, model: str, query: ObjectQuery) -> dict[str, Any] | None:
        for each in reversed(self._versions(model)):  # of two for one moment the later one counts
            known = query.recorded is None or each["recorded"] <= query.recorded
            if known and each["valid_from"] <= query.valid < each["valid_to"]:
                seen = query.classifications is None or each["classification"] in query.classifications
                return each if seen and each["members"] else None
        return None

    def _versions(self, model: str) -> list[dict[str, Any]]:
        return read_setting(self._store, f"{_KEY}{model}") or []


def _tells(held: Mapping[str, Any], version: Mapping[str, Any]) -> bool:
    """Return whether the version that counts tells the same in all of the time of another."""
    same = all(held[name] == version[name] for name in ("members", "classification"))
    return same and held["valid_from"] <= version["valid_from"] and version["valid_to"] <= held["valid_to"]
