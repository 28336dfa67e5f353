"""ledger: who did what, to what, why: append-only, each record sealed to the one before.

Does not belong here: deciding (guard), the records' subject matter (registry, lake).
"""

from lifang.store.ledger.ledger import Ledger
from lifang.store.ledger.model import Entry, Record, Verdict

__all__ = ["Entry", "Ledger", "Record", "Verdict"]
