"""Print docs/roles.md: every action in words, and how far each role may do it."""

from lms.access.actions import Action
from lms.access.meanings import MEANING
from lms.access.policy import Role, Scope, scope_of

HEAD = """\
# Roles and actions 角色与权限

Written by `make roles` from the one table of rights (`lms/access/policy.py`); do not edit it here.
本表由 `make roles` 从唯一的权限表生成，请勿手工修改。

A role is granted over an org unit from one day to another; what it may do, and how far, stands below.
Somebody with several roles may do what any of them may.
角色按机构和起止日期授予；一人有多个角色时，权限取其并集。

| scope | 范围 | means |
|---|---|---|
| own | 本人 | what is about oneself |
| assigned | 所带 | cohorts one trains, sittings one scores |
| unit | 本机构 | the unit of the grant |
| subtree | 本机构及下级 | the unit of the grant and all below it |
| all | 全部 | everything |

An empty field means: not allowed. 空白表示不允许。
"""


def table() -> str:
    """Return the document."""
    lines = [f"| action | {' | '.join(Role)} |", "|---" * (len(Role) + 1) + "|"]
    for action in Action:
        reach = [scope_of(role, action) for role in Role]
        cells = ["" if scope is Scope.NONE else scope.name.lower() for scope in reach]
        lines.append(f"| `{action}` | {' | '.join(cells)} |")
    words = ["| action | lets one | 可以 |", "|---|---|---|"]
    words += [f"| `{action}` | {MEANING[action][0]} | {MEANING[action][1]} |" for action in Action]
    return "\n".join([HEAD, *lines, "\n## What the actions are 各项权限的含义\n", *words, ""])


if __name__ == "__main__":
    print(table(), end="")
