"""Log-in, waiting times and sessions."""

from datetime import timedelta
from threading import Thread

import pytest

from lifang.core import ManualClock, Unauthenticated
from lifang.guard import SYSTEM, Role
from lifang.identity import Identity, Passwords
from lifang.identity.model import digest
from lifang.store import Store

GOOD = "three rivers meet at Leshan"


@pytest.fixture(autouse=True)
def libai(identity: Identity) -> str:
    return identity.add_person("libai", GOOD, roles=["analyst"], by=SYSTEM).id


def fault(identity: Identity, name: str, password: str) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        identity.log_in(name, password)
    return str(refusal.value)


def test_a_session_tells_who_is_asking_until_it_expires(identity: Identity, clock: ManualClock) -> None:
    session = identity.log_in(" LiBai", GOOD)
    assert session.expires == clock.now() + timedelta(hours=1)
    assert identity.subject_of_session(session.token) == session.subject
    assert session.subject.roles == {Role.ANALYST}
    clock.advance(timedelta(minutes=59, seconds=59))
    identity.subject_of_session(session.token)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Unauthenticated, match="ended"):
        identity.subject_of_session(session.token)


def test_a_session_has_the_roles_of_now(identity: Identity, libai: str) -> None:
    session = identity.log_in("libai", GOOD)
    identity.set_roles(libai, ["citizen"], by=SYSTEM)
    assert identity.subject_of_session(session.token).roles == {Role.CITIZEN}


def test_the_token_is_256_bits_kept_only_as_its_hash_and_never_shown(identity: Identity, store: Store) -> None:
    session = identity.log_in("libai", GOOD)
    assert len(session.token) == 43
    assert session.token not in repr(session)
    assert [row["id"] for row in store.registry.find("session")] == [digest(session.token)]
    assert session.token != identity.log_in("libai", GOOD).token


def test_log_out_ends_that_session_only(identity: Identity) -> None:
    one, two = identity.log_in("libai", GOOD), identity.log_in("libai", GOOD)
    identity.log_out(one.token)
    identity.log_out(one.token)
    identity.log_out("no such thing")
    with pytest.raises(Unauthenticated):
        identity.subject_of_session(one.token)
    assert identity.subject_of_session(two.token) == two.subject


def test_expired_sessions_are_swept_at_the_next_log_in(identity: Identity, clock: ManualClock, store: Store) -> None:
    identity.log_in("libai", GOOD)
    clock.advance(timedelta(hours=2))
    identity.log_in("libai", GOOD)
    assert store.registry.count("session") == 1


def test_log_ins_and_failures_are_in_the_ledger_without_secrets(identity: Identity, store: Store, libai: str) -> None:
    identity.log_out(identity.log_in("libai", GOOD).token)
    fault(identity, "libai", "wrong wrong wrong")
    fault(identity, "my password by mistake", "wrong wrong wrong")
    told = [(each.entry.action, each.entry.resource, each.entry.outcome) for each in store.ledger.records()][1:]
    assert told == [
        ("log_in", f"person:{libai}", "allowed"),
        ("log_out", f"person:{libai}", "allowed"),
        ("log_in", f"person:{libai}", "denied"),
        ("log_in", "person:unknown", "denied"),
    ]
    assert "mistake" not in str(store.ledger.records())


def test_unknown_names_and_wrong_passwords_read_alike(identity: Identity) -> None:
    for name in ("libai", "nobody", "", "\ud800", "a\0b", "x" * 10_000):
        faults = [fault(identity, name, "wrong wrong wrong") for _ in range(7)]
        assert set(faults[:5]) == {"Name and password do not match. To mend: Check both and try again."}
        assert set(faults[5:]) == {"Too many failed attempts with this name. To mend: Wait 30 s and try again."}


def test_unknown_names_cost_one_hash_too(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    verify = Passwords.verify

    def counted(self: Passwords, password: str, kept: str | None) -> bool:
        asked.append(kept is None)
        return verify(self, password, kept)

    monkeypatch.setattr(Passwords, "verify", counted)
    fault(identity, "libai", "wrong wrong wrong")
    fault(identity, "nobody", "wrong wrong wrong")
    assert asked == [False, True]


def test_waiting_grows_and_is_forgotten_after_success(identity: Identity, clock: ManualClock) -> None:
    waits = []
    for _ in range(5):
        fault(identity, "libai", "wrong wrong wrong")
    for _ in range(7):
        waits.append(int(fault(identity, "libai", GOOD).split("Wait ")[1].split(" s")[0]))
        clock.advance(timedelta(seconds=waits[-1]))
        fault(identity, "libai", "wrong wrong wrong")
    assert waits == [30, 60, 120, 240, 480, 900, 900]
    clock.advance(timedelta(minutes=15))
    identity.log_in("libai", GOOD)
    for _ in range(5):
        assert "do not match" in fault(identity, "libai", "wrong wrong wrong")


def test_failures_of_another_name_do_not_lock_this_one(identity: Identity) -> None:
    for _ in range(6):
        fault(identity, "nobody", "wrong wrong wrong")
    identity.log_in("libai", GOOD)


def test_guesses_at_the_same_time_all_count(identity: Identity) -> None:
    faults: list[str] = []
    threads = [Thread(target=lambda: faults.append(fault(identity, "libai", "wrong wrong wrong"))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("do not match" in each for each in faults) == 5


def test_a_hash_of_older_parameters_is_renewed_at_log_in(identity: Identity, store: Store, clock: ManualClock) -> None:
    dearer = Identity(store, clock, passwords=Passwords(time_cost=2, memory_kib=64, lanes=1))
    dearer.log_in("libai", GOOD)
    assert "t=2" in store.registry.find("person")[0]["password_hash"]
    identity.log_in("libai", GOOD)
