"""catalogue: files become datasets: recognised, checked against their card, released, described, found, exported.

Does not belong here: who may read (guard decides, the caller asks), how rows are stored (store), what they mean for
the city (sensing, operations). Reads and writes every catalogued dataset; compares positions with ``roads``.
"""

from lifang.catalogue.amending import CHANGE, METHODS, Amendment, Change
from lifang.catalogue.card import (
    BASES,
    CYCLES,
    OPENING,
    SHARING,
    SHARING_MODES,
    THEMES,
    Bilingual,
    Card,
    Column,
    Contact,
    Coverage,
    Geometry,
    named,
)
from lifang.catalogue.catalogue import Catalogue
from lifang.catalogue.changes import EDITORS, READERS, CatalogueChange, Changes
from lifang.catalogue.checking import RULES, ColumnQuality, Hit, QualityReport
from lifang.catalogue.citation import Citation, Cited, cite
from lifang.catalogue.comparing import ColumnChange, Comparison
from lifang.catalogue.conditions import chosen, conditions, ordering, visible
from lifang.catalogue.data_standards import DataStandards, Registered, Registration, standard_of
from lifang.catalogue.dataset import Dataset, card_from
from lifang.catalogue.describe import RESOURCE_CLASSES, kind_of, opening_of, sharing_of
from lifang.catalogue.dictionary import CODES_MAX, Entry, dictionary_of
from lifang.catalogue.export import EXPORT_FORMATS, MEDIA_TYPES, NEED_GEOMETRY, csv_cell, neutral, write_rows
from lifang.catalogue.extent import Extent
from lifang.catalogue.features import FeatureQuestion, Features, Form, Move
from lifang.catalogue.finder import Counts, Hits, Shelved
from lifang.catalogue.lifecycle import (
    EXISTING,
    IN_USE,
    MOVES,
    UNPUBLISHED,
    Destruction,
    LifeCycle,
    LifeMove,
    LifeState,
    Placed,
    Standing,
    check_certificate,
    check_signature,
    move_of,
)
from lifang.catalogue.lineage import ACTIVITIES
from lifang.catalogue.looking import Difference, Look
from lifang.catalogue.model import Admission, Link, Release
from lifang.catalogue.offered_files import FileFacts, OfferedFiles
from lifang.catalogue.offers import (
    Licence,
    known_licences,
    licence_of,
    offered_formats,
    provider_name,
    short_name,
    theme_name,
)
from lifang.catalogue.quality import (
    DIMENSIONS,
    ISSUE_MOVES,
    Issue,
    IssueEvent,
    Issues,
    IssueState,
    QualityRuns,
    Run,
)
from lifang.catalogue.reading import FORMATS
from lifang.catalogue.search import DEGREE, FACETS, SORTS, Search, office_of, provider_of
from lifang.catalogue.sharing import (
    Agreement,
    Agreements,
    Assessment,
    DayOfUse,
    Meter,
    SharingRequest,
    Status,
    Usage,
    why_assessed,
)
from lifang.catalogue.sheet import Sheet, data_sheet
from lifang.catalogue.webhooks import Attempt, Deliveries, Webhook, Webhooks

__all__ = [
    "ACTIVITIES",
    "BASES",
    "CHANGE",
    "CODES_MAX",
    "CYCLES",
    "DEGREE",
    "DIMENSIONS",
    "EDITORS",
    "EXISTING",
    "EXPORT_FORMATS",
    "FACETS",
    "FORMATS",
    "IN_USE",
    "ISSUE_MOVES",
    "MEDIA_TYPES",
    "METHODS",
    "MOVES",
    "NEED_GEOMETRY",
    "OPENING",
    "READERS",
    "RESOURCE_CLASSES",
    "RULES",
    "SHARING",
    "SHARING_MODES",
    "SORTS",
    "THEMES",
    "UNPUBLISHED",
    "Admission",
    "Agreement",
    "Agreements",
    "Amendment",
    "Assessment",
    "Attempt",
    "Bilingual",
    "Card",
    "Catalogue",
    "CatalogueChange",
    "Change",
    "Changes",
    "Citation",
    "Cited",
    "Column",
    "ColumnChange",
    "ColumnQuality",
    "Comparison",
    "Contact",
    "Counts",
    "Coverage",
    "DataStandards",
    "Dataset",
    "DayOfUse",
    "Deliveries",
    "Destruction",
    "Difference",
    "Entry",
    "Extent",
    "FeatureQuestion",
    "Features",
    "FileFacts",
    "Form",
    "Geometry",
    "Hit",
    "Hits",
    "Issue",
    "IssueEvent",
    "IssueState",
    "Issues",
    "Licence",
    "LifeCycle",
    "LifeMove",
    "LifeState",
    "Link",
    "Look",
    "Meter",
    "Move",
    "OfferedFiles",
    "Placed",
    "QualityReport",
    "QualityRuns",
    "Registered",
    "Registration",
    "Release",
    "Run",
    "Search",
    "SharingRequest",
    "Sheet",
    "Shelved",
    "Standing",
    "Status",
    "Usage",
    "Webhook",
    "Webhooks",
    "card_from",
    "check_certificate",
    "check_signature",
    "chosen",
    "cite",
    "conditions",
    "csv_cell",
    "data_sheet",
    "dictionary_of",
    "kind_of",
    "known_licences",
    "licence_of",
    "move_of",
    "named",
    "neutral",
    "offered_formats",
    "office_of",
    "opening_of",
    "ordering",
    "provider_name",
    "provider_of",
    "sharing_of",
    "short_name",
    "standard_of",
    "theme_name",
    "visible",
    "why_assessed",
    "write_rows",
]
