"""What formulas may get wrong: codes that are taken, measures that are not there, and circles."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lms.scoring.document import RESULT, Scheme
from lms.scoring.formulas import circle
from lms.scoring.problems import N_, Problem


def formula_problems(scheme: Scheme, measures: Collection[str] | None) -> Iterator[Problem]:
    """Everything wrong with the formulas; `measures` are the codes that exist, None to accept any."""
    own = {one.code for one in scheme.formulas}
    for index, one in enumerate(scheme.formulas):
        path = f"formulas/{index}"
        if one.code.startswith(RESULT) or (measures is not None and one.code in measures):
            yield Problem(
                f"{path}/code", N_("编码 %(code)s 已是别的计量项，公式要用自己的编码"), {"code": one.code}
            )
        for leaf in one.tree.leaves():
            if leaf.code.startswith(RESULT):
                yield Problem(f"{path}/formula", N_("公式不能用考核结果 %(code)s"), {"code": leaf.code})
            elif measures is not None and leaf.code and leaf.code not in measures and leaf.code not in own:
                yield Problem(f"{path}/formula", N_("没有计量项 %(code)s"), {"code": leaf.code})
    around = circle(scheme.formulas)
    if around:
        yield Problem("formulas", N_("公式互相引用，成了循环：%(codes)s"), {"codes": " → ".join(around)})
