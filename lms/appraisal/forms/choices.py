"""What may be chosen in the scheme editor, and what a short form shows of an indicator's fields."""

from __future__ import annotations

from typing import Any

from lms.appraisal.rules.draft import Mode
from lms.web.text import lazy as _l

MODES = [
    (Mode.RATIO.value, _l("完成率（实际 ÷ 目标）")),
    (Mode.DIFFERENCE.value, _l("与目标的差，每步加减分")),
    (Mode.BANDS.value, _l("分档")),
    (Mode.INTERPOLATION.value, _l("标准之间插值")),
    (Mode.RANK.value, _l("名次")),
    (Mode.PERCENTILE.value, _l("百分位（胜过多少同组人）")),
    (Mode.UNIT.value, _l("按单位计价")),
    (Mode.LEDGER.value, _l("按次加分或扣分")),
    (Mode.VALUE.value, _l("按值计分")),
    (Mode.SEGMENTS.value, _l("分段表（全部设置）")),
]
CUSTOM = (Mode.CUSTOM.value, _l("方案文件中的规则（保持不变）"))
DIRECTIONS = [("more", _l("越高越好")), ("less", _l("越低越好")), ("range", _l("适度为好"))]
STEP_MODES = [
    ("pro_rata", _l("按比例")),
    ("whole", _l("不足一步不计")),
    ("started", _l("不足一步按一步计")),
    ("half_up", _l("满半步按一步计")),
]
POSITIONS = [
    ("value", _l("实际值")),
    ("ratio", _l("实际 ÷ 参照")),
    ("inverse", _l("参照 ÷ 实际")),
    ("difference", _l("实际 − 参照")),
    ("relative", _l("（实际 − 参照）÷ 参照")),
    ("rank", _l("名次")),
    ("percentile", _l("百分位")),
]
REFERENCES = [
    ("target", _l("目标值")),
    ("time_elapsed", _l("按时间进度的目标值")),
    ("prior", _l("上期实际值")),
    ("constant", _l("固定值")),
    ("peer_mean", _l("同组平均值")),
    ("peer_best", _l("同组最好值")),
    ("peer_worst", _l("同组最差值")),
    ("none", _l("不比较")),
]
MISSING = [
    ("pending", _l("不出总分，等数据")),
    ("zero", _l("按零分计")),
    ("full", _l("按满分计")),
    ("peer_mean", _l("按其他人的平均得分计")),
    ("previous", _l("按上期得分计")),
    ("exclude_and_rescale", _l("不计此项，权重分给同模块其他指标")),
    ("move", _l("不计此项，权重移给指定指标")),
]
ZERO = [*MISSING, ("points", _l("得固定分数"))]
GROUPS = [
    ("weighted_mean", _l("加权平均")),
    ("sum", _l("相加")),
    ("min", _l("取最低")),
    ("max", _l("取最高")),
    ("all_of", _l("全部达标得 100 分，否则 0 分")),
]
WEIGHTINGS = [("percent", _l("按权重百分比合成")), ("points", _l("各模块得分直接相加"))]
STAGES = [
    ("after_coefficient", _l("先乘系数，再保底封顶")),
    ("before_coefficient", _l("先保底封顶，再乘系数")),
]
PLACES = [(str(n), str(n)) for n in range(5)]
CLOSED = [("closed", _l("含")), ("open", _l("不含"))]
OPS = [("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"), ("eq", "="), ("ne", "≠")]
EFFECTS = [
    ("cap_grade", _l("等级最高为")),
    ("cap_total", _l("总分最高为")),
    ("set_total", _l("总分定为")),
    ("multiply", _l("总分乘以")),
    ("withhold", _l("不定等级")),
]
GATE_MISSING = [
    ("pending", _l("不出总分，等数据")),
    ("pass", _l("视为未触发")),
    ("apply", _l("视为触发")),
]

_STEPPED = ("base", "step", "points_per_step", "step_mode")
_COMPARED = ("reference", "reference_value")
_SHOWN = {
    Mode.RATIO: ("direction", *_COMPARED, "base"),
    Mode.DIFFERENCE: ("direction", *_COMPARED, *_STEPPED),
    Mode.BANDS: ("position", *_COMPARED, "direction", "standards", "below"),
    Mode.INTERPOLATION: ("position", *_COMPARED, "direction", "standards", "below"),
    Mode.RANK: ("direction", "standards", "below"),
    Mode.PERCENTILE: ("direction", "standards", "below"),
    Mode.UNIT: ("direction", *_STEPPED),
    Mode.LEDGER: ("direction", "base", "points_per_step"),
    Mode.VALUE: ("direction", "base", "points_per_step"),
    Mode.SEGMENTS: ("position", *_COMPARED, "direction", "segments", "step", "step_mode", "step_origin"),
    Mode.CUSTOM: (),
}
RULE_FIELDS = (
    "direction",
    "position",
    *_COMPARED,
    *_STEPPED,
    "step_origin",
    "standards",
    "below",
    "segments",
)
"""The fields of an indicator that belong to its short form."""
SCALARS = tuple(name for name in RULE_FIELDS if name not in ("standards", "segments"))


def shown(mode: str | None) -> tuple[str, ...]:
    """Return the fields that a short form shows; the others are carried along unseen."""
    return _SHOWN[Mode(mode)] if mode in list(Mode) else _SHOWN[Mode.RATIO]


def divides(line: Any) -> bool:
    """Whether a row's rule divides, so that it must say what a zero divisor gives."""
    position = line.position.data if "position" in shown(line.mode.data) else line.mode.data
    return position in ("ratio", "inverse", "relative") or line.zero.data != "pending"


AT_LABELS = {
    Mode.BANDS.value: _l("从（含）"),
    Mode.INTERPOLATION.value: _l("达到"),
    Mode.RANK.value: _l("到第几名（含）"),
    Mode.PERCENTILE.value: _l("胜过百分之几（含）"),
}
LABELS = {
    "below": {
        Mode.BANDS.value: _l("低于第一档得分"),
        Mode.INTERPOLATION.value: _l("低于第一个标准得分"),
        Mode.RANK.value: _l("其余名次得分"),
        Mode.PERCENTILE.value: _l("低于第一档得分"),
    },
    "base": {
        Mode.RATIO.value: _l("完成 100% 得分"),
        Mode.DIFFERENCE.value: _l("持平得分"),
    },
    "points_per_step": {
        Mode.VALUE.value: _l("每 1 得（或扣）分"),
        Mode.LEDGER.value: _l("每次加（或扣）分"),
    },
}
"""What a field is called in a short form, where its general name would say less."""
