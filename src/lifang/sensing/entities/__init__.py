"""entities: what senses and what is sensed, as OGC SensorThings knows it: kinds, links, questions over both.

Does not belong here: any outside language (doors), how observations are stored (store), what a value means.
Reads and writes the registry's tables of sensing entities; reads the lake's observations.
"""

from lifang.sensing.entities.change import Change, Changed
from lifang.sensing.entities.entities import Entities
from lifang.sensing.entities.kinds import (
    COLLECTIONS,
    COMPUTED,
    GRAPH,
    OBSERVATION,
    PLURALS,
    RESOURCES,
    STREAMS,
    TASKING,
    WAYS,
    Way,
)
from lifang.sensing.entities.question import NESTED, PAGE, PAGE_MAX, Entity, Page, Question, Sight, Start
from lifang.sensing.entities.reading import key_text, start_of
from lifang.sensing.entities.rewriting import APART
from lifang.sensing.entities.telling import area_of, told_entity

__all__ = [
    "APART",
    "COLLECTIONS",
    "COMPUTED",
    "GRAPH",
    "NESTED",
    "OBSERVATION",
    "PAGE",
    "PAGE_MAX",
    "PLURALS",
    "RESOURCES",
    "STREAMS",
    "TASKING",
    "WAYS",
    "Change",
    "Changed",
    "Entities",
    "Entity",
    "Page",
    "Question",
    "Sight",
    "Start",
    "Way",
    "area_of",
    "key_text",
    "start_of",
    "told_entity",
]
