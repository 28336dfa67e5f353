"""quality: standing checks of every dataset, their scores through time, and the loop by which faults are mended.

Does not belong here: the rules that a file is checked by when it comes in (checking), who may (guard).
Reads the newest release of every catalogued dataset; writes runs of checks and issues with their history.
"""

from lifang.catalogue.quality.issues import ISSUE_MOVES, Issue, IssueEvent, Issues, IssueState, issue_step
from lifang.catalogue.quality.runs import Check, QualityRuns, Run
from lifang.catalogue.quality.scores import DIMENSIONS, Facts, scores_of, thresholds_of

__all__ = [
    "DIMENSIONS",
    "ISSUE_MOVES",
    "Check",
    "Facts",
    "Issue",
    "IssueEvent",
    "IssueState",
    "Issues",
    "QualityRuns",
    "Run",
    "issue_step",
    "scores_of",
    "thresholds_of",
]
