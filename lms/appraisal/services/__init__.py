"""The verbs of appraisal: design, open, rate, compute, publish, explain."""

from lms.appraisal.evidence import known_measures
from lms.appraisal.rules.comprehensive import SEVEN, Mark
from lms.appraisal.rules.draft import (
    GateDraft,
    GradeDraft,
    IndicatorDraft,
    Mode,
    SchemeDraft,
    SectionDraft,
    document_of,
    draft_of,
)
from lms.appraisal.rules.levels import Below, ParameterDraft, Setting
from lms.appraisal.rules.standard import comprehensive_section, standard_scheme, training_section
from lms.appraisal.services import results
from lms.appraisal.services.completeness import completeness
from lms.appraisal.services.computing import run_cycle, start_compute
from lms.appraisal.services.cycles import open_cycle, sync_members
from lms.appraisal.services.parameters import open_below, set_parameters
from lms.appraisal.services.publishing import propose_adjustment, propose_publish, publish_by_two, titles
from lms.appraisal.services.ratings import rate, rate_many
from lms.appraisal.services.scheme_files import import_scheme
from lms.appraisal.services.scheme_files import read_file as read_scheme_file
from lms.appraisal.services.schemes import activate, design_scheme, revise_scheme
from lms.appraisal.services.todos import todo
from lms.appraisal.services.verifying import verify

__all__ = [
    "SEVEN",
    "Below",
    "GateDraft",
    "GradeDraft",
    "IndicatorDraft",
    "Mark",
    "Mode",
    "ParameterDraft",
    "SchemeDraft",
    "SectionDraft",
    "Setting",
    "activate",
    "completeness",
    "comprehensive_section",
    "design_scheme",
    "document_of",
    "draft_of",
    "import_scheme",
    "known_measures",
    "open_below",
    "open_cycle",
    "propose_adjustment",
    "propose_publish",
    "publish_by_two",
    "rate",
    "rate_many",
    "read_scheme_file",
    "results",
    "revise_scheme",
    "run_cycle",
    "set_parameters",
    "standard_scheme",
    "start_compute",
    "sync_members",
    "titles",
    "todo",
    "training_section",
    "verify",
]
