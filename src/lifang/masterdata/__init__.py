"""masterdata: one record of each person, legal entity, home, address, licence: resolved from what bureaus say.

Legal entities are one by their code (with its check digit), else by their name; addresses by their parts. Where
bureaus differ, precedence rules decide, or a person does, on record. Each base database is a dataset ``master_<kind>``
whose releases are the history of every record; links lead from one base database to another.
Does not belong here: what one bureau's rows must keep (catalogue), how they come in (exchange).
Reads the datasets named as sources, ``streets`` and ``roads``; writes ``master_*`` and the registry's ``master_*``.
"""

from lifang.masterdata.addresses import Address, Gazetteer, Matcher, score
from lifang.masterdata.masterdata import Consolidated, MasterData, dataset_of
from lifang.masterdata.model import LINKS, Conflict, Link, Source, kinds
from lifang.masterdata.names import plain_name

__all__ = [
    "LINKS",
    "Address",
    "Conflict",
    "Consolidated",
    "Gazetteer",
    "Link",
    "MasterData",
    "Matcher",
    "Source",
    "dataset_of",
    "kinds",
    "plain_name",
    "score",
]
