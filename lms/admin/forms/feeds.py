"""Forms of feeds and their alarms."""

from __future__ import annotations

from wtforms import BooleanField, DateField, DecimalField, IntegerField, SelectField, StringField, TimeField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from lms.admin.forms.codes import refuse_odd_days
from lms.admin.forms.imports import POLICIES
from lms.indicators.rules import ImportKind, Policy
from lms.indicators.rules.feeds import FeedDraft
from lms.indicators.rules.kinds import Rhythm
from lms.web.forms import Form
from lms.web.text import lazy as _l

RHYTHMS = {
    Rhythm.DAILY: _l("每天"),
    Rhythm.WORKING_DAY: _l("每个工作日"),
    Rhythm.MONTHLY: _l("每月（月末）"),
}
FEED_KINDS = {ImportKind.RECORDS: _l("业务数据"), ImportKind.ACTUALS: _l("实际值")}
NO_MODEL = "-"


class FeedForm(Form):
    """A file to be expected."""

    code = StringField(_l("代码"), [InputRequired(), Length(max=40)])
    name_zh = StringField(_l("中文名称"), [InputRequired(), Length(max=120)])
    name_en = StringField(_l("英文名称"), [Optional(), Length(max=120)])
    kind = SelectField(_l("文件内容"), choices=[(key.value, word) for key, word in FEED_KINDS.items()])
    data_model = SelectField(_l("数据模型"))
    mapping_name = StringField(_l("列对应的名称（可不填）"), [Optional(), Length(max=120)])
    file_pattern = StringField(_l("数据文件名"), [InputRequired(), Length(max=200)])
    control_pattern = StringField(_l("控制文件名（可不填）"), [Optional(), Length(max=200)])
    ready_pattern = StringField(_l("就绪标志文件名（可不填）"), [Optional(), Length(max=200)])
    rhythm = SelectField(_l("频率"), choices=[(key.value, word) for key, word in RHYTHMS.items()])
    starts_on = DateField(_l("从哪天的数据开始"), [InputRequired(), refuse_odd_days])
    due_days = IntegerField(_l("数据日期后几天内到"), [InputRequired(), NumberRange(0, 31)])
    due_time = TimeField(_l("最迟到达时间"), [InputRequired()])
    shortest_percent = DecimalField(
        _l("行数少于上一次的百分之几时扣住（可不填）"), [Optional(), NumberRange(1, 100)], places=None
    )
    policy = SelectField(_l("遇到错误行时"), choices=[(key.value, word) for key, word in POLICIES.items()])
    active = BooleanField(_l("启用"))

    def to_draft(self) -> FeedDraft:
        """Return what was typed."""
        assert self.starts_on.data is not None
        assert self.due_time.data is not None
        return FeedDraft(
            code=str(self.code.data).strip(),
            name_zh=str(self.name_zh.data).strip(),
            name_en=(self.name_en.data or "").strip() or None,
            kind=ImportKind(self.kind.data),
            data_model=None if self.data_model.data == NO_MODEL else str(self.data_model.data),
            mapping_name=(self.mapping_name.data or "").strip(),
            file_pattern=str(self.file_pattern.data).strip(),
            control_pattern=(self.control_pattern.data or "").strip(),
            ready_pattern=(self.ready_pattern.data or "").strip(),
            rhythm=Rhythm(self.rhythm.data),
            starts_on=self.starts_on.data,
            due_days=int(self.due_days.data or 0),
            due_minutes=self.due_time.data.hour * 60 + self.due_time.data.minute,
            shortest_percent=self.shortest_percent.data,
            policy=Policy(self.policy.data),
            active=bool(self.active.data),
        )


class DismissForm(Form):
    """Why nothing more is to be done about an alarm."""

    reason = StringField(_l("理由"), [DataRequired(), Length(max=500)])
