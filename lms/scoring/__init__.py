"""Room scoring: pure rules from a scheme document and figures to points, grades, ranks and their trace.

scheme = parse(document)             # dict from JSON; raises InvalidScheme(problems)
result = score(scheme, facts, targets)
"""

from lms.scoring.document import Scheme, canonical_json, sha256, to_dict
from lms.scoring.engine import Result, score
from lms.scoring.parsing import parse, parse_indicator
from lms.scoring.problems import InvalidFrame, InvalidScheme, Problem

__all__ = [
    "InvalidFrame",
    "InvalidScheme",
    "Problem",
    "Result",
    "Scheme",
    "canonical_json",
    "parse",
    "parse_indicator",
    "score",
    "sha256",
    "to_dict",
]
