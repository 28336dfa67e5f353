"""guard: decide who may do what to which resource, and say why.

Does not belong here: storage, log-in, the ledger; a decision is a pure function of what is passed in.
Reads and writes no dataset.
"""

from lifang.guard.decide import decide, is_public, refusal, require
from lifang.guard.kinds import KINDS, PURPOSE_MAX, Rule
from lifang.guard.model import (
    ANONYMOUS,
    SYSTEM,
    Action,
    Classification,
    Decision,
    Grant,
    Resource,
    Role,
    Subject,
    strictest,
)
from lifang.guard.rules import RULES

__all__ = [
    "ANONYMOUS",
    "KINDS",
    "PURPOSE_MAX",
    "RULES",
    "SYSTEM",
    "Action",
    "Classification",
    "Decision",
    "Grant",
    "Resource",
    "Role",
    "Rule",
    "Subject",
    "decide",
    "is_public",
    "refusal",
    "require",
    "strictest",
]
