"""Names of data models and fields: they become the names of a view and of its columns."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from lms.core.duck import duck
from lms.core.errors import Problem
from lms.core.i18n import N_

LONGEST = 40
_CODE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_PREFIXES = ("pg_", "sqlite_", "duckdb_", "information_schema")
_VERBS = frozenset(
    re.split(
        " ",
        "alter attach begin call checkpoint commit copy create delete detach drop execute export grant "
        "import insert install load merge pragma prepare replace reset revoke rollback set truncate update "
        "use vacuum database index schema sequence table trigger user view",
    )
)
_OWN = frozenset(
    re.split(
        " ",
        "line filename rows record records given fact facts actuals code_map good checked standing "
        "main temp system",
    )
)
"""Names that our own queries use beside a model's."""

CODE_EMPTY = N_("请填写代码。")
CODE_LONG = N_("代码“%(code)s”过长：最多 %(longest)s 个字符。")
CODE_FORM = N_("代码“%(code)s”不可用：只能用小写字母、数字和下划线，并以字母开头。")
CODE_RESERVED = N_("代码“%(code)s”是数据库或系统的保留字，请换一个名称。")
NAME_EMPTY = N_("请填写中文名称。")
NAME_LONG = N_("名称“%(name)s”过长：最多 %(longest)s 个字符。")
NAME_FORM = N_("名称“%(name)s”含有不能使用的字符。")


@cache
def reserved() -> frozenset[str]:
    """Return the words that no model and no field may be called."""
    with duck() as connection:
        words = connection.execute(
            "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
        ).fetchall()
    return frozenset(word for (word,) in words) | _VERBS | _OWN


def code_problem(code: str) -> Problem | None:
    """Return what is wrong with a code, if anything."""
    if not code:
        return Problem(CODE_EMPTY)
    if len(code) > LONGEST:
        return Problem(CODE_LONG, {"code": f"{code[:LONGEST]}…", "longest": LONGEST})
    if not _CODE.fullmatch(code):
        return Problem(CODE_FORM, {"code": code})
    if code in reserved() or code.startswith(_PREFIXES):
        return Problem(CODE_RESERVED, {"code": code})
    return None


def name_problem(name: str, *, required: bool = True, longest: int = 120) -> Problem | None:
    """Return what is wrong with a name that people read, if anything."""
    if not name.strip():
        return Problem(NAME_EMPTY) if required else None
    if len(name) > longest:
        return Problem(NAME_LONG, {"name": f"{name[:20]}…", "longest": longest})
    odd = any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for one in name)
    if odd or name.strip()[0] in "=+-@":  # a spreadsheet would take such a heading for a formula
        return Problem(NAME_FORM, {"name": name.strip()[:40]})
    return None
