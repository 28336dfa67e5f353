"""Datasets are drafts, are reviewed, published, deprecated, archived; each move is decided, told and on record."""

from collections.abc import Collection
from pathlib import Path

import pytest
from tests.unit.catalogue_lifecycle.conftest import ANN, BO, admit

from lifang.catalogue import EXISTING, IN_USE, Card, Catalogue, LifeState, Search
from lifang.core import BadInput, Conflict, Denied, ManualClock, NotFound, Settings
from lifang.guard import ANONYMOUS, SYSTEM, Role, Subject
from lifang.store import Store

CARD = Card.from_mapping({"id": "wells", "name": {"zh": "水井", "en": "Wells"}, "classification": "open"})
ROWS = "code,name\n1,东井\n2,西井\n"


def ids(
    catalogue: Catalogue, text: str = "", *, states: Collection[LifeState] = IN_USE, subject: Subject = SYSTEM
) -> list[str]:
    return [each.id for each in catalogue.datasets(Search(text, states=states), subject=subject)]


def test_a_draft_has_no_release_and_is_there_for_those_who_prepare_it_only(catalogue: Catalogue) -> None:
    made = catalogue.draft(CARD, by=ANN)
    assert made.state is LifeState.DRAFT
    assert made.releases() == []
    with pytest.raises(NotFound):
        catalogue.dataset("wells")
    assert ids(catalogue) == []
    assert ids(catalogue, subject=ANONYMOUS, states=EXISTING) == []
    assert ids(catalogue, subject=ANN, states=EXISTING) == ["wells"]
    citizen = Subject("c", "c", frozenset({Role.CITIZEN, Role.ANALYST, Role.OPERATOR}))
    assert ids(catalogue, subject=citizen, states=EXISTING) == []


def test_a_file_for_a_draft_stays_a_draft_and_a_file_alone_is_published(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.draft(CARD, by=ANN)
    admit(catalogue, tmp_path, "wells", ROWS)
    admit(catalogue, tmp_path, "pumps", ROWS)
    assert ids(catalogue) == ["pumps"]
    catalogue.lifecycle.move("wells", "publish", by=ANN)
    assert sorted(ids(catalogue, subject=ANONYMOUS)) == ["pumps", "wells"]
    assert catalogue.dataset("wells").rows().count() == 2


def test_a_review_takes_a_second_person(catalogue: Catalogue) -> None:
    catalogue.draft(CARD, by=ANN)
    move = catalogue.lifecycle.move
    move("wells", "submit", by=ANN)
    with pytest.raises(Conflict, match="another person"):
        move("wells", "approve", by=ANN)
    with pytest.raises(BadInput, match="reason"):
        move("wells", "return", by=BO)
    assert move("wells", "return", by=BO, reason="标题不清").state is LifeState.DRAFT
    move("wells", "submit", by=ANN)
    assert move("wells", "approve", by=BO).state is LifeState.PUBLISHED


def test_a_city_that_reviews_begins_with_drafts(store: Store, clock: ManualClock, tmp_path: Path) -> None:
    catalogue = Catalogue(store, clock, Settings("t", "测", "t", "0", review_required=True))
    admit(catalogue, tmp_path, "wells", ROWS)
    assert ids(catalogue) == []
    with pytest.raises(Conflict, match="review"):
        catalogue.lifecycle.move("wells", "publish", by=BO)


def test_what_is_under_review_or_archived_takes_no_card_and_no_file(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.draft(CARD, by=ANN)
    catalogue.lifecycle.move("wells", "submit", by=ANN)
    with pytest.raises(Conflict, match="review"):
        catalogue.set_card(CARD, by=ANN)
    with pytest.raises(Conflict, match="review"):
        admit(catalogue, tmp_path, "wells", ROWS)
    catalogue.lifecycle.move("wells", "approve", by=BO)
    catalogue.lifecycle.move("wells", "archive", by=BO, reason="不再更新")
    with pytest.raises(Conflict, match="archived"):
        admit(catalogue, tmp_path, "wells", ROWS)
    assert catalogue.dataset("wells", states=EXISTING).releases() == []


def test_what_is_deprecated_names_another_published_dataset(catalogue: Catalogue, tmp_path: Path) -> None:
    admit(catalogue, tmp_path, "wells", ROWS)
    admit(catalogue, tmp_path, "wells_2", ROWS)
    move = catalogue.lifecycle.move
    for wrong in ("", "wells", "nothing"):
        with pytest.raises(BadInput):
            move("wells", "deprecate", by=ANN, reason="新版", successor=wrong)
    stands = move("wells", "deprecate", by=ANN, reason="新版", successor="wells_2")
    assert (stands.state, stands.life.successor) == (LifeState.DEPRECATED, "wells_2")
    assert "wells" in ids(catalogue)
    with pytest.raises(BadInput):
        move("wells_2", "deprecate", by=ANN, reason="旧版", successor="wells")


def test_who_may_not_is_refused_and_nothing_changes(catalogue: Catalogue) -> None:
    catalogue.draft(CARD, by=ANN)
    for nobody in (ANONYMOUS, Subject("o", "o", frozenset({Role.OPERATOR}))):
        with pytest.raises(Denied):
            catalogue.lifecycle.move("wells", "publish", by=nobody)
    assert catalogue.lifecycle.standing("wells").state is LifeState.DRAFT


def test_every_move_is_in_the_ledger_and_in_the_log_of_changes(store: Store, catalogue: Catalogue) -> None:
    heard = []
    catalogue.changes.on_change(heard.append)
    catalogue.draft(CARD, by=ANN)
    catalogue.lifecycle.move("wells", "publish", by=ANN)
    catalogue.lifecycle.move("wells", "archive", by=BO, reason="完")
    told = [record.entry for record in store.ledger.records(resource="dataset:wells")]
    assert [(each.subject, each.action) for each in told] == [("ann", "draft"), ("ann", "publish"), ("bo", "archive")]
    assert told[-1].detail == {"from": "published", "to": "archived", "reason": "完"}
    kept = catalogue.changes.after(0)
    assert kept == heard
    assert [(each.kind, each.is_for_readers) for each in kept] == [
        ("draft", False),
        ("publish", True),
        ("archive", True),
    ]


def test_the_catalogue_reads_lives_anew_as_it_left_them(
    store: Store, clock: ManualClock, settings: Settings, catalogue: Catalogue, tmp_path: Path
) -> None:
    catalogue.draft(CARD, by=ANN)
    admit(catalogue, tmp_path, "pumps", ROWS)
    catalogue.lifecycle.move("pumps", "hold", by=BO, reason="诉讼", authority="(2026)川01民初7号")
    again = Catalogue(store, clock, settings)
    assert ids(again) == ["pumps"]
    for dataset in ("wells", "pumps"):
        found = [each.dataset(dataset, states=EXISTING).standing for each in (catalogue, again)]
        assert found[0] == found[1]


@pytest.mark.parametrize(
    ("card", "grade", "until"),
    [
        ("P1M", "open", "2026-02-28T04:00:00+00:00"),
        ("", "restricted", "2036-01-31T04:00:00+00:00"),
        ("", "open", None),
        ("permanent", "restricted", None),
    ],
)
def test_data_are_kept_by_the_card_else_by_the_classification(
    catalogue: Catalogue, tmp_path: Path, card: str, grade: str, until: str | None
) -> None:
    admit(catalogue, tmp_path, "wells", ROWS, retention=card, classification=grade)
    found = catalogue.retained_until("wells")
    assert (found.isoformat() if found else None) == until


@pytest.mark.parametrize("wrong", ["P", "10Y", "PT1H", "forever"])
def test_a_retention_that_is_no_time_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput) as refused:
        Card.from_mapping({"id": "x", "retention": wrong})
    assert refused.value.where == "retention"


def test_a_new_draft_takes_a_free_id_and_an_amended_card_one_that_is_there(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound):
        catalogue.set_card(CARD, by=ANN)
    catalogue.draft(CARD, by=ANN)
    with pytest.raises(Conflict):
        catalogue.draft(CARD, by=ANN)
    with pytest.raises(Denied):
        catalogue.draft(Card.from_mapping({"id": "other"}), by=ANONYMOUS)
    amended = Card.from_mapping({**CARD.to_mapping(), "name": {"zh": "井", "en": "Well"}})
    assert catalogue.set_card(amended, by=ANN).card.name.zh == "井"
    assert ids(catalogue, "井", subject=SYSTEM, states=EXISTING) == ["wells"]
