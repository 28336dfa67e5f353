"""The rules as a table: what is not allowed here is denied."""

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
_MANAGED = AGREEMENTS | INBOXES | ISSUES | HARVESTS | DRAFTS | ARCHIVES
KINDS = _MANAGED | COMMANDS | SUBSCRIPTIONS | FEEDS | DATA | PEOPLE | HOUSE | EVIDENCE | WORK

# What senses and what is sensed (OGC 18-088, clause 8).
SENSED = frozenset({"datastream", "feature", "location", "observation", "observed_property", "sensor", "thing"})

STAFF = frozenset({Role.ANALYST, Role.OPERATOR, Role.DATA_OFFICER, Role.ADMINISTRATOR})
SIGNED_IN = STAFF | {Role.CITIZEN}
OPEN = frozenset({Classification.OPEN})
UP_TO_SHARED = OPEN | {Classification.SHARED}
ANY = frozenset(Classification)

_OPENNESS = "政府信息公开条例 Art. 5; 数据安全法 Art. 41"
_GRADING = "数据安全法 Art. 21; GB/T 21063"
_CONDITIONS = "政务信息资源共享管理暂行办法 (国发〔2016〕51号) Art. 9, 12; 数据安全法 Art. 38"
_PURPOSE = "个人信息保护法 Art. 6; 数据安全法 Art. 38"


@dataclass(frozen=True)
class Rule:
    """One permission: any of ``roles`` (empty: everyone) may do ``actions`` to ``kinds`` graded ``classifications``.

    ``own`` narrows it to the subject's own, ``bureau`` to their organisation's; ``purpose`` demands a stated one,
    ``agreed`` an agreement in force; ``conditional`` narrows it to what is shared on conditions; ``law`` is the article
    it rests on.
    """

    id: str
    sentence: str
    roles: frozenset[Role]
    actions: frozenset[Action]
    kinds: frozenset[str]
    classifications: frozenset[Classification]
    own: bool = False
    bureau: bool = False
    purpose: bool = False
    agreed: bool = False
    conditional: bool = False
    law: str = ""


RULES = (
    Rule(
        "open-data",
        "Data classified open is there for everyone to read, query and export.",
        frozenset(),
        frozenset({Action.LIST, Action.READ, Action.QUERY, Action.EXPORT}),
        DATA,
        OPEN,
        law=_OPENNESS,
    ),
    Rule(
        "own-password",
        "A person may set their own password.",
        SIGNED_IN,
        frozenset({Action.READ, Action.MANAGE}),
        frozenset({"password"}),
        ANY,
        own=True,
    ),
    Rule("own-person", "A person may see their own account.", SIGNED_IN, frozenset({Action.READ}), OWN, ANY, own=True),
    Rule(
        "own-tokens",
        "Staff may issue and revoke their own tokens, with no more rights than they have.",
        STAFF,
        frozenset({Action.MANAGE}),
        frozenset({"token"}),
        ANY,
        own=True,
    ),
    Rule(
        "own-subscriptions",
        "Staff may subscribe to what they may read, and see, change and end their own subscriptions.",
        STAFF,
        frozenset({Action.READ, Action.MANAGE}),
        SUBSCRIPTIONS,
        ANY,
        own=True,
    ),
    Rule(
        "subscriptions",
        "Administrators see and end anybody's subscriptions.",
        frozenset({Role.ADMINISTRATOR}),
        frozenset({Action.READ, Action.MANAGE}),
        SUBSCRIPTIONS,
        ANY,
    ),
    Rule(
        "shared-data",
        "Data classified shared is there for staff to read.",
        STAFF,
        frozenset({Action.LIST, Action.READ}),
        DATA | WORK,
        UP_TO_SHARED,
        law=_GRADING,
    ),
    Rule(
        "shared-analysis",
        "Analysts, data officers and administrators may query and export shared data.",
        STAFF - {Role.OPERATOR},
        frozenset({Action.QUERY, Action.EXPORT}),
        DATA,
        UP_TO_SHARED,
        law=_GRADING,
    ),
    Rule(
        "restricted-listing",
        "Data officers and administrators may know that restricted data is there: its name, provider, classification.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.LIST}),
        frozenset({"dataset"}) | DRAFTS,
        ANY,
        law=_GRADING,
    ),
    Rule(
        "restricted-data",
        "Restricted data is read and exported by data officers and administrators, for a stated purpose.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.READ, Action.EXPORT}),
        DATA | DRAFTS,
        ANY,
        purpose=True,
        law=_PURPOSE,
    ),
    Rule(
        "conditional-listing",
        "Who is signed in may know that data shared on conditions is there, to ask for it.",
        SIGNED_IN,
        frozenset({Action.LIST}),
        frozenset({"dataset"}),
        ANY,
        conditional=True,
        law=_CONDITIONS,
    ),
    Rule(
        "agreement",
        "Data shared on conditions is there for those with an agreement in force: its fields, rows and term.",
        frozenset(),
        frozenset({Action.LIST, Action.READ, Action.QUERY, Action.EXPORT}),
        frozenset({"dataset", "release"}),
        ANY,
        agreed=True,
        law=_CONDITIONS,
    ),
    Rule(
        "own-agreements",
        "Who is signed in may ask for data shared on conditions, see their own requests and agreements and end them.",
        SIGNED_IN,
        frozenset({Action.READ, Action.MANAGE}),
        AGREEMENTS,
        ANY,
        own=True,
        law=_CONDITIONS,
    ),
    Rule(
        "agreements",
        "Data officers and administrators review requests for data, and see and end agreements.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.READ, Action.MANAGE, Action.HANDLE}),
        AGREEMENTS,
        ANY,
        law=_CONDITIONS,
    ),
    Rule(
        "analysis",
        "Analysts, operators and administrators may run scenes and jobs.",
        STAFF - {Role.DATA_OFFICER},
        frozenset({Action.RUN}),
        frozenset({"scene", "job"}),
        UP_TO_SHARED,
    ),
    Rule(
        "replay",
        "Operators and administrators may start and steer a replay.",
        frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
        frozenset({Action.RUN}),
        frozenset({"replay"}),
        UP_TO_SHARED,
    ),
    Rule(
        "alerts",
        "Operators and administrators acknowledge and close alerts.",
        frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
        frozenset({Action.HANDLE}),
        frozenset({"alert"}),
        UP_TO_SHARED,
    ),
    Rule(
        "restricted-alerts",
        "Alerts raised from restricted data are acknowledged and closed by administrators, for a stated purpose.",
        frozenset({Role.ADMINISTRATOR}),
        frozenset({Action.HANDLE}),
        frozenset({"alert"}),
        ANY,
        purpose=True,
        law=_PURPOSE,
    ),
    Rule(
        "observations",
        "Operators and administrators register things and send observations.",
        frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
        frozenset({Action.OBSERVE}),
        SENSED | {"device", "link", "threshold", "actuator"},
        ANY,
    ),
    Rule(
        "commands",
        "Operators and administrators command devices and see what became of it.",
        frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
        frozenset({Action.COMMAND, Action.READ, Action.HANDLE}),
        frozenset({"actuator", "command"}),
        UP_TO_SHARED,
    ),
    Rule(
        "restricted-commands",
        "Administrators command restricted devices, for a stated purpose.",
        frozenset({Role.ADMINISTRATOR}),
        frozenset({Action.COMMAND, Action.READ, Action.HANDLE}),
        frozenset({"actuator", "command"}),
        ANY,
        purpose=True,
        law=_PURPOSE,
    ),
    Rule(
        "own-commands",
        "A device sees and answers the commands that are given to it, and no others.",
        frozenset(),
        frozenset({Action.READ, Action.HANDLE}),
        COMMANDS,
        ANY,
        own=True,
    ),
    Rule(
        "device-tokens",
        "Administrators issue and revoke the tokens of devices.",
        frozenset({Role.ADMINISTRATOR}),
        frozenset({Action.MANAGE}),
        frozenset({"device"}),
        ANY,
    ),
    Rule(
        "feeds-seen",
        "Operators, data officers and administrators see how connectors do, and what they refused.",
        frozenset({Role.OPERATOR, Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.LIST, Action.READ}),
        FEEDS,
        UP_TO_SHARED,
        law=_GRADING,
    ),
    Rule(
        "feeds-steered",
        "Operators and administrators pause connectors, resume them, and have them pull or try now.",
        frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
        frozenset({Action.RUN}),
        FEEDS,
        UP_TO_SHARED,
    ),
    Rule(
        "feeds-made",
        "Administrators alone add and remove connectors: one opens connections from inside the city's network, with "
        "secrets, to addresses that its file allows.",
        frozenset({Role.ADMINISTRATOR}),
        frozenset({Action.MANAGE}),
        FEEDS,
        UP_TO_SHARED,
        law="数据安全法 Art. 27; 网络安全法 Art. 21",
    ),
    Rule(
        "admission",
        "Data officers and administrators admit datasets and models of the city's objects.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.ADMIT, Action.RUN}),
        frozenset({"dataset", "object", "release", "job"}),
        ANY,
        law=_GRADING,
    ),
    Rule(
        "standard-setting",
        "Data officers and administrators register data standards.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.MANAGE}),
        frozenset({"data_standard"}),
        OPEN,
        law="数据安全法 Art. 17; GB/T 21063",
    ),
    Rule(
        "harvests",
        "Data officers and administrators bring in the datasets of other portals; which addresses may be reached is "
        "the house's own setting.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.READ, Action.MANAGE, Action.RUN}),
        HARVESTS,
        ANY,
        law=_GRADING,
    ),
    Rule(
        "drafts",
        "What is not published is there for those who prepare it, data officers and administrators, and nobody else.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.LIST, Action.READ, Action.EXPORT}),
        DRAFTS,
        UP_TO_SHARED,
        law=_GRADING,
    ),
    Rule(
        "archives",
        "What is archived is read on request: by data officers and administrators, for a stated purpose.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.READ, Action.EXPORT}),
        ARCHIVES,
        ANY,
        purpose=True,
        law="档案法 Art. 28; 数据安全法 Art. 38",
    ),
    Rule(
        "publication",
        "Data officers and administrators publish, deprecate and archive datasets.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.PUBLISH}),
        frozenset({"dataset"}),
        ANY,
        law=_GRADING,
    ),
    Rule(
        "retention",
        "Data officers and administrators place and lift legal holds, ask for destruction, and approve what another "
        "asked for.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.HOLD, Action.DESTROY}),
        frozenset({"dataset"}),
        ANY,
        law="数据安全法 Art. 21, Art. 27; 个人信息保护法 Art. 47",
    ),
    Rule(
        "own-inbox",
        "A bureau's staff see their bureau's inbox, deliver to it, and acknowledge receipts.",
        STAFF,
        frozenset({Action.LIST, Action.READ, Action.ADMIT, Action.HANDLE}),
        INBOXES,
        UP_TO_SHARED,
        bureau=True,
        law="数据安全法 Art. 38-39",
    ),
    Rule(
        "inboxes",
        "Data officers and administrators set up every bureau's inbox and see what was delivered.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.LIST, Action.READ, Action.ADMIT, Action.HANDLE, Action.MANAGE}),
        INBOXES,
        UP_TO_SHARED,
        law=_GRADING,
    ),
    Rule(
        "feedback",
        "Everyone may say what is wrong with open data.",
        frozenset(),
        frozenset({Action.REPORT}),
        frozenset({"dataset"}),
        OPEN,
        law="政府信息公开条例 Art. 41",
    ),
    Rule(
        "feedback-inside",
        "Staff may say what is wrong with shared data.",
        STAFF,
        frozenset({Action.REPORT}),
        frozenset({"dataset"}),
        UP_TO_SHARED,
    ),
    Rule(
        "feedback-restricted",
        "Data officers and administrators may say what is wrong with restricted data.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.REPORT}),
        frozenset({"dataset"}),
        ANY,
    ),
    Rule(
        "own-issues",
        "Whoever filed an issue sees it, and says whether it was mended.",
        SIGNED_IN,
        frozenset({Action.READ, Action.REPORT}),
        ISSUES,
        ANY,
        own=True,
    ),
    Rule(
        "issues",
        "Data officers and administrators see every issue, assign it, and settle it.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.READ, Action.REPORT, Action.HANDLE}),
        ISSUES,
        ANY,
    ),
    Rule(
        "evidence",
        "Data officers and administrators read and verify the ledger.",
        frozenset({Role.DATA_OFFICER, Role.ADMINISTRATOR}),
        frozenset({Action.READ, Action.AUDIT}),
        EVIDENCE,
        ANY,
        law="数据安全法 Art. 27",
    ),
    Rule(
        "people",
        "Administrators manage people, organisations, roles and tokens.",
        frozenset({Role.ADMINISTRATOR}),
        frozenset({Action.READ, Action.MANAGE}),
        PEOPLE,
        ANY,
    ),
    Rule(
        "house",
        "Administrators back up, restore and set up the city.",
        frozenset({Role.ADMINISTRATOR}),
        frozenset({Action.READ, Action.OPERATE}),
        HOUSE,
        ANY,
    ),
)
