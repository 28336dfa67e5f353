"""People and organisations."""

import pytest

from lifang.core import BadInput, Conflict, Denied, NotFound, Unauthenticated
from lifang.guard import ANONYMOUS, SYSTEM, Role
from lifang.identity import Identity
from lifang.store import Store

GOOD = "three rivers meet at Leshan"


def actions(store: Store) -> list[str]:
    return [record.entry.action for record in store.ledger.records()]


def test_a_person_is_kept_with_a_hash_and_told_in_the_ledger(identity: Identity, store: Store) -> None:
    person = identity.add_person("Du.Fu", GOOD, roles=["analyst"], by=SYSTEM, display_name="杜甫")
    assert identity.people() == [person]
    assert identity.person("DU.FU") == identity.person(person.id) == person
    assert (person.name, person.display_name, person.roles) == ("du.fu", "杜甫", {Role.ANALYST})
    row = store.registry.get("person", person.id)
    assert row is not None
    assert row["password_hash"].startswith("$argon2id$v=19$m=64,t=1,p=1$")
    record = store.ledger.records()[-1]
    assert (record.entry.subject, record.entry.action) == ("system", "add_person")
    assert record.entry.resource == f"person:{person.id}"
    assert GOOD not in str(store.ledger.records())


def test_names_that_cannot_be_typed_are_refused(identity: Identity) -> None:
    for name in ("", " ", "a", "a b", "-ab", "ab.", "x" * 65, "a\0b", "a\nb", "<b>", "\ud800\ud800"):
        with pytest.raises(BadInput, match="log-in name"):
            identity.add_person(name, GOOD, roles=[], by=SYSTEM)


def test_a_name_is_taken_in_every_spelling(identity: Identity) -> None:
    identity.add_person("libai", GOOD, roles=[], by=SYSTEM)
    for twin in ("libai", "LiBai", " libai ", "ｌｉｂａｉ"):
        with pytest.raises(Conflict, match="taken"):
            identity.add_person(twin, GOOD, roles=[], by=SYSTEM)
    assert len(identity.people()) == 1


def test_unknown_roles_and_organisations_are_refused(identity: Identity) -> None:
    with pytest.raises(BadInput, match="data_officer"):
        identity.add_person("libai", GOOD, roles=["emperor"], by=SYSTEM)
    with pytest.raises(BadInput, match="no organisation"):
        identity.add_person("libai", GOOD, roles=[], by=SYSTEM, organisation="tang")
    assert identity.people() == []


def test_an_organisation_has_people(identity: Identity, store: Store) -> None:
    body = identity.add_organisation("planning", zh="规划局", en="Planning bureau", by=SYSTEM)
    assert identity.organisations() == [body]
    person = identity.add_person("libai", GOOD, roles=["analyst"], by=SYSTEM, organisation="planning")
    assert person.subject().organisation == "planning"
    with pytest.raises(Conflict):
        identity.add_organisation("planning", zh="规划局", en="Planning bureau", by=SYSTEM)
    assert actions(store) == ["add_organisation", "add_person"]


def test_only_administrators_manage_people(identity: Identity) -> None:
    analyst = identity.add_person("libai", GOOD, roles=["analyst"], by=SYSTEM)
    with pytest.raises(Denied, match="administrator"):
        identity.add_person("dufu", GOOD, roles=[], by=analyst.subject())
    with pytest.raises(Denied):
        identity.set_roles(analyst.id, ["administrator"], by=analyst.subject())
    with pytest.raises(Denied):
        identity.deactivate(analyst.id, by=analyst.subject())
    with pytest.raises(Unauthenticated):
        identity.add_organisation("planning", zh="规划局", en="Planning", by=ANONYMOUS)


def test_the_last_administrator_stays(identity: Identity) -> None:
    admin = identity.first_administrator(GOOD)
    assert admin is not None
    assert identity.first_administrator(GOOD) is None
    with pytest.raises(Conflict, match="last administrator"):
        identity.set_roles(admin.id, ["citizen"], by=SYSTEM)
    with pytest.raises(Conflict, match="last administrator"):
        identity.deactivate(admin.id, by=SYSTEM)
    other = identity.add_person("libai", GOOD, roles=["administrator"], by=admin.subject())
    assert not identity.deactivate(admin.id, by=other.subject()).active
    with pytest.raises(Conflict, match="last administrator"):
        identity.set_roles(other.id, [], by=other.subject())


def test_roles_change_with_their_before_and_after_in_the_ledger(identity: Identity, store: Store) -> None:
    person = identity.add_person("libai", GOOD, roles=["citizen"], by=SYSTEM)
    assert identity.set_roles(person.id, ["operator", "analyst"], by=SYSTEM).roles == {Role.OPERATOR, Role.ANALYST}
    assert store.ledger.records()[-1].entry.detail == {"before": ["citizen"], "after": ["analyst", "operator"]}


def test_a_person_sets_their_own_password_and_nobody_elses(identity: Identity) -> None:
    one = identity.add_person("libai", GOOD, roles=["citizen"], by=SYSTEM)
    two = identity.add_person("dufu", GOOD, roles=["citizen"], by=SYSTEM)
    session = identity.log_in("libai", GOOD)
    identity.set_password(one.id, "moonlight before my bed", by=one.subject())
    with pytest.raises(Unauthenticated):
        identity.subject_of_session(session.token)
    with pytest.raises(Unauthenticated):
        identity.log_in("libai", GOOD)
    assert identity.log_in("libai", "moonlight before my bed").subject == one.subject()
    with pytest.raises(Denied):
        identity.set_password(two.id, "moonlight before my bed", by=one.subject())


def test_who_is_deactivated_can_do_nothing(identity: Identity) -> None:
    person = identity.add_person("libai", GOOD, roles=["analyst"], by=SYSTEM)
    session = identity.log_in("libai", GOOD)
    token, secret = identity.issue_token(person.id, "notebook", by=person.subject())
    identity.deactivate(person.id, by=SYSTEM)
    with pytest.raises(Unauthenticated):
        identity.subject_of_session(session.token)
    with pytest.raises(Unauthenticated):
        identity.subject_of_token(secret)
    with pytest.raises(Unauthenticated):
        identity.log_in("libai", GOOD)
    assert identity.tokens(person.id)[0].revoked is not None
    assert token.revoked is None


def test_nobody_is_not_found(identity: Identity) -> None:
    for call in (
        lambda: identity.person("nobody"),
        lambda: identity.set_roles("nobody", [], by=SYSTEM),
        lambda: identity.set_password("nobody", GOOD, by=SYSTEM),
        lambda: identity.deactivate("nobody", by=SYSTEM),
    ):
        with pytest.raises(NotFound, match="nobody"):
            call()
