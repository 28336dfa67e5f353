"""The one decision function in front of every read and write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lifang.core import Denied, NeedsPurpose, Unauthenticated
from lifang.guard.kinds import KINDS, PURPOSE_MAX, Rule
from lifang.guard.model import Action, Classification, Decision, Grant, Resource, Role, Subject
from lifang.guard.rules import RULES

_TAKING = frozenset({Action.READ, Action.QUERY, Action.EXPORT})
_STEWARDS = frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR})
_ABOUT: Mapping[tuple[Action, str], tuple[Rule, ...]] = {  # a read asks three times: not all rules are looked through
    (action, kind): tuple(rule for rule in RULES if action in rule.actions and kind in rule.kinds)
    for action in Action
    for kind in KINDS
}


def is_public(resource: Resource) -> bool:
    """Return whether the resource is classified open: reading it needs no ledger record."""
    return resource.classification is Classification.OPEN


def decide(subject: Subject, action: Action, resource: Resource, purpose: str = "") -> Decision:
    """Return allow or deny, with every reason, for any input; what no rule allows is denied.

    ``purpose`` is short free text (2 to 200 characters count); restricted data needs one. What is shared on conditions
    is read by its provider and by those in charge of data as the rules say, by anybody else under an agreement only.
    """
    about = _ABOUT.get((action, resource.kind), ())
    matching = [rule for rule in about if _matches(rule, subject, action, resource)]
    stated = 2 <= len(purpose.strip()) <= PURPOSE_MAX
    granted = next((rule for rule in matching if stated or not rule.purpose), None)
    if granted and granted.agreed:
        grant = next(_in_force(subject, resource))
        term = f"Agreement {grant.agreement}, in force until {grant.until:%Y-%m-%d %H:%M} UTC."
        return Decision(True, (granted.sentence, term), granted.id, granted.law, agreement=grant.agreement)
    if granted:
        reasons = (granted.sentence, *([f"Stated purpose: {purpose.strip()}."] if granted.purpose else []))
        return Decision(True, reasons, granted.id, granted.law)
    if matching:
        lacking = matching[0]
        return Decision(False, (lacking.sentence, _purpose_fault(purpose)), lacking.id, lacking.law, needs_purpose=True)
    if _is_kept(subject, action, resource):
        known = decide(
            subject, Action.LIST, Resource("dataset", resource.id, resource.classification, conditional=True)
        )
        return Decision(False, _why_kept(subject, resource), "conditions", known.law, needs_agreement=known.allowed)
    return Decision(False, _why_not(subject, action, resource), "default-deny")


def require(subject: Subject, action: Action, resource: Resource, purpose: str = "") -> Decision:
    """Return the decision that allows; else raise what :func:`refusal` says."""
    decision = decide(subject, action, resource, purpose)
    if decision.allowed:
        return decision
    raise refusal(subject, resource, decision)


def refusal(subject: Subject, resource: Resource, decision: Decision) -> Denied:
    """Return the error that tells a denial with its reasons and its law.

    ``Unauthenticated`` when nobody is known, ``NeedsPurpose`` when stating one would help, else ``Denied``.
    """
    reasons = " ".join([*decision.reasons, decision.law]).strip()
    where = f"{resource.kind}:{resource.id}"
    if subject.is_anonymous:
        return Unauthenticated(reasons, where=where, mend="Log in or send a token.")
    if decision.needs_purpose:
        mend = f"State a purpose of 2 to {PURPOSE_MAX} characters: header X-Lifang-Purpose, or ?purpose= in an address."
        return NeedsPurpose(reasons, where=where, mend=mend)
    if decision.needs_agreement:
        mend = "Ask for it: POST /api/v1/sharing/requests, or `lifang share request`."
        return Denied(reasons, where=where, mend=mend)
    return Denied(reasons, where=where, mend="Ask an administrator for the role, or the provider for the data.")


def _matches(rule: Rule, subject: Subject, action: Action, resource: Resource) -> bool:
    if subject.is_anonymous and rule.roles:
        return False  # whatever roles such a subject claims
    return (
        resource.classification in rule.classifications
        and (not rule.roles or bool(rule.roles & subject.roles))
        and (not rule.own or (resource.id == subject.id and not subject.is_anonymous))
        and (not rule.bureau or (resource.id == subject.organisation and bool(subject.organisation)))
        and (not rule.provided or (resource.provider == subject.organisation and bool(subject.organisation)))
        and (not rule.conditional or resource.conditional)
        and (rule.agreed or not _is_kept(subject, action, resource))
        and (not rule.agreed or next(_in_force(subject, resource), None) is not None)
    )


def _is_kept(subject: Subject, action: Action, resource: Resource) -> bool:
    """Return whether conditions keep the subject from taking the data without an agreement."""
    if not resource.conditional or action not in _TAKING or resource.kind not in {"archive", "dataset", "release"}:
        return False
    is_provider = bool(resource.provider) and subject.organisation == resource.provider
    return not (is_provider or subject.roles & _STEWARDS)


def _in_force(subject: Subject, resource: Resource) -> Iterator[Grant]:
    moment = resource.moment
    if moment is not None:
        yield from (each for each in resource.grants if each.is_for(subject) and each.holds(moment))


def _why_kept(subject: Subject, resource: Resource) -> tuple[str, ...]:
    ended = [each for each in resource.grants if each.is_for(subject)]
    told = [f"Agreement {each.agreement} held until {each.until:%Y-%m-%d %H:%M} UTC." for each in ended]
    return (f"This {resource.kind} is shared on conditions, and no agreement is in force.", *told)


def _purpose_fault(purpose: str) -> str:
    if len(purpose.strip()) > PURPOSE_MAX:
        return f"The purpose is longer than {PURPOSE_MAX} characters."
    return "No purpose was stated."


def _why_not(subject: Subject, action: Action, resource: Resource) -> tuple[str, ...]:
    if resource.kind not in KINDS:
        return (f"No rule knows a resource of kind {resource.kind!r}.",)
    who = (
        "an anonymous visitor"
        if subject.is_anonymous
        else " or ".join(sorted(subject.roles)) or "a person without a role"
    )
    kind, grade = resource.kind, resource.classification
    denied = (
        f"No rule allows {who} to {action} an {kind} classified {grade}."
        if kind[0] in "aeio"
        else f"No rule allows {who} to {action} a {kind} classified {grade}."
    )
    roles = sorted(
        {
            role
            for rule in RULES
            if action in rule.actions
            and resource.kind in rule.kinds
            and resource.classification in rule.classifications
            for role in ({"its owner"} if rule.own else rule.roles)
        }
    )
    return (denied, f"It is for: {', '.join(roles)}.") if roles else (denied, "It is for nobody.")
