"""Who asks, what is asked for, why, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person or machine may be; one subject may have several."""

    CITIZEN = "citizen"
    ANALYST = "analyst"
    OPERATOR = "operator"
    DATA_OFFICER = "data_officer"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What can be done to a resource."""

    LIST = "list"  # learn that it is there: name, provider, classification
    READ = "read"
    QUERY = "query"
    EXPORT = "export"
    ADMIT = "admit"
    PUBLISH = "publish"  # let a dataset through to its readers, and take it back from them
    HOLD = "hold"  # keep a dataset from destruction, and let it go again
    REPORT = "report"  # say what is wrong with a dataset, and whether that was mended
    DESTROY = "destroy"  # ask for, approve or refuse the destruction of a dataset
    OBSERVE = "observe"
    HANDLE = "handle"  # acknowledge or close an alert
    COMMAND = "command"  # have a device do something
    RUN = "run"  # start a scene, a job or a replay
    MANAGE = "manage"  # people, organisations, tokens
    AUDIT = "audit"  # read or verify the ledger
    OPERATE = "operate"  # backup, restore, settings


class Classification(StrEnum):
    """How far data may go: open to all, shared among the city's staff, or restricted to named duties.

    ``open`` and ``shared`` follow the 开放属性 and 共享类型 of GB/T 21063; ``restricted`` is 不予共享.
    """

    OPEN = "open"
    SHARED = "shared"
    RESTRICTED = "restricted"


def strictest(*classifications: Classification) -> Classification:
    """Return the one of them that lets data go least far."""
    order = list(Classification)
    return max(classifications, key=order.index)


@dataclass(frozen=True)
class Subject:
    """The one who asks: a person, a machine's token, the system itself, or nobody known."""

    id: str
    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    organisation: str = ""

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is known to be asking."""
        return self.id == ANONYMOUS_ID


ANONYMOUS_ID = "anonymous"
ANONYMOUS = Subject(ANONYMOUS_ID, "anonymous visitor")
SYSTEM = Subject("system", "lifang", frozenset(Role))


@dataclass(frozen=True)
class Grant:
    """Leave to use data by an agreement: whose (one subject, or all of an organisation), what for, from when to when.

    ``until`` is the first moment at which it is over.
    """

    agreement: str
    subject: str
    organisation: str
    purpose: str
    since: datetime
    until: datetime

    def is_for(self, subject: Subject) -> bool:
        """Return whether the subject, or the organisation that it belongs to, has this leave."""
        if subject.is_anonymous:
            return False
        return subject.organisation == self.organisation if self.organisation else subject.id == self.subject

    def holds(self, moment: datetime) -> bool:
        """Return whether it is in force at that moment."""
        return self.since <= moment < self.until


@dataclass(frozen=True)
class Resource:
    """What is asked for: its kind (``dataset``, ``datastream``, ``alert``, …), id and classification.

    ``conditional``: it is shared on conditions (有条件共享), so that only its ``provider`` and those in charge of data
    read it without an agreement; ``grants`` are the agreements there are, ``moment`` is when it is asked for.
    """

    kind: str
    id: str = "*"
    classification: Classification = Classification.OPEN
    conditional: bool = False
    provider: str = ""
    grants: tuple[Grant, ...] = ()
    moment: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """Allow or deny, with every reason, the rule that spoke and its article of law where there is one.

    ``needs_purpose`` says of a denial that a stated purpose would turn it into leave, ``needs_agreement`` that an
    agreement would. ``agreement`` is the one that a leave rests on: it reaches no further than its fields and rows.
    """

    allowed: bool
    reasons: tuple[str, ...]
    rule: str
    law: str = ""
    needs_purpose: bool = False
    needs_agreement: bool = False
    agreement: str = ""
