"""standards: national code lists, data standards, check digits, air quality indices, each with edition and source.

Code lists are data: a TOML header and a CSV file in ``data/``; a new list is one such pair. A data standard, what a
dataset of a kind holds, is one TOML file in ``data/data_standards/``. Other rooms ask this face and never write a code
or a breakpoint themselves.
Does not belong here: what a city does with a code or an index; anything that stores. Reads and writes no dataset.
"""

from lifang.standards.air import DAILY, HOURLY, INDEX_MAX, SO2_24H, Aqi, Pollutant, aqi, iaqi
from lifang.standards.air_check import AqiCheck, Finding, check_aqi
from lifang.standards.air_levels import AqiClass, aqi_class, aqi_classes, aqi_levels, limit
from lifang.standards.check_digits import check_digit, check_digits, complete_uscc
from lifang.standards.codes import Code, CodeList, code_list, code_lists
from lifang.standards.data_standards import (
    GRADES,
    GRADING,
    KINDS,
    PERSONAL,
    Change,
    DataStandard,
    Element,
    Fault,
    as_markdown,
    compare,
    lint,
    read_standard,
    shipped_standards,
    shipped_text,
    split_reference,
)
from lifang.standards.working_days import WorkingCalendar

__all__ = [
    "DAILY",
    "GRADES",
    "GRADING",
    "HOURLY",
    "INDEX_MAX",
    "KINDS",
    "PERSONAL",
    "SO2_24H",
    "Aqi",
    "AqiCheck",
    "AqiClass",
    "Change",
    "Code",
    "CodeList",
    "DataStandard",
    "Element",
    "Fault",
    "Finding",
    "Pollutant",
    "WorkingCalendar",
    "aqi",
    "aqi_class",
    "aqi_classes",
    "aqi_levels",
    "as_markdown",
    "check_aqi",
    "check_digit",
    "check_digits",
    "code_list",
    "code_lists",
    "compare",
    "complete_uscc",
    "iaqi",
    "limit",
    "lint",
    "read_standard",
    "shipped_standards",
    "shipped_text",
    "split_reference",
]
