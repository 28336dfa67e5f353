"""standards: national code lists, check digits, air quality indices and limits, each with edition, source and dates.

Code lists are data: a TOML header and a CSV file in ``data/``; a new list is one such pair. Other rooms ask this face
and never write a code or a breakpoint themselves.
Does not belong here: what a city does with a code or an index; anything that stores. Reads and writes no dataset.
"""

from lifang.standards.air import DAILY, HOURLY, INDEX_MAX, SO2_24H, Aqi, Pollutant, aqi, iaqi
from lifang.standards.air_check import AqiCheck, Finding, check_aqi
from lifang.standards.air_levels import AqiClass, aqi_class, aqi_classes, aqi_levels, limit
from lifang.standards.check_digits import check_digit, check_digits
from lifang.standards.codes import Code, CodeList, code_list, code_lists

__all__ = [
    "DAILY",
    "HOURLY",
    "INDEX_MAX",
    "SO2_24H",
    "Aqi",
    "AqiCheck",
    "AqiClass",
    "Code",
    "CodeList",
    "Finding",
    "Pollutant",
    "aqi",
    "aqi_class",
    "aqi_classes",
    "aqi_levels",
    "check_aqi",
    "check_digit",
    "check_digits",
    "code_list",
    "code_lists",
    "iaqi",
    "limit",
]
