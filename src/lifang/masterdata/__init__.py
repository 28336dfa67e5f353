"""masterdata: one record of each person, legal entity, home, address, licence: resolved from what bureaus say.

Legal entities are one by their code (with its check digit), else by their name; addresses by their parts, as the
city's own names of districts, streets and roads tell them apart. Where bureaus differ, precedence rules decide, or a
person does; a person says whether records that are alike are one; each decision and its history is kept. Each base
database is a dataset ``master_<kind>`` whose releases are the history of every record; links lead from one to another.
Does not belong here: what one bureau's rows must keep (catalogue), how they come in (exchange).
Reads the datasets named as sources, and those of ``[gazetteer]`` (``districts``, ``streets``, ``roads``); writes
``master_*`` and the registry's ``master_*``.
"""

from lifang.masterdata.addresses import Address, Gazetteer, Matcher, score
from lifang.masterdata.docket import Docket
from lifang.masterdata.golden import Consolidated
from lifang.masterdata.masterdata import MasterData
from lifang.masterdata.model import ADDRESS, LINKS, Conflict, DuplicateCase, Link, Source, Step, dataset_of, kinds
from lifang.masterdata.names import plain_name
from lifang.masterdata.places import Feed, Meaning, Places
from lifang.masterdata.records import HOPS_MAX, LinkedRecord, Records

__all__ = [
    "ADDRESS",
    "HOPS_MAX",
    "LINKS",
    "Address",
    "Conflict",
    "Consolidated",
    "Docket",
    "DuplicateCase",
    "Feed",
    "Gazetteer",
    "Link",
    "LinkedRecord",
    "MasterData",
    "Matcher",
    "Meaning",
    "Places",
    "Records",
    "Source",
    "Step",
    "dataset_of",
    "kinds",
    "plain_name",
    "score",
]
