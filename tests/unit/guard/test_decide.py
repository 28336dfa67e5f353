"""The decision function, row by row."""

import pytest

from lifang.core import Denied, Unauthenticated
from lifang.guard import (
    ANONYMOUS,
    RULES,
    SYSTEM,
    Action,
    Classification,
    Resource,
    Role,
    Subject,
    decide,
    is_public,
    require,
)

OPEN = Resource("dataset", "districts")
SHARED = Resource("dataset", "wells", Classification.SHARED)
RESTRICTED = Resource("dataset", "patients", Classification.RESTRICTED)


def someone(*roles: Role) -> Subject:
    return Subject("person_1", "Wu", frozenset(roles))


WHO = {"anonymous": ANONYMOUS} | {role.value: someone(role) for role in Role}

# subject: the (action, resource) pairs that differ from "denied"
ALLOWED = [
    ("anonymous", Action.READ, OPEN),
    ("anonymous", Action.QUERY, OPEN),
    ("anonymous", Action.EXPORT, OPEN),
    ("citizen", Action.READ, OPEN),
    ("analyst", Action.READ, SHARED),
    ("analyst", Action.QUERY, SHARED),
    ("analyst", Action.EXPORT, SHARED),
    ("analyst", Action.RUN, Resource("scene", "air")),
    ("analyst", Action.RUN, Resource("job")),
    ("operator", Action.READ, SHARED),
    ("operator", Action.HANDLE, Resource("alert", "a1", Classification.SHARED)),
    ("operator", Action.RUN, Resource("scene", "air")),
    ("operator", Action.RUN, Resource("replay")),
    ("operator", Action.OBSERVE, Resource("datastream", "s.pm2.5")),
    ("data_officer", Action.ADMIT, RESTRICTED),
    ("data_officer", Action.AUDIT, Resource("ledger")),
    ("administrator", Action.MANAGE, Resource("person")),
    ("administrator", Action.OPERATE, Resource("backup")),
    ("administrator", Action.AUDIT, Resource("ledger")),
    ("administrator", Action.RUN, Resource("replay")),
    ("administrator", Action.OBSERVE, Resource("observation")),
    ("administrator", Action.ADMIT, OPEN),
    ("administrator", Action.HANDLE, Resource("alert")),
]
DENIED = [
    ("anonymous", Action.READ, SHARED),
    ("anonymous", Action.READ, Resource("person")),
    ("anonymous", Action.READ, Resource("ledger")),
    ("anonymous", Action.READ, Resource("job")),
    ("anonymous", Action.OBSERVE, Resource("observation")),
    ("anonymous", Action.RUN, Resource("scene")),
    ("citizen", Action.READ, SHARED),
    ("citizen", Action.MANAGE, Resource("token", "person_1")),
    ("analyst", Action.OBSERVE, Resource("observation")),
    ("analyst", Action.HANDLE, Resource("alert")),
    ("analyst", Action.RUN, Resource("replay")),
    ("analyst", Action.ADMIT, OPEN),
    ("operator", Action.EXPORT, SHARED),
    ("operator", Action.QUERY, SHARED),
    ("operator", Action.AUDIT, Resource("ledger")),
    ("data_officer", Action.MANAGE, Resource("person")),
    ("data_officer", Action.OPERATE, Resource("backup")),
    ("data_officer", Action.QUERY, RESTRICTED),
    ("administrator", Action.READ, Resource("spaceship")),
]


@pytest.mark.parametrize(("who", "action", "resource"), ALLOWED)
def test_what_the_table_allows(who: str, action: Action, resource: Resource) -> None:
    decision = decide(WHO[who], action, resource)
    assert decision.allowed
    assert decision.reasons[0].endswith(".")
    assert decision.rule in {rule.id for rule in RULES}


@pytest.mark.parametrize(("who", "action", "resource"), DENIED)
def test_what_no_rule_allows_is_denied(who: str, action: Action, resource: Resource) -> None:
    assert not decide(WHO[who], action, resource, "flood relief").allowed


@pytest.mark.parametrize("who", ["data_officer", "administrator"])
@pytest.mark.parametrize("action", [Action.READ, Action.EXPORT])
def test_restricted_data_needs_a_purpose(who: str, action: Action) -> None:
    assert decide(WHO[who], action, RESTRICTED, "case 17").allowed
    denied = decide(WHO[who], action, RESTRICTED)
    assert not denied.allowed
    assert denied.reasons[-1] == "No purpose was stated."
    assert "个人信息保护法 Art. 6" in denied.law


@pytest.mark.parametrize("purpose", ["", "   ", "x", "x" * 201])
def test_a_blank_or_endless_purpose_does_not_count(purpose: str) -> None:
    assert not decide(WHO["data_officer"], Action.READ, RESTRICTED, purpose).allowed


@pytest.mark.parametrize("who", ["citizen", "analyst", "operator", "data_officer"])
def test_a_person_sets_their_own_password_and_no_other(who: str) -> None:
    assert decide(WHO[who], Action.MANAGE, Resource("password", "person_1")).allowed
    assert not decide(WHO[who], Action.MANAGE, Resource("password", "person_2")).allowed
    assert not decide(WHO[who], Action.MANAGE, Resource("password")).allowed


def test_roles_that_an_anonymous_subject_claims_do_not_count() -> None:
    liar = Subject(ANONYMOUS.id, "x", frozenset(Role))
    assert not decide(liar, Action.READ, SHARED).allowed
    assert not decide(liar, Action.MANAGE, Resource("password", ANONYMOUS.id)).allowed


def test_the_system_too_must_state_a_purpose() -> None:
    assert not decide(SYSTEM, Action.READ, RESTRICTED).allowed


def test_require_asks_the_unknown_to_sign_in_and_tells_the_known_why() -> None:
    assert require(ANONYMOUS, Action.READ, OPEN).rule == "open-data"
    with pytest.raises(Unauthenticated, match="Log in") as unknown:
        require(ANONYMOUS, Action.READ, SHARED)
    assert unknown.value.where == "dataset:wells"
    with pytest.raises(Denied, match="No rule allows citizen to read a dataset classified shared") as known:
        require(WHO["citizen"], Action.READ, SHARED)
    assert not isinstance(known.value, Unauthenticated)
    with pytest.raises(Denied, match="No rule allows citizen to read an agreement classified"):
        require(WHO["citizen"], Action.READ, Resource("agreement"))
    with pytest.raises(Denied, match="State a purpose"):
        require(WHO["administrator"], Action.READ, RESTRICTED)


def test_only_open_is_public() -> None:
    assert [is_public(each) for each in (OPEN, SHARED, RESTRICTED)] == [True, False, False]


def test_every_rule_is_a_sentence_with_its_own_id() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.sentence[0].isupper() and rule.sentence.endswith(".") for rule in RULES)
    assert all(rule.actions and rule.kinds and rule.classifications for rule in RULES)
