"""The form to open a wave."""

from __future__ import annotations

from wtforms import DateField, SelectField
from wtforms.validators import InputRequired

from lms.web.forms import Form
from lms.web.text import lazy as _l


class WaveForm(Form):
    """Which form, to which cohort, from when, until when."""

    form_id = SelectField(_l("反馈表"), [InputRequired()], coerce=int)
    opens_on = DateField(_l("开始日期"), [InputRequired()])
    due_on = DateField(_l("截止日期"), [InputRequired()])
