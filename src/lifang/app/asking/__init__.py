"""app.asking: who asks the city: a subject with a purpose, whose every reading is decided, and recorded if not open.

Does not belong here: the rules (guard), who somebody is (identity), any outside language (doors).
Reads what the rooms below keep, for an :class:`Asker`; writes denials and reads of what is not open to the ledger.
"""

from lifang.app.asking.asker import OWNER, Asker, Columns, Current, Indicator, IndicatorHistory, Page, Series
from lifang.app.asking.buckets import FIGURES, Buckets
from lifang.app.asking.clashes import DETECT_CLASHES, ClashView, check_clash_request, clash_job
from lifang.app.asking.datasets import Listed, OpenDataset
from lifang.app.asking.decisions import Decisions
from lifang.app.asking.imagery import ADD_IMAGERY, ImageryView, describe_imagery, imagery_job
from lifang.app.asking.places import Place, PlaceView
from lifang.app.asking.reads import Reads
from lifang.app.asking.sharing import Offer, SharingDesk, Use
from lifang.app.asking.shelf import Shelf, Shown, shown
from lifang.app.asking.topics import TopicView
from lifang.app.asking.twin import About, SeenTiles, SeenVector, TwinView
from lifang.app.asking.twin_links import Everything, LinkView, Live, SeenLink

__all__ = [
    "ADD_IMAGERY",
    "DETECT_CLASHES",
    "FIGURES",
    "OWNER",
    "About",
    "Asker",
    "Buckets",
    "ClashView",
    "Columns",
    "Current",
    "Decisions",
    "Everything",
    "ImageryView",
    "Indicator",
    "IndicatorHistory",
    "LinkView",
    "Listed",
    "Live",
    "Offer",
    "OpenDataset",
    "Page",
    "Place",
    "PlaceView",
    "Reads",
    "SeenLink",
    "SeenTiles",
    "SeenVector",
    "Series",
    "SharingDesk",
    "Shelf",
    "Shown",
    "TopicView",
    "TwinView",
    "Use",
    "check_clash_request",
    "clash_job",
    "describe_imagery",
    "imagery_job",
    "shown",
]
