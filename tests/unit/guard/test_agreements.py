"""What is shared on conditions: for its provider, for those in charge, and under an agreement in force."""

from datetime import UTC, datetime, timedelta

import pytest

from lifang.core import Denied
from lifang.guard import ANONYMOUS, Action, Classification, Grant, Resource, Role, Subject, decide, require

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2026, 2, 1, tzinfo=UTC)
ALONE = Grant("a1", "li", "", "study", SINCE, UNTIL)
ALL = Grant("a2", "wang", "health", "study", SINCE, UNTIL)
TICK = timedelta(microseconds=1)
TAKING = (Action.READ, Action.QUERY, Action.EXPORT)


def person(name: str, *roles: Role, organisation: str = "") -> Subject:
    return Subject(name, name, frozenset(roles), organisation)


def shared(*grants: Grant, at: datetime = SINCE, grade: Classification = Classification.SHARED) -> Resource:
    return Resource("dataset", "x", grade, conditional=True, provider="civil", grants=grants, moment=at)


@pytest.mark.parametrize("action", TAKING)
def test_staff_need_an_agreement_unless_they_are_of_the_provider_or_in_charge(action: Action) -> None:
    assert not decide(person("li", Role.ANALYST), action, shared()).allowed
    assert decide(person("li", Role.ANALYST, organisation="civil"), action, shared()).allowed
    assert decide(person("li", Role.DATA_OFFICER), action, shared()).allowed
    assert decide(person("li", Role.ANALYST), action, shared(ALONE)).agreement == "a1"


@pytest.mark.parametrize("action", TAKING)
@pytest.mark.parametrize(
    ("at", "holds"), [(SINCE - TICK, False), (SINCE, True), (UNTIL - TICK, True), (UNTIL, False), (None, False)]
)
def test_an_agreement_holds_from_its_first_moment_to_before_its_last(
    action: Action, at: datetime | None, holds: bool
) -> None:
    resource = Resource("release", "x@1", Classification.RESTRICTED, conditional=True, grants=(ALONE,), moment=at)
    decision = decide(person("li", Role.CITIZEN), action, resource)
    assert decision.allowed is holds
    assert decision.agreement == ("a1" if holds else "")
    assert "a1" in " ".join(decision.reasons)


def test_an_agreement_is_for_its_subject_or_its_organisation_and_never_for_nobody() -> None:
    assert not decide(person("zhao", Role.CITIZEN), Action.READ, shared(ALONE)).allowed
    assert decide(person("zhao", Role.CITIZEN, organisation="health"), Action.READ, shared(ALL)).agreement == "a2"
    assert not decide(person("wang", Role.CITIZEN), Action.READ, shared(ALL)).allowed, "who has left it"
    nobody = Grant("a3", ANONYMOUS.id, "", "study", SINCE, UNTIL)
    assert not decide(ANONYMOUS, Action.READ, shared(nobody)).allowed


def test_an_agreement_gives_no_more_than_taking() -> None:
    for action in set(Action) - {*TAKING, Action.LIST}:
        assert not decide(person("li", Role.CITIZEN), action, shared(ALONE)).allowed
    thing = Resource("alert", "x", Classification.SHARED, grants=(ALONE,), moment=SINCE)
    assert not decide(person("li", Role.CITIZEN), Action.READ, thing).allowed


def test_who_is_signed_in_may_know_and_is_told_how_to_ask() -> None:
    citizen = person("li", Role.CITIZEN)
    assert decide(citizen, Action.LIST, shared(grade=Classification.RESTRICTED)).allowed
    assert not decide(ANONYMOUS, Action.LIST, shared()).allowed
    with pytest.raises(Denied, match="agreement") as caught:
        require(citizen, Action.READ, shared())
    assert "requests" in caught.value.mend
    assert decide(citizen, Action.READ, shared()).needs_agreement
    assert not decide(ANONYMOUS, Action.READ, shared()).needs_agreement


def test_restricted_data_in_charge_still_need_a_purpose() -> None:
    resource = shared(grade=Classification.RESTRICTED)
    assert decide(person("o", Role.DATA_OFFICER), Action.READ, resource).needs_purpose
    assert decide(person("o", Role.DATA_OFFICER), Action.READ, resource, "audit").allowed
