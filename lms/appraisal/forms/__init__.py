"""Forms: the scheme editor, scheme files, parameters, a new cycle, the rating grid, an adjustment."""

from lms.appraisal.forms.cycles import AdjustForm, CycleForm, FilterForm, Typed, typed_marks
from lms.appraisal.forms.files import SchemeFileForm, packed, unpacked
from lms.appraisal.forms.parameters import ParameterForm, ParameterRow, TableFilterForm
from lms.appraisal.forms.preview import PreviewForm
from lms.appraisal.forms.rows import SectionRow
from lms.appraisal.forms.scheme import SchemeForm

__all__ = [
    "AdjustForm",
    "CycleForm",
    "FilterForm",
    "ParameterForm",
    "ParameterRow",
    "PreviewForm",
    "SchemeFileForm",
    "SchemeForm",
    "SectionRow",
    "TableFilterForm",
    "Typed",
    "packed",
    "typed_marks",
    "unpacked",
]
