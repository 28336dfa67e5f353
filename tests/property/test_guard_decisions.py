"""What holds of every decision."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lifang.guard import ANONYMOUS, KINDS, RULES, Action, Classification, Resource, Role, Subject, decide

roles = st.frozensets(st.sampled_from(Role))
ids = st.sampled_from(["*", "person_1", "person_2", "anonymous"])
subjects = st.builds(Subject, ids, st.just("x"), roles) | st.just(ANONYMOUS)
kinds = st.sampled_from(sorted(KINDS)) | st.text(max_size=12)
resources = st.builds(Resource, kinds, ids | st.text(max_size=8), st.sampled_from(Classification))
actions = st.sampled_from(Action)
purposes = st.text(max_size=250)
quick = settings(max_examples=300, deadline=None)


@quick
@given(subjects, actions, resources, purposes)
def test_decide_is_total_and_always_gives_its_reasons(
    subject: Subject, action: Action, resource: Resource, purpose: str
) -> None:
    decision = decide(subject, action, resource, purpose)
    assert decision.reasons
    assert all(decision.reasons)
    assert decision.rule
    assert decision == decide(subject, action, resource, purpose)


@quick
@given(subjects, actions, resources, purposes)
def test_nothing_is_allowed_without_a_rule_of_the_table(
    subject: Subject, action: Action, resource: Resource, purpose: str
) -> None:
    decision = decide(subject, action, resource, purpose)
    if decision.allowed:
        rule = next(each for each in RULES if each.id == decision.rule)
        assert action in rule.actions
        assert resource.kind in rule.kinds
        assert resource.classification in rule.classifications
        assert not rule.roles or rule.roles & subject.roles
        assert not rule.own or resource.id == subject.id


@quick
@given(subjects, st.sampled_from(Role), actions, resources, purposes)
def test_adding_a_role_never_removes_a_right(
    subject: Subject, role: Role, action: Action, resource: Resource, purpose: str
) -> None:
    more = replace(subject, roles=subject.roles | {role})
    if decide(subject, action, resource, purpose).allowed:
        assert decide(more, action, resource, purpose).allowed


@quick
@given(subjects, actions, resources, st.text(min_size=2, max_size=200).filter(lambda text: len(text.strip()) >= 2))
def test_stating_a_purpose_never_removes_a_right(
    subject: Subject, action: Action, resource: Resource, purpose: str
) -> None:
    if decide(subject, action, resource).allowed:
        assert decide(subject, action, resource, purpose).allowed


@quick
@given(roles, actions, resources, purposes)
def test_an_anonymous_visitor_never_sees_what_is_not_open(
    claimed: frozenset[Role], action: Action, resource: Resource, purpose: str
) -> None:
    decision = decide(replace(ANONYMOUS, roles=claimed), action, resource, purpose)
    if decision.allowed:
        assert resource.classification is Classification.OPEN
        assert action in {Action.LIST, Action.READ, Action.QUERY, Action.EXPORT, Action.REPORT}


@quick
@given(subjects, actions, st.builds(Resource, kinds, ids, st.just(Classification.RESTRICTED)))
def test_restricted_data_is_never_read_without_a_purpose(subject: Subject, action: Action, resource: Resource) -> None:
    decision = decide(subject, action, resource)
    if decision.allowed and action in {Action.READ, Action.QUERY, Action.EXPORT}:
        rule = next(each for each in RULES if each.id == decision.rule)
        assert resource.kind not in {"dataset", "release", "datastream", "observation", "thing"}
        assert not rule.purpose
