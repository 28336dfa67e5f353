"""blobs: files as received, named by their own hash.

Does not belong here: tables, records. Reads and writes no dataset.
"""

from lifang.store.blobs.files import Blob, Blobs

__all__ = ["Blob", "Blobs"]
