"""By what people are grouped where a rule compares them within their peer group only."""

from __future__ import annotations

from lms.core.i18n import N_

UNIT, GRADE, POST = "unit", "grade", "post"
LEVELS = ("tier_1", "tier_2", "sub_branch", "office")

GROUPINGS = {
    UNIT: N_("同一机构"),
    "tier_1": N_("同一一级分行"),
    "tier_2": N_("同一二级分行"),
    "sub_branch": N_("同一支行"),
    "office": N_("同一网点"),
    GRADE: N_("同一职级"),
    POST: N_("同一岗位"),
}
"""Names that a scheme may use, and what they mean. Levels are those of the unit a person is in, or above."""
