"""The one decision function in front of every read and write."""

from __future__ import annotations

from lifang.core import Denied, NeedsPurpose, Unauthenticated
from lifang.guard.model import Action, Classification, Decision, Resource, Subject
from lifang.guard.rules import KINDS, PURPOSE_MAX, RULES, Rule


def is_public(resource: Resource) -> bool:
    """Return whether the resource is classified open: reading it needs no ledger record."""
    return resource.classification is Classification.OPEN


def decide(subject: Subject, action: Action, resource: Resource, purpose: str = "") -> Decision:
    """Return allow or deny, with every reason, for any input; what no rule allows is denied.

    ``purpose`` is short free text (2 to 200 characters count); restricted data needs one.
    """
    matching = [rule for rule in RULES if _matches(rule, subject, action, resource)]
    stated = 2 <= len(purpose.strip()) <= PURPOSE_MAX
    granted = next((rule for rule in matching if stated or not rule.purpose), None)
    if granted:
        reasons = (granted.sentence, *([f"Stated purpose: {purpose.strip()}."] if granted.purpose else []))
        return Decision(True, reasons, granted.id, granted.law)
    if matching:
        lacking = matching[0]
        return Decision(False, (lacking.sentence, _purpose_fault(purpose)), lacking.id, lacking.law, needs_purpose=True)
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
    return Denied(reasons, where=where, mend="Ask an administrator for the role, or the provider for the data.")


def _matches(rule: Rule, subject: Subject, action: Action, resource: Resource) -> bool:
    if subject.is_anonymous and rule.roles:
        return False  # whatever roles such a subject claims
    return (
        action in rule.actions
        and resource.kind in rule.kinds
        and resource.classification in rule.classifications
        and (not rule.roles or bool(rule.roles & subject.roles))
        and (not rule.own or (resource.id == subject.id and not subject.is_anonymous))
        and (not rule.bureau or (resource.id == subject.organisation and bool(subject.organisation)))
    )


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
    denied = f"No rule allows {who} to {action} a {resource.kind} classified {resource.classification}."
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
