"""What is destroyed is gone from every file and every later backup, and that is proved."""

import copy
import dataclasses
import hashlib
import io
import tarfile
import threading
from pathlib import Path

import orjson
import pytest
from tests.unit.catalogue_lifecycle.conftest import ANN, BO, MARK, admit

from lifang.catalogue import EXISTING, Bilingual, Catalogue, LifeState, Search, check_certificate, check_signature
from lifang.core import BadInput, Conflict, ManualClock, NotFound, Settings, Unavailable
from lifang.signing import Signer, digest_of
from lifang.store import Store

ROWS = "code,name\n" + "".join(f"{number},{MARK}-{number}\n" for number in range(50))
BAD = f"code,name\n1,{MARK}\n,{MARK}-without-a-code\n"


@pytest.fixture
def archived(store: Store, catalogue: Catalogue, tmp_path: Path) -> Catalogue:
    columns = {"code": {"type": "integer", "required": True}, "name": {"type": "text"}}
    admit(catalogue, tmp_path, "vault", ROWS, columns=columns)
    admit(catalogue, tmp_path, "vault", BAD, columns=columns)
    admit(catalogue, tmp_path, "wells", "code,name\n1,kept\n")
    catalogue.lifecycle.move("vault", "archive", by=ANN, reason="到期")
    store.lake.tell_ducklake()
    return catalogue


def holding(folder: Path) -> list[str]:
    """Return the files below ``folder`` that hold the mark, read as bytes."""
    return [path.name for path in folder.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]


def destroy(catalogue: Catalogue) -> None:
    catalogue.lifecycle.move("vault", "ask_destruction", by=ANN, reason="保管期满")
    catalogue.lifecycle.move("vault", "destroy", by=BO, reason="同意")


def test_nothing_of_it_is_left_in_any_file_or_later_backup(store: Store, archived: Catalogue, tmp_path: Path) -> None:
    store.checkpoint()
    assert holding(store.folder)
    destroy(archived)
    assert holding(store.folder) == []
    store.backup(tmp_path / "later.tar")
    with tarfile.open(tmp_path / "later.tar") as tar:
        assert not any("vault" in name for name in tar.getnames())
    assert MARK.encode() not in (tmp_path / "later.tar").read_bytes()
    Store.restore(tmp_path / "later.tar", tmp_path / "restored")
    with Store.open(
        tmp_path / "restored", clock=ManualClock(store.ledger.records(limit=1)[0].recorded), threads=1
    ) as restored:
        assert restored.lake.release("wells", 1).count() == 1
        with pytest.raises(NotFound):
            restored.lake.release("vault", 1)


def test_others_are_read_and_written_as_before(archived: Catalogue, tmp_path: Path) -> None:
    destroy(archived)
    assert archived.dataset("wells").rows().count() == 1
    admit(archived, tmp_path, "wells", "code,name\n1,kept\n2,more\n")
    assert archived.dataset("wells").rows().count() == 2
    with pytest.raises(NotFound):
        archived.dataset("vault", states=EXISTING)
    with pytest.raises(Conflict, match="destroyed"):
        admit(archived, tmp_path, "vault", ROWS)


def test_its_certificate_tells_what_went_and_holds(store: Store, archived: Catalogue) -> None:
    destroy(archived)
    (found,) = archived.lifecycle.destructions.all()
    assert found.state == "done"
    body = found.certificate["body"]
    assert (body["asked"]["by"], body["approved"]["by"]) == ("ann", "bo")
    assert (body["rows"], len(body["releases"]), len(body["removed"])) == (51, 2, 6)
    checks = check_certificate(store, found.certificate)
    assert [each.what for each in checks if not each.ok] == []
    forged = copy.deepcopy(dict(found.certificate))
    forged["body"]["rows"] = 1
    assert not all(each.ok for each in check_certificate(store, forged))
    assert store.ledger.verify().ok


def test_its_certificate_is_signed_by_the_city_which_is_seen_without_the_city(
    store: Store, archived: Catalogue, tmp_path: Path
) -> None:
    destroy(archived)
    (found,) = archived.lifecycle.destructions.all()
    city, stranger = Signer(store.folder), Signer(tmp_path / "elsewhere")
    assert [each.ok for each in check_signature(found.certificate, [city.public])] == [True, True]
    assert [each.ok for each in check_signature(found.certificate, [stranger.public])] == [True, False]
    resealed = copy.deepcopy(dict(found.certificate))
    resealed["body"]["rows"] = 1
    resealed["sha256"] = digest_of(orjson.dumps(resealed["body"], option=orjson.OPT_SORT_KEYS).decode())
    assert [each.ok for each in check_signature(resealed, [city.public])] == [True, False]
    unsigned = {name: value for name, value in found.certificate.items() if name != "jws"}
    assert not all(each.ok for each in check_certificate(store, unsigned))
    with pytest.raises(BadInput):
        check_signature({"body": {}}, [city.public])


def test_an_original_that_another_dataset_needs_stays_and_the_certificate_says_so(
    store: Store, archived: Catalogue, tmp_path: Path
) -> None:
    admit(archived, tmp_path, "twin", ROWS)
    destroy(archived)
    (found,) = archived.lifecycle.destructions.all()
    assert list(found.certificate["body"]["kept"].values()) == ["needed by dataset:twin"]
    assert archived.dataset("twin").original().read_text("utf-8") == ROWS
    assert all(each.ok for each in check_certificate(store, found.certificate))


def test_an_original_stays_that_somebody_takes_in_while_it_is_destroyed(store: Store, archived: Catalogue) -> None:
    sha256 = hashlib.sha256(ROWS.encode()).hexdigest()
    needers: list[str] = []
    archived.lifecycle.destructions.needed_by(lambda asked: "".join(needers) if asked == sha256 else "")
    with store.blobs.lock:  # as whoever puts a file has it until what needs the file is on record
        destroying = threading.Thread(target=destroy, args=[archived])
        destroying.start()
        destroying.join(0.3)
        needers.append("model:m")
    destroying.join(30)
    (found,) = archived.lifecycle.destructions.all()
    assert list(found.certificate["body"]["kept"].values()) == ["needed by model:m"]
    assert store.blobs.exists(sha256)


def test_what_a_bureau_delivered_for_it_goes_too(store: Store, archived: Catalogue, clock: ManualClock) -> None:
    delivered = store.blobs.put(io.BytesIO(f"{MARK} as delivered".encode()), max_bytes=1000)
    now = clock.now()
    with store.registry.transaction() as tx:
        tx.insert("organisation", {"id": "bureau", "zh": "局", "en": "bureau", "created": now})
        feed = {"id": "feed", "organisation": "bureau", "dataset": "vault", "created": now, "updated": now}
        tx.insert("exchange_feed", {**feed, "active": True, "checkpoint": {"seen": {f"{MARK}.csv": [1, 2]}}})
        ends = {"feed": "feed", "organisation": "bureau", "dataset": "vault", "sha256": delivered.sha256}
        for name, state, problem in (
            ("d", "refused", {"value": MARK}),
            ("e", "admitted", None),
            ("f", "received", None),
        ):
            told = {"reference": name, "kind": "full", "name": f"{MARK}.csv", "problem": problem, "state": state}
            tx.insert("exchange_delivery", {"id": name, **ends, **told, "bytes": 1, "received": now})
            receipt = {"delivery": name, "stage": state, "kid": "k", "jws": f"{name}.{MARK}", "recorded": now}
            tx.insert("exchange_receipt", {"id": f"{name}.1", **receipt, **({} if problem else {"jws": name})})
    destroy(archived)
    assert not store.blobs.exists(delivered.sha256)
    assert holding(store.folder) == []
    assert [row["state"] for row in store.registry.find("exchange_delivery")] == ["refused", "admitted", "refused"]
    assert [row["delivery"] for row in store.registry.find("exchange_receipt")] == ["e", "f"]
    assert store.registry.get("exchange_feed", "feed")["active"] is False
    (found,) = archived.lifecycle.destructions.all()
    assert found.certificate["body"]["deliveries"][0] == {
        "id": "d", "sha256": delivered.sha256, "receipt": hashlib.sha256(f"d.{MARK}".encode()).hexdigest(),
    }  # fmt: skip


def test_what_jobs_and_the_index_tell_of_it_goes_and_earlier_backups_are_named(
    store: Store, archived: Catalogue, clock: ManualClock
) -> None:
    archived.lifecycle.move("vault", "restore", by=ANN, reason="复用")
    card = archived.dataset("vault").card
    archived.set_card(dataclasses.replace(card, summary=Bilingual("wordofthevault", "")), by=BO)
    assert archived.found(Search("wordofthevault")).ids == ["vault"]
    archived.lifecycle.move("vault", "archive", by=ANN, reason="到期")
    told = {"kind": "add_dataset", "subject": "ann", "created": clock.now(), "updated": clock.now()}
    with store.registry.transaction() as tx:
        tx.insert("job", {"id": "failed", **told, "state": "failed", "error": {"where": f"value {MARK}"},
                          "arguments": {"name": "vault.csv", "path": "spool/x"}})  # fmt: skip
        tx.insert("job", {"id": "asked", **told, "state": "done", "arguments": {"inputs": {"dataset": "vault"}},
                          "result": {"nearest": MARK}})  # fmt: skip
        tx.insert("job", {"id": "other", **told, "state": "done", "arguments": {"inputs": {"dataset": "wells"}},
                          "result": {"nearest": "kept"}})  # fmt: skip
    (store.folder / "backups").mkdir()
    store.backup(store.folder / "backups" / "before.tar")
    before = {path for path in (store.folder / "index").rglob("*.store") if b"vault" in path.read_bytes()}
    destroy(archived)
    assert {row["id"]: (row["result"] or {}).get("nearest") for row in store.registry.find("job")} == {
        "failed": None, "asked": None, "other": "kept",
    }  # fmt: skip
    assert store.registry.get("job", "failed")["error"] is None
    assert before
    assert not any(path.exists() for path in before)
    assert archived.found(Search("wordofthevault")).ids == []
    assert archived.found(Search("wells")).ids == ["wells"]
    (found,) = archived.lifecycle.destructions.all()
    assert "backups/before.tar" in found.certificate["body"]["kept"]
    assert check_certificate(store, found.certificate)[-1].ok


def test_a_legal_hold_keeps_it_until_it_is_lifted(archived: Catalogue) -> None:
    move = archived.lifecycle.move
    move("vault", "ask_destruction", by=ANN, reason="保管期满")
    move("vault", "hold", by=BO, reason="诉讼", authority="(2026)川01民初7号")
    with pytest.raises(Conflict, match="legal hold"):
        move("vault", "destroy", by=BO, reason="同意")
    (held,) = archived.lifecycle.holds("vault")
    move("vault", "lift", by=BO, reason="结案", hold=held.id)
    with pytest.raises(Conflict, match="another person"):
        move("vault", "destroy", by=ANN, reason="同意")
    assert move("vault", "destroy", by=BO, reason="同意").state is LifeState.DESTROYED


def test_what_was_asked_for_is_refused_or_lapses(archived: Catalogue) -> None:
    move = archived.lifecycle.move
    move("vault", "ask_destruction", by=ANN, reason="保管期满")
    move("vault", "refuse_destruction", by=BO, reason="仍需")
    move("vault", "ask_destruction", by=ANN, reason="再请")
    move("vault", "restore", by=BO, reason="复用")
    move("vault", "archive", by=BO, reason="再归档")
    with pytest.raises(Conflict, match="asked"):
        move("vault", "destroy", by=BO, reason="同意")
    assert {each.state for each in archived.lifecycle.destructions.all()} == {"lapsed", "refused"}


def test_one_that_was_broken_off_is_carried_out_at_the_next_start(
    store: Store, clock: ManualClock, settings: Settings, archived: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise Unavailable("The releases are being read.")

    with monkeypatch.context() as patched:
        patched.setattr(store.lake, "erase_releases", busy)
        destroy(archived)
    (found,) = archived.lifecycle.destructions.all()
    assert (found.state, found.certificate) == ("removing", None)
    again = Catalogue(store, clock, settings)
    assert [each.state for each in again.lifecycle.destructions.carry_out()] == ["done"]
    assert holding(store.folder) == []
    assert again.lifecycle.destructions.carry_out() == []
