"""data_standards: what a dataset of a kind holds: elements with type, range, codes, key, grade and source clause.

A data standard is one TOML text: :func:`lint` names each fault with its line, :func:`read_standard` returns it,
:func:`compare` tells what another edition changes, :func:`as_markdown` writes it for people. Those that lifang ships
are files in ``standards/data/data_standards``.
Does not belong here: where a city keeps its own (catalogue). Reads and writes no dataset.
"""

from lifang.standards.data_standards.comparing import Change, compare
from lifang.standards.data_standards.linting import Fault, lint, read_standard
from lifang.standards.data_standards.markdown import as_markdown
from lifang.standards.data_standards.model import (
    GRADES,
    GRADING,
    KINDS,
    PERSONAL,
    TYPES,
    DataStandard,
    Element,
    split_reference,
)
from lifang.standards.data_standards.shipped import shipped_standards, shipped_text

__all__ = [
    "GRADES",
    "GRADING",
    "KINDS",
    "PERSONAL",
    "TYPES",
    "Change",
    "DataStandard",
    "Element",
    "Fault",
    "as_markdown",
    "compare",
    "lint",
    "read_standard",
    "shipped_standards",
    "shipped_text",
    "split_reference",
]
