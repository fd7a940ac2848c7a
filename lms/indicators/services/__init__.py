"""The verbs of indicators: define, import, withdraw, read."""

from lms.indicators.rules import ImportKind
from lms.indicators.services.actuals import ActualsImporter
from lms.indicators.services.facts import SourceRow, actuals, measures, source_rows, unrecorded
from lms.indicators.services.indicators import (
    IndicatorDraft,
    all_indicators,
    define_indicator,
    find_indicator,
    found_indicators,
    indicators_by_set,
)
from lms.indicators.services.pipeline import (
    LIMIT,
    Findings,
    Importer,
    Part,
    Reject,
    UploadDraft,
    batches,
    commit,
    digest_of,
    error_file,
    importer_of,
    inspect,
    judge,
    keep_findings,
    latest_change,
    look,
    options_of,
    receive,
    register,
    rejects,
    revise,
    run_import,
    template,
    uploads,
    withdraw,
    write_parts,
)
from lms.indicators.services.start import start
from lms.indicators.services.targets import TargetsImporter, targets, unit_targets

register(ImportKind.ACTUALS, ActualsImporter())
register(ImportKind.TARGETS, TargetsImporter())

__all__ = [
    "LIMIT",
    "Findings",
    "Importer",
    "IndicatorDraft",
    "Part",
    "Reject",
    "SourceRow",
    "UploadDraft",
    "actuals",
    "all_indicators",
    "batches",
    "commit",
    "define_indicator",
    "digest_of",
    "error_file",
    "find_indicator",
    "found_indicators",
    "importer_of",
    "indicators_by_set",
    "inspect",
    "judge",
    "keep_findings",
    "latest_change",
    "look",
    "measures",
    "options_of",
    "receive",
    "register",
    "rejects",
    "revise",
    "run_import",
    "source_rows",
    "start",
    "targets",
    "template",
    "unit_targets",
    "unrecorded",
    "uploads",
    "withdraw",
    "write_parts",
]
