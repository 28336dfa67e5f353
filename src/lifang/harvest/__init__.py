"""harvest: what other portals say of their datasets comes into the catalogue, labelled with where it is from.

From DCAT (Turtle, JSON-LD, RDF/XML, data.json) and CKAN, again and again: only what has changed is written, and what a
portal no longer lists is marked as withdrawn at source, never destroyed. Reaches out by ``outside`` only.
Does not belong here: the rows of others (their files stay where they are), what a dataset is (catalogue).
Reads and writes the cards of harvested datasets, and the registry's tables ``harvest_source`` and ``harvest_record``.
"""

from lifang.harvest.harvests import Harvests
from lifang.harvest.model import KINDS, FileLink, Harvested, Remote, Report, Source, Trial
from lifang.harvest.settings import HarvestSettings

__all__ = ["KINDS", "FileLink", "HarvestSettings", "Harvested", "Harvests", "Remote", "Report", "Source", "Trial"]
