"""amending: a dataset's rows changed by their key, which makes a new release of the one before.

Does not belong here: reading files (reading), whole files as releases (the admission).
Reads and writes every catalogued dataset that has a key.
"""

from lifang.catalogue.amending.amend import Amendments
from lifang.catalogue.amending.model import CHANGE, METHODS, Amendment, Change, Method

__all__ = ["CHANGE", "METHODS", "Amendment", "Amendments", "Change", "Method"]
