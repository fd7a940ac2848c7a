"""Print docs/roles.md: every action in words, and how far each role may do it."""

from lms.access.actions import Action
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

MEANING = {
    Action.HOME_VIEW: ("see the home page", "查看首页"),
    Action.SEARCH: ("search people within reach and courses", "搜索可见的人员和课程"),
    Action.SESSION_OWN: ("see the own account, change the password", "查看本人账号、修改密码"),
    Action.PEOPLE_VIEW: ("see a person's basic data", "查看人员基本信息"),
    Action.UNIT_VIEW: ("see org units", "查看机构"),
    Action.COURSE_VIEW: ("see the catalogue of courses", "查看课程目录"),
    Action.LEARNING_OWN: ("see the own courses and classes", "查看本人的课程和培训班"),
    Action.LESSON_STUDY: ("study a lesson, with progress kept", "学习课程并记录进度"),
    Action.LESSON_READ: ("read a lesson", "阅读课程内容"),
    Action.COHORT_VIEW: ("see cohorts", "查看培训班"),
    Action.COHORT_OPEN: ("open a cohort", "开办培训班"),
    Action.COHORT_MANAGE: ("enrol people, follow progress, close a cohort", "添加学员、查看进度、结班"),
    Action.QUIZ_TAKE: ("take quizzes", "参加测验"),
    Action.ATTEMPT_VIEW: ("see an attempt with answers and explanations", "查看答卷、答案和解析"),
    Action.QUIZ_OVERVIEW: ("see the statistics of quizzes", "查看测验统计"),
    Action.SITTING_VIEW: ("see sittings", "查看演练"),
    Action.SITTING_OWN: ("be reminded of the own sittings", "收到本人演练的提醒"),
    Action.SITTING_RATE: ("score a sitting on its rubric", "按评分标准给演练评分"),
    Action.SITTING_SCHEDULE: ("schedule a sitting", "安排演练"),
    Action.FEEDBACK_GIVE: ("fill feedback forms", "填写反馈表"),
    Action.FEEDBACK_READ: ("read the results of feedback", "查看反馈结果"),
    Action.FEEDBACK_OPEN: ("open a feedback form for a cohort", "向培训班开放反馈表"),
    Action.INDICATOR_VIEW: ("see indicators", "查看指标"),
    Action.INDICATOR_DEFINE: ("define an indicator", "定义指标"),
    Action.TYPED_VIEW: ("typed values: who, when, why, the evidence", "人工录入的值：谁、何时、为何、依据"),
    Action.TYPED_WRITE: ("type values of indicators by hand", "人工录入指标值"),
    Action.VALUE_HIDE: ("hide an imported value, show it again", "隐藏或恢复导入的值"),
    Action.TARGET_SET: ("targets of units and people, and the answers to them", "分解目标、查看答复"),
    Action.TARGET_VIEW: ("the versions of a target", "目标的版本"),
    Action.TARGET_ANSWER: ("accept or question the own targets", "答复自己的目标"),
    Action.SCHEME_DESIGN: ("design schemes", "设计考核方案"),
    Action.CYCLE_RUN: ("open, check and compute cycles", "开启、检查和计算考核期"),
    Action.CYCLE_PUBLISH: ("propose that results be published", "提交公布考核结果"),
    Action.RATING_GIVE: ("rate the seven comprehensive indicators", "给七项综合指标评分"),
    Action.RESULT_LIST: ("list results", "查看考核结果列表"),
    Action.RESULT_VIEW: ("see an appraisal and how it came about", "查看一份考核及其由来"),
    Action.RESULT_OWN: ("list the own published appraisals", "查看本人已公布的考核"),
    Action.RESULT_ADJUST: ("propose the adjustment of a total", "提交总分调整"),
    Action.REPORT_VIEW: ("see and download issued documents", "查看和下载已出具的报告"),
    Action.REPORT_ISSUE: ("issue the document of an appraisal", "出具考核报告"),
    Action.REPORT_PACK: ("pack a unit's documents into a zip", "打包机构的报告"),
    Action.IMPORT_VIEW: ("see imports and what they rejected", "查看导入及其错误行"),
    Action.IMPORT_RUN: ("bring files in and import them", "上传并导入文件"),
    Action.IMPORT_WITHDRAW: ("withdraw a batch", "撤回批次"),
    Action.AUDIT_VIEW: ("search the audit log", "查询审计日志"),
    Action.ACCOUNT_MANAGE: (
        "open and disable accounts, give and take roles",
        "建立和停用账号、授予和收回角色",
    ),
    Action.POLICY_VIEW: ("see the table of rights", "查看权限表"),
    Action.PROPOSAL_VIEW: ("see what awaits a second person", "查看待复核事项"),
    Action.PROPOSAL_DECIDE: ("approve or refuse as the second person", "作为第二人批准或退回"),
    Action.JOB_VIEW: ("see the progress of one's background work", "查看本人后台任务的进度"),
    Action.JOB_CANCEL: ("cancel one's background work", "取消本人的后台任务"),
}


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
