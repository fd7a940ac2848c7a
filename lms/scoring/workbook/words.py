"""What sheets, columns and choices are called. What has no word here is shown by its code."""

from __future__ import annotations

from collections.abc import Mapping

SHEETS = {
    "scheme": ("方案", "Scheme"),
    "sections": ("模块", "Sections"),
    "indicators": ("指标", "Indicators"),
    "formulas": ("公式", "Formulas"),
    "gates": ("门槛", "Gates"),
    "grades": ("等级", "Grades"),
    "clauses": ("条款", "Clauses"),
    "examples": ("算例", "Examples"),
    "help": ("说明", "Help"),
}
HEADINGS = {
    "admission": ("准入条件", "Conditions of admission"),
    "also": ("还须同时满足", "And also"),
    "at_least": ("最低总分", "Lowest total"),
    "bound.cap": ("封顶分", "Cap"),
    "bound.floor": ("保底分", "Floor"),
    "bound_stage": ("封顶与系数的先后", "Order of bound and coefficient"),
    "class": ("指标类别", "Class"),
    "clause": ("条款编号", "Clause"),
    "clause_en": ("英文条文", "Clause text (English)"),
    "clause_zh": ("条文", "Clause text"),
    "code": ("编码", "Code"),
    "coefficients": ("系数", "Coefficients"),
    "condition.measure": ("看哪个数", "Measure of the condition"),
    "condition.op": ("比较", "Comparison"),
    "condition.periods": ("看几期", "Periods"),
    "condition.take": ("各期怎样合计", "How periods are taken together"),
    "condition.times": ("至少几期符合", "In how many periods"),
    "condition.value": ("界限", "Limit"),
    "condition.within_year": ("只看本年", "This year only"),
    "curve.segments": ("分段（完整写法）", "Segments (in full)"),
    "curve.step.origin": ("步长起点", "Step origin"),
    "effect": ("效果", "Effect"),
    "example": ("算例", "Example"),
    "factor": ("总分乘以", "Total times"),
    "format": ("格式", "Format"),
    "formula": ("公式", "Formula"),
    "grade": ("最高等级", "Highest grade"),
    "grade_peers": ("名额的分组", "Grouping of quotas"),
    "group": ("合成方式", "How made of its indicators"),
    "item": ("项目", "Item"),
    "measure": ("数据来源", "Measure"),
    "missing": ("缺数据时", "When missing"),
    "more": ("其他（JSON）", "Other (JSON)"),
    "moves_to": ("权重移给", "Weight moves to"),
    "needs": ("达标分", "Points that must be reached"),
    "note": ("说明", "Note"),
    "name_en": ("英文名称", "Name (English)"),
    "name_zh": ("名称", "Name"),
    "number": ("条款编号", "Clause"),
    "peers": ("同组", "Peers"),
    "person": ("同组他人", "Another person"),
    "places.item": ("指标得分小数位", "Places of indicators"),
    "places.section": ("模块得分小数位", "Places of sections"),
    "places.total": ("总分小数位", "Places of the total"),
    "point_in_time": ("时点规模", "Point-in-time scale"),
    "points": ("分数", "Points"),
    "quota": ("名额的取法", "Where a quota ends"),
    "reason_for_full_business": ("只考核业绩的理由", "Reason for business alone"),
    "rule.base": ("基准分", "Base points"),
    "rule.below": ("低于全部（其余）得分", "Points below all, or of the others"),
    "rule.cap": ("封顶分", "Cap"),
    "rule.direction": ("方向", "Direction"),
    "rule.factor": ("每 1 得几分", "Points for each 1"),
    "rule.floor": ("保底分", "Floor"),
    "rule.full": ("满分", "Full points"),
    "rule.less_is_better": ("越少越好", "Less is better"),
    "rule.mode": ("不足一步", "Broken step"),
    "rule.points": ("每步分数", "Points a step"),
    "rule.position": ("看什么", "Compared by"),
    "rule.preset": ("计分方法", "Kind of rule"),
    "rule.reference.back": ("往前几期", "Periods back"),
    "rule.reference.carry": ("结转", "Carried over"),
    "rule.reference.kind": ("与什么比", "Compared with"),
    "rule.reference.measure": ("另一计量项", "Another measure"),
    "rule.reference.value": ("固定标准", "Fixed standard"),
    "rule.reference.within_year": ("只在年内结转", "Carried within the year only"),
    "rule.table": ("分档或标准", "Bands or standards"),
    "rule.unit": ("步长", "Step"),
    "section": ("模块编码", "Section"),
    "sheet": ("工作表", "Sheet"),
    "text": ("条文", "Text"),
    "top": ("名额（前 %）", "Quota (first %)"),
    "unit": ("单位", "Unit"),
    "value": ("数值", "Value"),
    "weight": ("权重（%）", "Weight (%)"),
    "weighting": ("权重方式", "Weighting"),
    "zero_denominator": ("除数为零时", "Zero divisor"),
}
_MISSING = {
    "pending": "不出总分",
    "zero": "得 0 分",
    "full": "按满分计",
    "peer_mean": "按他人平均得分计",
    "previous": "按上期得分计",
    "exclude_and_rescale": "不计，权重分给其他指标",
    "move": "不计，权重移给指定指标",
}
CHOICES: dict[str, dict[str, str]] = {
    "bound_stage": {"after_coefficient": "先乘系数再封顶", "before_coefficient": "先封顶再乘系数"},
    "carry": {"none": "不结转", "shortfall": "欠额", "surplus": "超额", "both": "差额"},
    "class": {
        "compliance": "合规经营类",
        "risk": "风险管理类",
        "efficiency": "经营效益类",
        "transformation": "发展转型类",
        "social": "社会责任类",
    },
    "direction": {"more": "越多越好", "less": "越少越好", "range": "适度为好"},
    "effect": {
        "cap_total": "总分封顶",
        "set_total": "总分定为",
        "cap_grade": "等级最高为",
        "multiply": "总分乘以系数",
        "withhold": "不评等级（一票否决）",
    },
    "gate.missing": {"pending": "不出总分", "pass": "不适用", "apply": "适用"},
    "group": {
        "weighted_mean": "加权平均",
        "sum": "相加",
        "min": "取最低",
        "max": "取最高",
        "all_of": "全部达标",
    },
    "item": {
        "facts": "实际值",
        "targets": "目标值",
        "coefficients": "系数",
        "period": "考核期",
        "history": "以前各期",
        "elapsed": "已过的部分",
        "expect.total": "预期总分",
        "expect.grade": "预期等级",
        "expect.sections": "预期模块得分",
        "expect.indicators": "预期指标得分",
    },
    "kind": {
        "none": "不比较",
        "target": "目标值",
        "time_elapsed": "按时间进度的目标",
        "constant": "固定标准",
        "prior": "以前的实际值",
        "measure": "另一计量项",
        "peer_mean": "同组平均值",
        "peer_best": "同组最好值",
        "peer_worst": "同组最差值",
    },
    "missing": _MISSING,
    "mode": {"pro_rata": "按比例计", "whole": "不计", "started": "按一步计", "half_up": "满半步按一步计"},
    "op": {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "eq": "等于", "ne": "≠"},
    "position": {
        "value": "实际值",
        "ratio": "完成率",
        "inverse": "目标÷实际",
        "difference": "与目标的差额",
        "relative": "增幅",
        "rank": "名次",
        "percentile": "百分位",
    },
    "preset": {
        "completion_ratio": "完成率",
        "difference_per_step": "差额逐步加减分",
        "bands": "分档",
        "by_rank": "按名次",
        "by_percentile": "按百分位",
        "interpolation": "标准之间插值",
        "value_as_points": "按值计分",
    },
    "quota": {
        "interpolated": "分位数（线性插值）",
        "down": "人数向下取整",
        "half_up": "人数四舍五入",
        "up": "人数向上取整",
    },
    "take": {"times": "按次数", "sum": "合计", "mean": "平均"},
    "weighting": {"percent": "百分比权重", "points": "直接相加"},
    "zero_denominator": _MISSING,
}
FLAGS = {True: ("是", "yes"), False: ("否", "no")}
NOTES = {
    "admission": (
        "须同时满足；例：training.quiz ≥ 80；result.section.business ≥ 85",
        "All must hold: training.quiz ≥ 80；result.section.business ≥ 85",
    ),
    "formula": (
        'JSON，写法同方案文件；例：{"difference": ["PROFIT", {"product": [0.5, "OVERDUE"]}]}',
        'JSON as in the scheme file: {"difference": ["PROFIT", {"product": [0.5, "OVERDUE"]}]}',
    ),
    "peers": (
        "unit 同一机构、tier_1、tier_2、sub_branch、office、grade 职级、post 岗位；留空为全部。",
        "unit, tier_1, tier_2, sub_branch, office, grade or post; empty: all.",
    ),
    "top": (
        "前百分之几，含更高等级；填 20 表示 20%。",
        "The first so many per cent, better grades included.",
    ),
    "also": ("例：NPL_RATIO > 2；LOG_RATE < 90", "e.g. NPL_RATIO > 2；LOG_RATE < 90"),
    "at_least": ("从高到低；最低一级填“无”。", "From best to worst; none for the last one."),
    "clause": ("条款表中的编号，按文本填写，如 3.10。", "A number of the sheet of clauses, as text: 3.10."),
    "code": (
        "字母开头，只含字母、数字、点、下划线、短横；各版本保持不变。",
        "Stays the same in all versions.",
    ),
    "coefficients": (
        "名称 = 数值 [最低, 最高] 来源；例：region = 1 [0.8, 1.2] 地区系数表",
        "name = value [lowest, highest] source",
    ),
    "curve.segments": (
        "没有合适的计分方法时写全部分段；例：(-∞, 1) → 0；[1, +∞) → 60 + 20×(u−1)",
        "Only where no kind of rule fits: (-∞, 1) → 0；[1, +∞) → 60 + 20×(u−1)",
    ),
    "example": ("同一算例的各行填同一名称。", "The rows of one example share its name."),
    "item": ("这一行是什么数。", "What the figure of this row is."),
    "measure": ("指标编码，或 comprehensive.…、training.quiz 等。", "A code of a figure of the bank."),
    "person": ("本人留空；同组其他人填 1、2、3……", "Empty for the person; 1, 2, 3 … for others."),
    "rule.below": ("分档以下、名次以外的得分。", "Points below all bands or behind all places."),
    "rule.table": (
        "起点 → 得分，从小到大；例：0.8 → 60；1 → 100",
        "from → points, rising: 0.8 → 60；1 → 100",
    ),
    "section": ("模块表中的编码。", "A code of the sheet of sections."),
    "weight": ("填百分数：30 表示 30%。", "In per cent: 30 is 30 %."),
    "zero_denominator": ("选一项，或填分数。", "One of the list, or points."),
    "rule.floor": ("没有填“无”；留空取该方法的默认值。", "none: no limit; empty: the default of the rule."),
    "rule.cap": ("没有填“无”；留空取该方法的默认值。", "none: no limit; empty: the default of the rule."),
}


HELP = {
    "zh": (
        "怎样填写",
        "1. 每个指标一行；列可以调换顺序，按标题和代码识别；不用的列可以留空或删除，不要改标题。",
        "2. 空格子取默认值；“无”表示没有，例如没有封顶分。",
        "3. 绿色列是计分规则：先选计分方法，只填这种方法用到的列；"
        "都不合适时不选方法，在黄色的“分段”列写出全部分段。",
        "4. 不要使用公式和合并单元格；权重填 30 表示 30%；编号按文本填写，如 3.10。",
        "5. 一格里有几项时用分号隔开：0.8 → 60；1 → 100（也可以写 0.8:60;1:100）。",
    ),
    "en": (
        "How to fill this in",
        "1. One row an indicator. Columns may change places, they are known by heading and code; keep both.",
        "2. An empty cell means the default; none means that there is none, for example no cap.",
        "3. Green columns are the rule: choose its kind, fill in what that kind uses. Where none fits, leave "
        "the kind empty and write all segments in the yellow column.",
        "4. No formulas, no merged cells. A weight of 30 is 30 %. Numbers of clauses are text: 3.10.",
        "5. Several things in one cell are parted by semicolons: 0.8 → 60；1 → 100, or 0.8:60;1:100.",
    ),
}


def heading(code: str, lang: str) -> str:
    """What a column is called in a language."""
    return _of(HEADINGS, code, lang)


def sheet(name: str, lang: str) -> str:
    """What a sheet is called in a language."""
    return _of(SHEETS, name, lang)


def note(code: str, lang: str) -> str:
    """What is good to know of a column; empty where it speaks for itself."""
    return _of(NOTES, code, lang) if code in NOTES else ""


def choice(field: str, code: str, lang: str) -> str:
    """A choice as people call it; English has the codes themselves."""
    return CHOICES.get(field, {}).get(code, code) if lang == "zh" else code


def code_of(field: str, text: str) -> str:
    """The code that a choice stands for, the text itself where it is none."""
    by_word = {word: code for code, word in CHOICES.get(field, {}).items()}
    return by_word.get(text, text)


def _of(table: Mapping[str, tuple[str, str]], name: str, lang: str) -> str:
    words = table.get(name, (name, name))
    return words[1] if lang == "en" else words[0]
