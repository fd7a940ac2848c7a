"""How a figure stands to its target, its unit in both languages, and the names of what a trace tells."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from lms.core.i18n import N_

STEPS = {
    "measure": N_("实际值"),
    "reference": N_("目标值"),
    "missing": N_("缺少数据"),
    "position": N_("完成情况"),
    "step": N_("按步取整"),
    "curve": N_("按规则得分"),
    "bound": N_("上下限之后"),
    "coefficient": N_("系数"),
    "round": N_("四舍五入"),
    "weight": N_("权重"),
    "contribution": N_("计入得分"),
    "group": N_("指标合成"),
    "section": N_("模块得分"),
    "incomplete": N_("尚不完整"),
    "composite": N_("各模块合计"),
    "before_gates": N_("门槛之前的得分"),
    "gate": N_("门槛"),
    "multiplied": N_("乘以门槛系数之后"),
    "cut_off": N_("等级名额的最低分"),
    "refused": N_("不符合条件的等级"),
    "unsure": N_("条件尚不清楚的等级"),
    "total": N_("综合得分"),
    "grade": N_("等级"),
    "rank": N_("名次"),
}
DETAILS = {
    "target": N_("目标值"),
    "constant": N_("固定值"),
    "ratio": N_("实际 ÷ 目标"),
    "inverse": N_("目标 ÷ 实际"),
    "difference": N_("实际 − 目标"),
    "relative": N_("（实际 − 目标）÷ 目标"),
    "value": N_("直接取值"),
    "rank": N_("名次"),
    "percentile": N_("胜过其他人的百分比"),
    "peer_mean": N_("同组平均值"),
    "peer_best": N_("同组最好值"),
    "peer_worst": N_("同组最差值"),
    "prior": N_("以前的实际值"),
    "time_elapsed": N_("按时间进度的目标值"),
    "measure": N_("另一计量项"),
    "carried": N_("结转以前差额之后的目标值"),
    "all_of": N_("全部达标"),
    "pro_rata": N_("按比例"),
    "whole": N_("不足一步不计"),
    "started": N_("不足一步按一步计"),
    "half_up": N_("满半步按一步计"),
    "cap": N_("封顶"),
    "floor": N_("保底"),
    "none": N_("未触及上下限"),
    "weight": N_("方案权重"),
    "rescaled": N_("缺项后的权重"),
    "weighted_mean": N_("加权平均"),
    "sum": N_("相加"),
    "min": N_("取最低"),
    "max": N_("取最高"),
    "percent": N_("按权重计入"),
    "points": N_("直接相加"),
    "pending": N_("等待数据"),
    "nothing_left": N_("没有可计的指标"),
    "zero_denominator": N_("分母为零"),
    "actual:pending": N_("缺实际值，等待数据"),
    "actual:zero": N_("缺实际值，按零分计"),
    "actual:exclude_and_rescale": N_("缺实际值，不计此项"),
    "actual:full": N_("缺实际值，按满分计"),
    "actual:peer_mean": N_("缺实际值，按同组平均得分计"),
    "actual:previous": N_("缺实际值，按上期得分计"),
    "actual:move": N_("缺实际值，权重移给另一指标"),
    "target:pending": N_("缺目标值，等待数据"),
    "target:zero": N_("缺目标值，按零分计"),
    "target:exclude_and_rescale": N_("缺目标值，不计此项"),
    "target:full": N_("缺目标值，按满分计"),
    "target:peer_mean": N_("缺目标值，按同组平均得分计"),
    "target:previous": N_("缺目标值，按上期得分计"),
    "target:move": N_("缺目标值，权重移给另一指标"),
    "denominator:pending": N_("分母为零，等待处理"),
    "denominator:zero": N_("分母为零，按零分计"),
    "denominator:exclude_and_rescale": N_("分母为零，不计此项"),
    "denominator:full": N_("分母为零，按满分计"),
    "denominator:peer_mean": N_("分母为零，按同组平均得分计"),
    "denominator:previous": N_("分母为零，按上期得分计"),
    "denominator:move": N_("分母为零，权重移给另一指标"),
}
SOURCES = {
    "imported": N_("文件导入"),
    "typed": N_("录入"),
    "computed": N_("计算"),
    "quiz": N_("测验"),
    "sitting": N_("情景演练"),
    "enrolment": N_("课程"),
    "rating": N_("主管评分"),
}
FLAGS = {
    "calculated": N_("计算"),
    "inferred": N_("推算"),
    "recorded": N_("已记入变动表"),
    "unrecorded": N_("未记入变动表"),
}
EFFECTS = {
    "cap_grade": ("等级最高为 {grade}", "Grade at most {grade}"),
    "cap_total": ("总分最高为 {points}", "Total at most {points}"),
    "set_total": ("总分定为 {points}", "Total set to {points}"),
    "multiply": ("总分乘以 {factor}", "Total × {factor}"),
    "withhold": ("不评等级", "Grade withheld"),
}


UNITS_EN = {
    "元": "CNY",
    "万元": "CNY 10k",
    "亿元": "CNY 100m",
    "户": "customers",
    "人": "people",
    "个": "items",
    "笔": "transactions",
    "次": "times",
    "件": "cases",
    "级": "level",
    "分": "points",
    "天": "days",
    "小时": "hours",
}
"""The usual units of banks in English; any other is free text and stays as it was written."""
PLACES = {"zh": "第 {place} 名", "en": "place {place}"}
PERCENT_POINTS = {"zh": "个百分点", "en": "pp"}


def unit_text(unit: str, language: str) -> str:
    """Return a unit in a language; one that has no English stays as it is."""
    return unit if language == "zh" else UNITS_EN.get(unit, unit)


def standing_text(kind: str, standing: Decimal | None, unit: str, language: str) -> str:
    """Return the standing as printed: "110.0 %" of the target, "−0.3 pp" off it, "第 2 名" among the others.

    Nothing is printed for a bare value.
    """
    if standing is None or kind == "value":
        return ""
    if kind == "rank":
        return PLACES[language].format(place=f"{standing.normalize():f}")
    if kind == "percentile":
        return f"{standing.quantize(Decimal('0.1'), ROUND_HALF_UP)} %"
    if kind == "difference":
        sign = "−" if standing < 0 else "+"
        amount = f"{abs(standing.normalize()):f}"
        said = PERCENT_POINTS[language] if unit == "%" else unit_text(unit, language)
        return f"{sign}{amount} {said}".strip()
    percent = (standing * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{str(percent).replace('-', '−')} %"
