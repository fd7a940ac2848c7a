"""Forms: what is to be packed."""

from __future__ import annotations

from wtforms import SelectField

from lms.web.forms import Form
from lms.web.text import lazy as _l

LANGUAGES = [("zh", "中文"), ("en", "English")]


class ZipForm(Form):
    """Cycle, unit and language; cycles and units are those within reach."""

    cycle_id = SelectField(_l("考核期"), coerce=int)
    org_unit_id = SelectField(_l("机构"), coerce=int)
    language = SelectField(_l("报告语言"), choices=LANGUAGES)
