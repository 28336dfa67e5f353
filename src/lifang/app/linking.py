"""Links kept up by rule: made from what the catalogue and the sensors hold, for every moment the objects change at."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from lifang.catalogue import Catalogue
from lifang.core import BadInput, Conflict, NotFound, format_instant, parse_instant
from lifang.guard import SYSTEM, Action, Classification, Resource, Subject, require
from lifang.sensing import Sensing, Thing
from lifang.store import Entry, Store, change_setting, read_setting, write_setting
from lifang.twin import SAME, THINGS, Ends, LinkRule, Twin

LINK_OBJECTS = "link_objects"
_RULES, _DONE = "twin:link_rules", "twin:linked:"
_ALL = [each.value for each in Classification]


@dataclass(frozen=True)
class RuleState:
    """A rule, how many links it makes now, and up to which moment in the city it was last applied, if ever."""

    rule: LinkRule
    links: int
    applied: datetime | None


class Linker:
    """The rules of one city's links, and what applies them."""

    def __init__(
        self, store: Store, twin: Twin, catalogue: Catalogue, sensing: Sensing, *, now: Callable[[], datetime]
    ) -> None:
        self._store, self._twin, self._catalogue, self._sensing = store, twin, catalogue, sensing
        self._now = now

    def rules(self) -> list[LinkRule]:
        """Return the rules, by id."""
        held = read_setting(self._store, _RULES) or {}
        return [LinkRule.from_mapping(rule_id, held[rule_id]) for rule_id in sorted(held)]

    def states(self) -> list[RuleState]:
        """Return each rule with what became of it, by id."""
        counted = self._twin.links.sources(at=self._now())
        done = {each.id: read_setting(self._store, f"{_DONE}{each.id}") for each in self.rules()}
        moments = {name: parse_instant(told["upto"]) if told else None for name, told in done.items()}
        return [RuleState(each, counted.get(each.source, 0), moments[each.id]) for each in self.rules()]

    def put(self, rule: LinkRule, *, by: Subject) -> None:
        """Keep a rule; its links are made when the rules are next applied. ``NotFound`` if it leads to no dataset."""
        require(by, Action.ADMIT, Resource("object", "*", self._grade(rule)))
        if rule.way == SAME and rule.to == THINGS:
            raise BadInput("Things have no column.", where="to", mend="Name a dataset.")
        entry = Entry(by.id, "put_link_rule", f"object:{rule.source}", detail=rule.as_json())
        change_setting(self._store, _RULES, lambda held: {**(held or {}), rule.id: rule.as_json()}, entry=entry)

    def remove(self, rule_id: str, *, by: Subject) -> None:
        """Take a rule away: its links end now. ``NotFound`` if there is none."""
        rule = next((each for each in self.rules() if each.id == rule_id), None)
        if rule is None:
            raise NotFound(f"There is no rule {rule_id[:80]!r}.", mend="List them: GET /api/v1/twin/link-rules.")
        grade = self._grade(rule)
        require(by, Action.ADMIT, Resource("object", "*", grade))
        nothing = self._twin.linked_by(rule, Ends([], values=[]), at=self._now())
        self._add(rule, nothing, grade, self._now(), by)
        change_setting(self._store, _RULES, lambda held: {name: each for name, each in held.items() if name != rule_id})
        write_setting(self._store, f"{_DONE}{rule_id}", None)

    def uses(self, dataset: str) -> bool:
        """Return whether a rule leads to this dataset."""
        return any(each.to == dataset for each in self.rules())

    def apply(self, *, by: Subject, check: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Return what became of each rule's links, all rules applied to every moment that is new to them."""
        return {rule.id: self._apply(rule, by, check) for rule in self.rules()}

    def furnish(self, pack: Path) -> None:
        """Keep the rules of a city pack (``links/<id>.toml``) and apply them."""
        held = {each.id: each for each in self.rules()}
        for card in sorted((pack / "links").glob("*.toml")):
            rule = LinkRule.from_mapping(card.stem, tomllib.loads(card.read_text("utf-8")))
            if held.get(rule.id) != rule:
                self.put(rule, by=SYSTEM)
        self.apply(by=SYSTEM)

    def _apply(self, rule: LinkRule, by: Subject, check: Callable[[], None]) -> Mapping[str, int]:
        told = {"links": 0, "replaced": 0, "unchanged": 0, "ended": 0}
        try:
            state = self._state(rule)
            done = read_setting(self._store, f"{_DONE}{rule.id}") or {}
            moments = self._moments(rule, state, done)
            if not moments:
                return told
            ends, grade = self._ends(rule), self._grade(rule)
        except NotFound:  # its dataset is not there yet, or no more: what it told stays
            return told
        known = self._twin.last_known()
        for moment in moments:
            check()
            change = self._add(rule, self._twin.linked_by(rule, ends, at=moment), grade, moment, by)
            for name, count in zip(told, (change.rows, change.replaced, change.unchanged, change.ended), strict=True):
                told[name] += count
        now = self._now()
        upto = format_instant(max(moments[-1], now))
        write_setting(self._store, f"{_DONE}{rule.id}", {**state, "objects": known, "upto": upto})
        return told

    def _add(self, rule: LinkRule, links: Any, grade: Classification, moment: datetime, by: Subject) -> Any:
        return self._twin.links.add(
            links, source=rule.source, classification=grade, valid_from=moment, whole=True, by=by
        )

    def _state(self, rule: LinkRule) -> dict[str, Any]:
        """Return what the rule's links follow from, besides the objects."""
        if rule.to == THINGS:
            made_of: Any = sorted([each.id, each.lon, each.lat] for each in self._things(rule))
        else:
            made_of = self._catalogue.dataset(rule.to).release().id
        return {"rule": rule.as_json(), "of": made_of}

    def _moments(self, rule: LinkRule, state: Mapping[str, Any], done: Mapping[str, Any]) -> list[datetime]:
        """Return the moments at which the rule says something that was not yet told, in order."""
        now = self._now()
        if done.get("rule") != state["rule"]:
            new = [rule.valid_from]
        else:
            told = self._twin.first_changed(done["objects"])  # what became known since then, of which moment on
            new = [max(told, rule.valid_from)] if told else []
            new += [now] if done["of"] != state["of"] else []
        after = min([*new, parse_instant(done["upto"])] if done else new)
        changed = [moment for moment, _ in self._twin.moments(_ALL) if after < moment <= now]
        return sorted({*new, *changed})

    def _grade(self, rule: LinkRule) -> Classification:
        """Return how the rule's links are classified: as the dataset; things are decided on when they are seen."""
        if rule.to == THINGS:
            return Classification.OPEN
        return self._catalogue.dataset(rule.to).card.classification

    def _things(self, rule: LinkRule) -> list[Thing]:
        return self._sensing.things(kind=rule.thing_kind or None)

    def _ends(self, rule: LinkRule) -> Ends:
        if rule.to == THINGS:
            things = [each for each in self._things(rule) if np.isfinite(each.lon)]
            points = shapely.points([(each.lon, each.lat) for each in things] or np.empty((0, 2)))
            return Ends([f"thing:{each.id}" for each in things], np.atleast_1d(np.asarray(points, dtype=object)))
        dataset = self._catalogue.dataset(rule.to)
        if not dataset.card.key:
            raise Conflict(f"{rule.to} has no key to lead to.", where=rule.id, mend="Give its card a key.")
        relation = dataset.rows()
        wanted = [*dict.fromkeys([*dataset.card.key, rule.column if rule.way == SAME else "geometry"])]
        if lacking := [each for each in wanted if each not in {column.name for column in relation.columns}]:
            raise BadInput(f"{rule.to} has no column {lacking[0]!r}.", where=rule.id, mend="Name one that it has.")
        rows = relation.select(wanted)
        keys = zip(*(rows[each].to_pylist() for each in dataset.card.key), strict=True)
        targets = [f"row:{rule.to}/{'/'.join(map(str, key))}" for key in keys]
        if rule.way == SAME:
            return Ends(targets, values=rows[rule.column].to_pylist())
        return Ends(targets, np.asarray(shapely.from_wkb(rows["geometry"].to_pylist()), dtype=object))
