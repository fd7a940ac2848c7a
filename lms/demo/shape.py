"""The shapes of the demo bank: how many units and people of each kind, uneven on purpose."""

from __future__ import annotations

from dataclasses import dataclass

CITIES = ("江州", "临海", "云岭", "南湖")
TOWNS = ("青浦", "白沙", "石桥", "金滩", "松原", "柳溪")
STREETS = (
    "城东", "城西", "城南", "城北", "人民路", "解放路", "中山路", "开发区", "高新园", "大学城", "滨江",
    "新区", "北站", "南门", "西湖", "东湖", "河东", "河西", "古城", "钟楼", "科技园", "文昌",
    "翠屏", "锦绣", "桃园", "梅园", "兰亭", "竹海", "枫桥", "月亮湾", "星海", "长虹", "和平",
    "友谊", "建设", "胜利", "光明", "朝阳", "向阳", "丰收", "兴隆", "安康", "福田", "永安",
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """Numbers of one variant."""

    tier_1: int
    tier_2: tuple[int, ...]
    """How many tier-2 branches under each tier-1 branch."""
    sub_branches: tuple[int, ...]
    """How many sub-branches under each parent: head office, then tier-1 and tier-2 in order."""
    offices: int
    managers: int
    others: int
    cohort: int
    quarters: int


TINY = Shape(1, (1,), (0, 0, 2), 1, 4, 8, 3, 2)
DEMO = Shape(4, (3, 2, 1, 0), (3, 5, 4, 4, 9, 4, 2, 3, 4, 2, 4), 12, 360, 720, 40, 2)
SHAPES = {"tiny": TINY, "demo": DEMO}

GRADES = (
    ("G1", "见习", "Probationary", 38),
    ("G2", "四级", "Grade 4", 96),
    ("G3", "三级", "Grade 3", 108),
    ("G4", "二级", "Grade 2", 76),
    ("G5", "一级", "Grade 1", 31),
    ("G6", "高级", "Senior", 11),
)
POSTS = (
    ("RM_RETAIL", "零售客户经理", "Retail relationship manager", "relationship_manager"),
    ("RM_CORPORATE", "公司客户经理", "Corporate relationship manager", "relationship_manager"),
    ("RM_SME", "小企业客户经理", "SME relationship manager", "relationship_manager"),
    ("SUPERVISOR", "业务主管", "Supervisor", "management"),
    ("HEAD", "机构负责人", "Head of institution", "management"),
    ("TRAINER", "培训师", "Trainer", "support"),
    ("HR", "人力资源", "Human resources", "support"),
    ("IT", "信息科技", "Information technology", "support"),
    ("COMPLIANCE", "合规", "Compliance", "support"),
    ("LOBBY", "大堂经理", "Lobby manager", "service"),
    ("TELLER", "柜员", "Teller", "service"),
)
