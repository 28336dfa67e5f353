"""Consolidating only what changed comes to what consolidating all of it comes to, whatever happened before."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from lifang.catalogue import Card, Catalogue
from lifang.core import ManualClock, Settings
from lifang.guard import SYSTEM
from lifang.masterdata import MasterData
from lifang.masterdata.consolidating import Naming, Ruling, consolidate
from lifang.masterdata.duplicates import duplicates
from lifang.masterdata.golden import Golden, _by_name
from lifang.masterdata.model import SAME, kind_of
from lifang.masterdata.sayings import Sayings
from lifang.standards import complete_uscc
from lifang.store import Store

pytestmark = pytest.mark.slow

KIND = "legal_entity"
CODES = complete_uscc(["91000000"] * 7, [f"{n:08d}" for n in range(7)])
NAMES = ["甲有限公司", "甲有限责任公司", "乙（成都）公司", "乙(成都)公司", "丙厂", "丁厂", ""]
BUREAUS = ("market", "tax", "credit")
STEPS = 9


@pytest.fixture
def bureaus() -> tuple[str, ...]:
    return BUREAUS


class Told:
    """A city in which bureaus tell of firms and persons decide, by a draw."""

    def __init__(self, store: Store, clock: ManualClock, folder: Path, draw: random.Random) -> None:
        settings = Settings("t", "测", "t", "510100")
        self._store, self._clock, self._folder, self._draw = store, clock, folder, draw
        self._catalogue = Catalogue(store, clock, settings)
        self.master = MasterData(store, self._catalogue, clock, settings)
        self._said: dict[str, list[list[str]]] = {}

    def happens(self) -> str:
        """Have something happen; return what."""
        self._clock.advance(timedelta(minutes=self._draw.randint(0, 2)))
        done = self._draw.choice((self.release, self.release, self.rule, self.settle, self.settle, self.judge))
        return f"{done.__name__} {done()}"

    def release(self) -> str:
        """Have a bureau change, add, or leave out rows, some of them without a right code."""
        draw, bureau = self._draw, self._draw.choice(BUREAUS)
        rows = [row for row in self._said.get(bureau, []) if draw.random() < 0.85]
        for _ in range(draw.randint(1, 3)):
            code = draw.choice([*CODES, draw.choice(CODES).lower(), "", CODES[0][:-1] + "!"])
            rows.insert(
                draw.randint(0, len(rows)), [code, draw.choice(NAMES), draw.choice(["", "蜀汉路1号", "红星路2号"])]
            )
        self._said[bureau] = rows
        path = self._folder / f"{bureau}.csv"
        path.write_text("\n".join(["uscc,name,address", *(",".join(row) for row in rows)]) + "\n")
        card = {"id": bureau, "columns": {each: {} for each in ("uscc", "name", "address")}, "duplicates": "keep"}
        self._catalogue.add(path, card=Card.from_mapping(card), by=SYSTEM)
        if bureau not in {each.id for each in self.master.sources(KIND)}:
            self.master.put_source(bureau, KIND, bureau, {}, by=SYSTEM)
        return bureau

    def rule(self) -> str:
        """Have another precedence for an element, or none."""
        draw = self._draw
        first = draw.choice([[], ["tax"], ["newest"], ["most_complete", "market"]])
        self.master.put_rule(KIND, draw.choice(["*", "name"]), first, by=SYSTEM)
        return str(first)

    def settle(self) -> str:
        """Have a person settle a conflict, if there is one, also one that was settled."""
        found = [each for state in ("open", "settled") for each in self.master.docket.conflicts(KIND, state=state)]
        if found:
            conflict = self._draw.choice(found)
            said = self._draw.choice(conflict.said)["organisation"]
            self.master.settle_conflict(conflict.id, said, "x", by=SYSTEM)
            return f"{conflict.record} {conflict.element}"
        return ""

    def judge(self) -> str:
        """Have a person say whether records are one, if some are alike."""
        found = [each for state in ("open", "settled") for each in self.master.docket.duplicates(KIND, state=state)]
        if not found:
            return ""
        case, decision = self._draw.choice(found), self._draw.choice(["same", "same", "different"])
        self.master.settle_duplicate(
            case.id, decision, "x", kept=case.records[0] if decision == SAME else "", by=SYSTEM
        )
        return f"{case.records} {decision}"

    def all_of_it(self) -> tuple[list[tuple[str | None, ...]], set[str], set[str]]:
        """Return the records, open conflicts and open cases of duplicates that all that is said comes to."""
        standard, docket = kind_of(KIND), self.master.docket
        sayings = Sayings(self._catalogue, standard)
        told = [sayings.whole(each, sayings.newest(each)) for each in self.master.sources(KIND)]
        found = consolidate(
            standard, told, Ruling(self.master.rules(KIND), docket.merged(KIND)), naming=Naming("name", _by_name)
        )
        decided = docket.decided(KIND, found.differences)
        settled = {f"{KIND}:{record}:{element}" for record, element in decided}
        conflicts = {f"{KIND}:{each.record}:{each.element}" for each in found.differences if not each.ruled}
        found = found.decided(decided) if decided else found
        said = {case.id for case in docket.duplicates(KIND, state="settled")}
        cases = {each.id(KIND) for each in duplicates(KIND, found.records, found.keys, {}, most=100)}
        return _rows(found.records.to_pylist()), conflicts - settled, cases - said

    def kept(self) -> tuple[list[tuple[str | None, ...]], set[str], set[str]]:
        """Return the same as it is kept."""
        rows = self._catalogue.dataset("master_legal_entity").rows().select().to_pylist()
        docket = self.master.docket
        return _rows(rows), {each.id for each in docket.conflicts(KIND)}, {each.id for each in docket.duplicates(KIND)}


def _rows(rows: list[dict[str, str | None]]) -> list[tuple[str | None, ...]]:
    chosen = ("uscc", "name", "address", "sources", "address_code")
    return sorted((tuple(row.get(each) or "" for each in chosen) for row in rows), key=str)


@pytest.mark.parametrize("seed", range(2))
def test_what_changed_alone_comes_to_what_all_of_it_comes_to(
    seed: int, store: Store, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wholly = create_autospec(Golden._wholly, side_effect=Golden._wholly)
    monkeypatch.setattr(Golden, "_wholly", wholly)
    city = Told(store, clock, tmp_path, random.Random(seed))
    for bureau in BUREAUS:
        while bureau not in {each.id for each in city.master.sources(KIND)}:
            city.release()
    city.master.consolidate(KIND, by=SYSTEM)
    story, rules = [], 0
    for _ in range(STEPS):
        story.append(city.happens())
        rules += story[-1].startswith("rule")
        if story[-1].startswith(("release", "rule")):
            city.master.consolidate(KIND, by=SYSTEM)
        assert city.kept() == city.all_of_it(), story
    assert 1 <= wholly.call_count <= 1 + rules
