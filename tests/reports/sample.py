"""One appraisal in both languages, as long as real ones get: all people and figures are invented."""

from __future__ import annotations

import hashlib
import struct
import zlib
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from lms.reports.document import (
    AdjustmentRow,
    AppliedGate,
    AppraisalReport,
    Bank,
    Comment,
    ComprehensiveLevel,
    IndicatorLine,
    Language,
    LineState,
    Rank,
    Rubric,
    RubricResult,
    SchemeStamp,
    SectionResult,
    Subject,
    TrainingResult,
    TrendPoint,
    Verification,
)

D = Decimal


def picture(width: int = 160, height: int = 160) -> bytes:
    """A PNG of a ring, drawn here so that no file is needed."""
    rows = b""
    for y in range(height):
        rows += b"\0"
        for x in range(width):
            far = ((x - width / 2) ** 2 + (y - height / 2) ** 2) ** 0.5
            ring = height * 0.32 < far < height * 0.48 or (far < height * 0.22 and abs(x - width / 2) < 14)
            rows += b"\x1f\x3a\x5f\xff" if ring else b"\xff\xff\xff\x00"

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    packed = zlib.compress(rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


# In each row: name and unit in both languages, the figures, the state, flag and note in both languages.
BUSINESS = [
    ("储蓄存款日均余额净增", "Net growth of daily average savings deposits", "万元", "CNY 10k", "850",
     "1002.35", "117.92%", "117.92", "15", LineState.OK, "", "", "", ""),
    ("对公存款日均余额净增", "Net growth of corporate deposits", "万元", "CNY 10k", "1200", "1086.4",
     "90.53%", "90.53", "10", LineState.OK, "", "", "", ""),
    ("个人贷款投放额", "Personal loans granted", "万元", "CNY 10k", "2000", "2135", "106.75%", "106.75",
     "10", LineState.OK, "", "", "", ""),
    ("小微企业贷款新增户数（含首贷户及信用贷款户）",
     "New small-business borrowers incl. first-time and unsecured", "户", "customers", "24", "19",
     "79.17%", "79.17", "10", LineState.OK, "", "", "", ""),
    ("不良贷款率", "Non-performing loan ratio", "%", "%", "1.2", "0.93", "129.03%", "110.00", "12",
     LineState.OK, "", "", "封顶 110 分", "capped at 110 points"),
    ("逾期贷款收回率", "Recovery of overdue loans", "%", "%", "85", "83.4", "98.12%", "98.12", "8",
     LineState.OK, "推算", "inferred", "", ""),
    ("理财产品日均保有量", "Wealth products held, daily average", "万元", "CNY 10k", "3500", "3321.87",
     "94.91%", "94.91", "8", LineState.OK, "", "", "", ""),
    ("代理保险手续费收入", "Insurance commission income", "万元", "CNY 10k", "12.5", "13.02", "104.16%",
     "104.16", "6", LineState.OK, "未入变动表", "not in change table", "", ""),
    ("手机银行月活客户数", "Monthly active mobile customers", "户", "customers", "420", "455", "108.33%",
     "108.33", "6", LineState.OK, "", "", "", ""),
    ("代发工资单位新增", "New payroll customers", "户", "customers", "3", None, "", None, "5",
     LineState.EXCLUDED, "", "", "已豁免，权重按比例由本模块其他指标分担",
     "Exempt; the weight is shared by the rest of the section"),
    ("基金定投净增户数", "New fund savings plans", "户", "customers", "30", None, "", "0", "5",
     LineState.ZERO, "", "", "", ""),
    ("客户净推荐值变动", "Change of net promoter score", "分", "points", "2", "-0.3", "−2.3", "77.00",
     "5", LineState.OK, "", "", "", ""),
]  # fmt: skip

COMPREHENSIVE = [
    ("客户服务", "Customer service", "4", "回访及时，客户表扬两次。",
     "Prompt follow-up; praised twice by customers."),
    ("工作程序执行", "Following procedures", "5", "", ""),
    ("综合素质", "Overall quality", "4", "", ""),
    ("专业素质", "Professional quality", "4", "贷后检查报告质量稳定。",
     "Post-loan reviews of steady quality."),
    ("团队精神", "Team spirit", "5", "带教两名新人。", "Coaches two newcomers."),
    ("能力素质", "Ability", "3", "复杂方案的报价能力有待提高。",
     "Pricing of complex proposals can improve."),
    ("道德修养", "Ethics", "5", "", ""),
]  # fmt: skip

TRAINING = [
    ("认识考核体系", "Knowing the appraisal system", "92", True, None, date(2026, 7, 18)),
    ("专业销售流程与情景演练", "The professional sales process, with role-play", "88", True, "84.5",
     date(2026, 8, 27)),
    ("小微企业贷款贷前调查实务", "Due diligence for small-business loans", "58", False, None, None),
]  # fmt: skip

RUBRIC = [
    ("开场与建立信任", "Opening and trust", "15", "4", "称呼得体，说明来意和所需时间。",
     "States purpose and time needed."),
    ("需求探询", "Finding needs", "25", "4.5", "用开放式问题引出资金周转周期。",
     "Open questions bring out the cash cycle."),
    ("方案呈现", "Presenting", "25", "4", "先讲客户得益，再讲产品。", "Benefit first, product second."),
    ("异议处理", "Handling objections", "20", "3.5", "能复述异议，但比较利率时缺少依据。",
     "Restates well; rate comparison lacks facts."),
    ("合规告知", "Compliance", "15", "5", "风险与费用逐项说明并确认理解。",
     "Every risk and fee explained and confirmed."),
]  # fmt: skip

PERIODS = [
    ("2025 Q1", "79.20"), ("2025 Q2", "82.45"), ("2025 Q3", None), ("2025 Q4", "84.10"), ("2026 Q1",
     "86.75"),
    ("2026 Q2", "85.90"), ("2026 Q3", "91.83"),
]  # fmt: skip


def report(language: Language = Language.ZH, *, name: str = "欧阳龘䶮") -> AppraisalReport:
    """The sample appraisal in one of its languages."""
    zh = language is Language.ZH

    def of(chinese: str, english: str) -> str:
        return chinese if zh else english

    def share(points: str | Decimal, weight: str | int, whole: int) -> Decimal:
        return (D(points) * D(weight) / whole).quantize(D("0.01"), ROUND_HALF_UP)

    def number(text: str | None) -> Decimal | None:
        return None if text is None else D(text)

    sections = (of("业绩", "Business"), of("综合", "Comprehensive"), of("培训", "Training"))
    business = tuple(
        IndicatorLine(
            sections[0], of(*row[0:2]), number(row[4]), number(row[5]), of(*row[2:4]), row[6], number(row[7]),
            number(row[8]), None if row[7] is None else share(row[7], row[8], 95), row[9], of(*row[10:12]),
            of(*row[12:14]),
        )
        for row in BUSINESS
    )  # fmt: skip
    levels = tuple(
        IndicatorLine(
            sections[1], of(*row[0:2]), None, D(row[2]), of("级", "level"), "", D(row[2]) * 20,
            D("14.2857"), share(D(row[2]) * 20, 1, 7),
        )
        for row in COMPREHENSIVE
    )  # fmt: skip
    courses = (
        IndicatorLine(sections[2], of("测验平均成绩", "Mean quiz result"), D(80), D(90), "%", "112.5%",
                      D(90), D(60), D(54)),
        IndicatorLine(sections[2], of("情景演练成绩", "Role-play result"), D(80), D(85), "%", "106.25%",
                      D(85), D(40), D(34)),
    )  # fmt: skip
    return AppraisalReport(
        language=language,
        bank=Bank(of("示例银行股份有限公司", "Example Bank Co., Ltd."), picture(), "#1f3a5f"),
        subject=Subject(
            name,
            "ZX0012345",
            of("滨海分行高新技术产业开发区科技支行", "Binhai Branch, High-Tech Zone Science Sub-branch"),
            of("对公客户经理", "Corporate relationship manager"),
            of("三级客户经理", "Grade 3"),
        ),
        period=of("2026年第三季度", "Third quarter of 2026"),
        cycle="2026Q3-RM",
        number="ZX-2026Q3-000123",
        issued_at=datetime(2026, 10, 12, 1, 30, tzinfo=UTC),
        scheme=SchemeStamp(
            of("客户经理季度考核方案", "Quarterly appraisal of relationship managers"),
            4,
            hashlib.sha256(b"sample").hexdigest(),
        ),
        verification=Verification(
            "https://zhixing.example-bank.com/verify/ZX-2026Q3-000123?c=8F3K27QD", "8F3K-27QD"
        ),
        composite=D("91.83"),
        grade=of("良好", "Good"),
        rank=Rank(17, 86, of("同岗位排名", "Rank among peers")),
        sections=(
            SectionResult(sections[0], D(60), D("95.34"), D("57.20")),
            SectionResult(sections[1], D(25), D("85.71"), D("21.43")),
            SectionResult(sections[2], D(15), D("88.00"), D("13.20")),
        ),
        lines=business + levels + courses,
        comprehensive=tuple(
            ComprehensiveLevel(of(*row[0:2]), D(row[2]), of(*row[3:5])) for row in COMPREHENSIVE
        ),
        training=tuple(
            TrainingResult(of(*row[0:2]), number(row[2]), row[3], number(row[4]), row[5]) for row in TRAINING
        ),
        rubrics=(
            Rubric(
                of("小微企业首次拜访", "First visit to a small business"),
                tuple(RubricResult(of(*row[0:2]), D(row[2]), D(row[3]), of(*row[4:6])) for row in RUBRIC),
                D("84.5"),
                date(2026, 8, 26),
            ),
        ),
        trend=tuple(TrendPoint(period, number(total)) for period, total in PERIODS),
        comments=(
            Comment(
                of("司马青禾（主管）", "Sima Qinghe (supervisor)"),
                date(2026, 10, 9),
                of(
                    "本季度存款和资产质量完成较好，小微新增户数落后于序时进度。"
                    "下季度请把园区名单逐户走访，每周复盘一次，并完成贷前调查课程。",
                    "Deposits and asset quality went well; new small-business borrowers lag behind. "
                    "Next quarter please visit the companies of the park one by one, "
                    "review weekly, and finish the due diligence course.",
                ),
            ),
            Comment(
                of("本人", "Employee"),
                date(2026, 10, 10),
                of("同意以上评价，已制定走访计划。", "I agree and have made a plan of visits."),
            ),
        ),
    )


def gated(language: Language = Language.ZH) -> dict[str, object]:
    """Fields to put in place of the sample's: a gate that acted and a signed adjustment."""
    zh = language is Language.ZH
    return {
        "composite": D("91.33"),
        "grade": "C",
        "gates": (
            AppliedGate(
                "合规否决" if zh else "Compliance gate",
                "等次最高为 C" if zh else "result capped at C",
                "考核期内有一次经确认的违规销售。" if zh else "One confirmed breach in the period.",
            ),
        ),
        "adjustments": (
            AdjustmentRow(
                D("-0.5"),
                "异议复核：剔除重复计入的一笔存款"
                if zh
                else "Objection: a deposit counted twice is taken out",
                "司马青禾",
                "东方知远",
                date(2026, 10, 11),
            ),
        ),
    }
