"""Who asks, what is asked for, why, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
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
class Resource:
    """What is asked for: its kind (``dataset``, ``datastream``, ``alert``, …), id and classification."""

    kind: str
    id: str = "*"
    classification: Classification = Classification.OPEN


@dataclass(frozen=True)
class Decision:
    """Allow or deny, with every reason, the rule that spoke and its article of law where there is one.

    ``needs_purpose`` says of a denial that a stated purpose would turn it into leave.
    """

    allowed: bool
    reasons: tuple[str, ...]
    rule: str
    law: str = ""
    needs_purpose: bool = False
