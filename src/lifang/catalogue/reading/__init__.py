"""reading: files as received become batches of raw text and geometry, with their source row numbers.

Does not belong here: what the values should be (checking), where they are kept (store).
Reads and writes no dataset.
"""

from lifang.catalogue.reading.model import Batch, Hints, Limits, Opened, Refusal
from lifang.catalogue.reading.sniff import FORMATS, open_source
from lifang.catalogue.reading.tables import ROW, open_table

__all__ = ["FORMATS", "ROW", "Batch", "Hints", "Limits", "Opened", "Refusal", "open_source", "open_table"]
