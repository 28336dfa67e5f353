"""sharing: data shared on conditions: asked for, reviewed, agreed on by fields, rows and term, and kept to that.

Does not belong here: the decision itself (guard), who is asking (app). Reads the releases that agreements name and
writes their agreed part, which is all that is ever read under an agreement.
"""

from lifang.catalogue.sharing.agreements import Agreements
from lifang.catalogue.sharing.assessments import Assessment, Assessments, why_assessed
from lifang.catalogue.sharing.meter import DayOfUse, Meter, Usage
from lifang.catalogue.sharing.model import Agreement, SharingRequest, Status
from lifang.catalogue.sharing.parts import agreed_part

__all__ = [
    "Agreement",
    "Agreements",
    "Assessment",
    "Assessments",
    "DayOfUse",
    "Meter",
    "SharingRequest",
    "Status",
    "Usage",
    "agreed_part",
    "why_assessed",
]
