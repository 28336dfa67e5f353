"""Bearer tokens for machines."""

from datetime import timedelta

import pytest

from lifang.core import BadInput, Denied, ManualClock, NotFound, Unauthenticated
from lifang.guard import SYSTEM, Role
from lifang.identity import Identity, Person
from lifang.identity.model import digest
from lifang.store import Store

GOOD = "three rivers meet at Leshan"


@pytest.fixture
def libai(identity: Identity) -> Person:
    return identity.add_person("libai", GOOD, roles=["analyst", "operator"], by=SYSTEM)


def test_a_token_acts_for_its_person_with_its_roles_only(identity: Identity, libai: Person, store: Store) -> None:
    token, secret = identity.issue_token(libai.id, "gateway", roles=["operator"], by=libai.subject())
    assert secret.startswith("lfg_")
    assert len(secret) == 47
    subject = identity.subject_of_token(secret)
    assert (subject.id, subject.name, subject.roles) == (libai.id, "libai (gateway)", {Role.OPERATOR})
    row = store.registry.get("token", token.id)
    assert row is not None
    assert row["hash"] == digest(secret)
    assert secret not in str([*store.ledger.records(), *row.values(), token])


def test_a_token_has_no_role_that_its_person_lacks(identity: Identity, libai: Person) -> None:
    with pytest.raises(BadInput, match="libai is not administrator"):
        identity.issue_token(libai.id, "x", roles=["administrator"], by=SYSTEM)
    _, secret = identity.issue_token(libai.id, "all", by=SYSTEM)
    identity.set_roles(libai.id, ["analyst"], by=SYSTEM)
    assert identity.subject_of_token(secret).roles == {Role.ANALYST}


def test_a_token_ends_when_it_expires(identity: Identity, libai: Person, clock: ManualClock) -> None:
    _, secret = identity.issue_token(libai.id, "day", by=SYSTEM, expires=clock.now() + timedelta(days=1))
    identity.subject_of_token(secret)
    clock.advance(timedelta(days=1))
    with pytest.raises(Unauthenticated):
        identity.subject_of_token(secret)
    with pytest.raises(BadInput, match="expired"):
        identity.issue_token(libai.id, "late", by=SYSTEM, expires=clock.now())


def test_a_token_ends_when_it_is_revoked(identity: Identity, libai: Person, store: Store) -> None:
    token, secret = identity.issue_token(libai.id, "x", by=SYSTEM)
    assert identity.revoke_token(token.id, by=libai.subject()).revoked is not None
    identity.revoke_token(token.id, by=SYSTEM)
    with pytest.raises(Unauthenticated):
        identity.subject_of_token(secret)
    told = [record.entry.action for record in store.ledger.records()]
    assert told == ["add_person", "issue_token", "revoke_token"]


def test_others_manage_no_tokens_of_mine(identity: Identity, libai: Person) -> None:
    other = identity.add_person("dufu", GOOD, roles=["analyst"], by=SYSTEM).subject()
    token, secret = identity.issue_token(libai.id, "x", by=SYSTEM)
    with pytest.raises(Denied):
        identity.issue_token(libai.id, "y", by=other)
    with pytest.raises(Denied):
        identity.revoke_token(token.id, by=other)
    with pytest.raises(Denied):
        identity.revoke_token("token_none", by=other)
    with pytest.raises(NotFound):
        identity.revoke_token("token_none", by=SYSTEM)
    identity.subject_of_token(secret)


def test_what_is_no_token_is_nobody(identity: Identity, libai: Person) -> None:
    identity.issue_token(libai.id, "x", by=SYSTEM)
    for secret in ("", "lfg_", "lfg_" + "A" * 43, "A" * 47, "lfg_" + "\ud800" * 43, "lfg_" + "\0" * 43):
        with pytest.raises(Unauthenticated, match="not valid"):
            identity.subject_of_token(secret)


def test_a_token_needs_a_readable_label(identity: Identity, libai: Person) -> None:
    for label in ("", " ", "x" * 101, "a\nb", "\ud800"):
        with pytest.raises(BadInput, match="printable"):
            identity.issue_token(libai.id, label, by=SYSTEM)


def test_tokens_are_listed_by_person(identity: Identity, libai: Person) -> None:
    token, _ = identity.issue_token(libai.id, "x", by=SYSTEM)
    assert identity.tokens(libai.id) == identity.tokens() == [token]
    assert identity.tokens("nobody") == []
