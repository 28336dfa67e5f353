"""lifecycle: where a dataset is between draft and destruction, who moves it, what keeps it and what becomes of it.

Does not belong here: what a dataset holds (catalogue), who may (guard). Reads the catalogue's records; writes the life
of datasets, legal holds and destructions, each with its ledger record.
"""

from lifang.catalogue.lifecycle.certificate import Check, check_certificate, check_signature
from lifang.catalogue.lifecycle.destruction import Destruction, Destructions
from lifang.catalogue.lifecycle.lifecycle import LifeCycle, Placed
from lifang.catalogue.lifecycle.machine import (
    EXISTING,
    IN_USE,
    MOVES,
    OPEN_TO_RELEASES,
    REASON_MAX,
    UNPUBLISHED,
    Asked,
    Life,
    LifeMove,
    LifeState,
    move_of,
    open_moves,
    step,
)
from lifang.catalogue.lifecycle.standing import Standing, begin, standing_of, standings

__all__ = [
    "EXISTING",
    "IN_USE",
    "MOVES",
    "OPEN_TO_RELEASES",
    "REASON_MAX",
    "UNPUBLISHED",
    "Asked",
    "Check",
    "Destruction",
    "Destructions",
    "Life",
    "LifeCycle",
    "LifeMove",
    "LifeState",
    "Placed",
    "Standing",
    "begin",
    "check_certificate",
    "check_signature",
    "move_of",
    "open_moves",
    "standing_of",
    "standings",
    "step",
]
