"""What the process that victims are forked from has loaded: the house and its doors' routes; no thread, no city."""

from __future__ import annotations

import gc
import importlib

from lifang.doors.api.app import _routes

for _late in ("numpy.ma", "pyarrow.dataset", "tests.victims"):  # loaded by the first city that is opened
    importlib.import_module(_late)
_routes()
gc.freeze()
