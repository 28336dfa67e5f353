"""What rules speak of: kinds of resources, groups of roles and grades, articles of law; and what a rule is."""

from __future__ import annotations

from dataclasses import dataclass

from lifang.guard.model import Action, Classification, Role

PURPOSE_MAX = 200  # characters

# What the city shows to those who may see its data.
DATA = frozenset(
    {
        "actuator",
        "alert",
        "city",
        "code_list",
        "data_standard",
        "dataset",
        "datastream",
        "device",
        "event",
        "feature",
        "indicator",
        "link",
        "location",
        "object",
        "observation",
        "observed_property",
        "release",
        "replay",
        "scene",
        "sensor",
        "thing",
        "threshold",
        "use",
    }
)
# What belongs to one person; the resource's id is that person's id.
OWN = frozenset({"password", "person", "token"})
PEOPLE = OWN | {"organisation", "role"}
HOUSE = frozenset({"backup", "store"})
EVIDENCE = frozenset({"ledger"})
WORK = frozenset({"job"})
SUBSCRIPTIONS = frozenset({"subscription"})  # the resource's id is its owner's
AGREEMENTS = frozenset({"agreement"})  # the resource's id is the applicant's
COMMANDS = frozenset({"command"})  # the resource's id is the subject of the device that is to obey
FEEDS = frozenset({"connector"})  # what it reaches, and with which secrets, is the house's own affair
HARVESTS = frozenset({"harvest"})  # the portals whose datasets are brought into the catalogue
DRAFTS = frozenset({"draft"})  # a dataset that is not published yet
ARCHIVES = frozenset({"archive"})  # the rows of a dataset that is archived
INBOXES = frozenset({"inbox"})  # the resource's id is the organisation's
ISSUES = frozenset({"issue"})  # the resource's id is its reporter's
MANAGED = AGREEMENTS | INBOXES | ISSUES | HARVESTS | DRAFTS | ARCHIVES
KINDS = MANAGED | COMMANDS | SUBSCRIPTIONS | FEEDS | DATA | PEOPLE | HOUSE | EVIDENCE | WORK

# What senses and what is sensed (OGC 18-088, clause 8).
SENSED = frozenset({"datastream", "feature", "location", "observation", "observed_property", "sensor", "thing"})

STAFF = frozenset({Role.ANALYST, Role.OPERATOR, Role.DATA_OFFICER, Role.ADMINISTRATOR})
SIGNED_IN = STAFF | {Role.CITIZEN}
OPEN = frozenset({Classification.OPEN})
UP_TO_SHARED = OPEN | {Classification.SHARED}
ANY = frozenset(Classification)

OPENNESS = "政府信息公开条例 Art. 5; 数据安全法 Art. 41"
GRADING = "数据安全法 Art. 21; GB/T 21063"
CONDITIONS = "政务信息资源共享管理暂行办法 (国发〔2016〕51号) Art. 9, 12; 数据安全法 Art. 38"
PURPOSE = "个人信息保护法 Art. 6; 数据安全法 Art. 38"


@dataclass(frozen=True)
class Rule:
    """One permission: any of ``roles`` (empty: everyone) may do ``actions`` to ``kinds`` graded ``classifications``.

    ``own`` narrows it to the subject's own, ``bureau`` to their organisation's, ``provided`` to what that provides;
    ``purpose`` demands a stated one, ``agreed`` an agreement in force; ``conditional`` narrows it to what is shared on
    conditions; ``law`` is the article it rests on.
    """

    id: str
    sentence: str
    roles: frozenset[Role]
    actions: frozenset[Action]
    kinds: frozenset[str]
    classifications: frozenset[Classification]
    own: bool = False
    bureau: bool = False
    provided: bool = False
    purpose: bool = False
    agreed: bool = False
    conditional: bool = False
    law: str = ""
