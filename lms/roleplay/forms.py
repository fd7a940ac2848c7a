"""The form to schedule a sitting."""

from __future__ import annotations

from wtforms import DateTimeLocalField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from lms.web.forms import Form
from lms.web.text import lazy as _l


class CheckboxesField(SelectMultipleField):
    """Several of a list, each with a box of its own to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SittingForm(Form):
    """Who plays what, when, before whom."""

    enrolment_id = SelectField(_l("学员"), [InputRequired()], coerce=int)
    scenario_id = SelectField(_l("情景"), [InputRequired()], coerce=int)
    at = DateTimeLocalField(_l("时间"), [InputRequired()], format="%Y-%m-%dT%H:%M")
    scorer_ids = CheckboxesField(_l("评分人（可多选）"), [InputRequired()], coerce=int)
