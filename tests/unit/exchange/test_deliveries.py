import threading
from pathlib import Path

import pytest
from tests.unit.exchange.conftest import CARD, FULL

from lifang.catalogue import EXISTING, Card, Catalogue
from lifang.core import BadInput, Conflict, Denied, NotFound, Unavailable
from lifang.exchange import Exchange, FeedSpec, Manifest, inbox
from lifang.guard import SYSTEM, Action, Role, Subject, decide
from lifang.store import Store

pytestmark = pytest.mark.slow

CLERK = Subject("clerk", "clerk", frozenset({Role.ANALYST}), "water")
OTHER = Subject("other", "other", frozenset({Role.ANALYST}), "housing")


def rows(catalogue: Catalogue) -> list[tuple[str, int]]:
    found = catalogue.dataset("permits").rows().select(["code", "n"]).to_pylist()
    return [(each["code"], each["n"]) for each in found]


def test_a_whole_file_is_received_reconciled_and_admitted(send, catalogue: Catalogue) -> None:
    done = send(FULL + "d,-1,2026-01-04\n", rows=4)
    assert (done.state, done.release, done.problem) == ("admitted", "permits@1", None)
    assert dict(done.counts) == {
        "declared": 4, "received": 4, "superseded": 0, "admitted": 3, "refused": 1, "in_release": 3, "balanced": True,
    }  # fmt: skip
    assert rows(catalogue) == [("a", 1), ("b", 2), ("c", 3)]


_PLAN = """\
id = "permit"
edition = 1
title_zh = "许可"
title_en = "Permits"
kind = "department"
theme = "other"
source = "the water bureau's own"

[elements.code]
zh = "编号"
en = "code"
definition_zh = "编号"
definition_en = "code"
type = "text"
key = true
required = true
source = "the water bureau's own"

[elements.n]
zh = "数量"
en = "number"
definition_zh = "数量"
definition_en = "number"
type = "integer"
minimum = 0
source = "the water bureau's own"
"""


def test_what_a_feed_brings_keeps_to_the_card_and_the_standard_of_a_draft(
    send, exchange: Exchange, catalogue: Catalogue
) -> None:
    catalogue.standards.add(_PLAN, by=SYSTEM)
    card = {"id": "plans", "name": {"zh": "规划", "en": "Plans"}, "classification": "restricted"}
    catalogue.draft(Card.from_mapping({**card, "standard": "permit@1", "key": ["code"]}), by=SYSTEM)
    spec = {"id": "plans", "organisation": "water", "dataset": "plans"}
    exchange.put_feed(FeedSpec.from_mapping(spec), by=SYSTEM)
    done = send("编号,数量\na,1\nb,many\nc,-1\n", to="plans")
    assert (done.state, done.counts["admitted"], done.counts["refused"]) == ("admitted", 1, 2)
    kept = catalogue.dataset("plans", states=EXISTING)
    assert (kept.card.name.en, kept.card.classification, kept.card.standard) == ("Plans", "restricted", "permit@1")
    assert kept.state == "draft"
    assert send("编号,数量\na,1\nb,2\n", to="plans").counts["in_release"] == 2
    assert send("code,number\na,1\nb,2\nc,3\n", to="plans").counts["in_release"] == 3, "by any of its names"
    drift = send("编号,n_of\na,1\n", to="plans")
    assert drift.problem is not None
    assert [(each["kind"], each["column"]) for each in drift.problem["differences"]] == [
        ("missing", "数量 (n)"), ("added", "n_of"),
    ]  # fmt: skip
    assert [each["column"] for each in send("数量\n1\n", to="plans").problem["differences"]] == ["编号 (code)"]


def test_changes_by_key_are_carried_out_in_their_order(send, exchange: Exchange, catalogue: Catalogue) -> None:
    send(FULL)
    changes = (
        "操作,编号,n,day\n新增,d,4,2026-01-04\n修改,b,20,2026-01-02\nD,d,,\nu,c,x,2026-01-03\ndelete,q,,\nU,b,21,2026-01-02\n"
        "d,a,,\nu,,1,2026-01-01\nu,zz\n"
    )
    done = send(changes, kind="incremental", rows=9)
    assert (done.state, done.release) == ("admitted", "permits@2")
    assert rows(catalogue) == [("b", 21), ("c", 3)]
    assert done.counts["inserted"] == 0
    assert {name: done.counts[name] for name in ("updated", "deleted", "superseded", "refused", "in_release")} == {
        "updated": 1, "deleted": 1, "superseded": 2, "refused": 5, "in_release": 2,
    }  # fmt: skip
    assert done.counts["balanced"]
    cells = exchange.refused(done.id).select().to_pylist()
    assert [(each["row"], each["rule"]) for each in cells] == [
        (4, "unknown_key"), (5, "type"), (6, "unknown_key"), (9, "required"), (10, "columns"),
    ]  # fmt: skip


def test_the_same_delivery_again_is_the_one_that_came_before(send, exchange: Exchange) -> None:
    first = send(FULL, reference="2026-001")
    again = send(FULL, reference="2026-001")
    assert again == first
    with pytest.raises(Conflict, match="something else"):
        send(FULL + "d,1,2026-01-01\n", reference="2026-001")
    assert len(exchange.deliveries()) == 1
    assert send(FULL).reference == first.sha256


def test_content_that_is_not_what_was_declared_is_refused_at_once(send, exchange: Exchange) -> None:
    with pytest.raises(BadInput, match="SHA-256 differs"):
        send(FULL, sha256="0" * 64)
    assert exchange.deliveries() == []


def test_rows_that_are_missing_are_noticed_and_nothing_is_published(send, catalogue: Catalogue) -> None:
    done = send(FULL, rows=4)
    assert (done.state, done.counts["received"]) == ("refused", 3)
    assert done.problem is not None
    assert done.problem["detail"] == "4 rows were declared, 3 came."
    with pytest.raises(NotFound):
        catalogue.dataset("permits")


def test_columns_that_drifted_are_refused_with_what_differs(send, catalogue: Catalogue) -> None:
    send(FULL)
    body = "".join(f"k{number},many,x\n" for number in range(12))
    done = send("编号,n,days,more\n" + body.replace("\n", ",1\n"))
    assert done.state == "refused"
    assert done.problem is not None
    assert done.problem["rule"] == "drift"
    found = [(each["kind"], each["column"], each["expected"], each["found"]) for each in done.problem["differences"]]
    assert found == [
        ("missing", "day", "", "days"),
        ("added", "days", "", ""),
        ("added", "more", "", ""),
        ("type", "n", "integer", "many"),
    ]
    assert len(catalogue.dataset("permits").releases()) == 1
    assert send("day,n,编号\n2026-01-01,1,a\n").state == "admitted", "another order is no drift"


def test_a_few_bad_cells_are_no_drift(send) -> None:
    assert send("编号,n,day\na,one,2026-01-01\nb,2,2026-01-02\n").counts["refused"] == 1


def test_a_file_of_which_nothing_can_be_admitted_says_why(send) -> None:
    for text in (b"\x00\x01", "编号,n,day\na,x,y\n", "编号,n,day\n"):
        done = send(text)
        assert done.state == "refused"
        assert done.problem is not None
        assert done.problem["detail"]
    assert (
        send("编号,n,day\na,1,2026-01-01\n", kind="incremental").problem["detail"] == "There is no dataset 'permits'."
    )
    send(FULL)
    bad = send("_change,编号,n,day\nburn,a,1,2026-01-01\n", kind="incremental")
    assert bad.problem["where"] == "row 2"


def test_a_bureau_reaches_its_own_inbox_and_no_other(send, exchange: Exchange, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(FULL)
    mine = exchange.receive("water-permits", path, name="x.csv", manifest=Manifest(), by=CLERK)
    assert mine.subject == "clerk"
    with pytest.raises(Denied):
        exchange.receive("water-permits", path, name="x.csv", manifest=Manifest(), by=OTHER)
    assert decide(CLERK, Action.READ, inbox("water")).allowed
    assert not decide(CLERK, Action.MANAGE, inbox("water")).allowed
    assert not decide(OTHER, Action.READ, inbox("water")).allowed
    assert not decide(Subject("x", "x", frozenset({Role.ANALYST})), Action.READ, inbox("")).allowed
    with pytest.raises(Denied):
        exchange.put_feed(exchange.feed("water-permits").spec, by=CLERK)
    officer = Subject("o", "o", frozenset({Role.DATA_OFFICER}))
    exchange.put_feed(exchange.feed("water-permits").spec, by=officer)
    reaching = {**exchange.feed("water-permits").spec.to_mapping(), "source": {"kind": "folder", "path": "in"}}
    with pytest.raises(Denied):
        exchange.put_feed(FeedSpec.from_mapping(reaching), by=officer)


def test_a_feed_that_rests_takes_nothing_and_a_full_inbox_says_so(send, exchange: Exchange, monkeypatch) -> None:
    exchange.set_active("water-permits", False, by=SYSTEM)
    with pytest.raises(Conflict, match="rests"):
        send(FULL)
    exchange.set_active("water-permits", True, by=SYSTEM)
    monkeypatch.setattr("lifang.exchange.exchange._WAITING_MAX", 1)
    send(FULL, settle=False)
    with pytest.raises(Unavailable, match="wait already"):
        send(FULL + "d,4,2026-01-04\n")


def test_one_bureaus_batch_never_holds_up_anothers(send, feed, exchange: Exchange, monkeypatch) -> None:
    feed(organisation="housing")
    held, inside = threading.Event(), threading.Event()
    add = Catalogue.add

    def slow(self: Catalogue, *args: object, **more: object) -> object:
        if more["card"].id == "permits":  # type: ignore[attr-defined]
            inside.set()
            held.wait(20)
        return add(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Catalogue, "add", slow)
    exchange.start()
    stuck = send(FULL, settle=False)
    behind = send(FULL + "d,4,2026-01-04\n", settle=False)
    assert inside.wait(20)
    other = send(FULL, to="housing-permits", settle=False)
    assert exchange.wait(other.id, timeout_s=20).state == "admitted"
    assert {exchange.delivery(each.id).state for each in (stuck, behind)} == {"received"}
    held.set()
    assert exchange.wait(behind.id, timeout_s=20).release == "permits@2"


def test_what_waits_is_settled_after_a_restart_and_once_only(
    send, store: Store, catalogue: Catalogue, clock, settings, exchange: Exchange, tmp_path: Path
) -> None:
    send(FULL)
    changes = "编号,n,day\na,10,2026-01-01\nd,4,2026-01-04\n"
    waiting = send(changes, kind="incremental", settle=False)
    done = exchange._settler.settle(waiting, exchange.feed("water-permits"))
    exchange.close()
    again = Exchange(store, catalogue, clock, settings, folder=tmp_path)
    again.start()
    found = again.wait(waiting.id, timeout_s=20)
    again.close()
    assert (found.release, dict(found.counts)) == ("permits@2", dict(done.counts))
    assert len(catalogue.dataset("permits").releases()) == 2


def test_an_unknown_bureau_or_a_wrong_feed_is_told(exchange: Exchange, feed) -> None:
    with pytest.raises(NotFound, match="no organisation"):
        feed(organisation="nobody")
    for wrong, where in (
        ({"source": {"kind": "ftp"}}, "source"),
        ({"id": "Not A Slug"}, "id"),
        ({"card": {**CARD, "id": "other"}}, "card.id"),
        ({"more": 1}, "more"),
    ):
        spec = {"id": "f", "organisation": "water", "dataset": "permits", **wrong}
        with pytest.raises(BadInput) as caught:
            FeedSpec.from_mapping(spec)
        assert caught.value.where == where
    for manifest in ({"kind": "half"}, {"rows": -1}, {"reference": "a\nb"}, {"size": 1}, []):
        with pytest.raises(BadInput):
            Manifest.from_mapping(manifest)
