"""topics: what somebody has to say about a place in the twin, with the view of it: kept, and passed on as BCF.

Does not belong here: how clashes are found, who may see what stands there. Reads and writes no dataset.
"""

from lifang.twin.topics.keeping import Topics
from lifang.twin.topics.model import STATUSES, Topic, Viewpoint
from lifang.twin.topics.reading import read_bcf
from lifang.twin.topics.writing import write_bcf

__all__ = ["STATUSES", "Topic", "Topics", "Viewpoint", "read_bcf", "write_bcf"]
