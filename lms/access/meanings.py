"""What each action lets one do, in English and in Chinese: for the page and the document of rights."""

from __future__ import annotations

from lms.access.actions import Action

MEANING: dict[Action, tuple[str, str]] = {
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
    Action.BANK_EDIT: ("change the bank's name, colour and logo", "修改银行的名称、主色和行徽"),
    Action.POST_DEFINE: ("define posts and grades", "定义岗位和等级"),
    Action.IMPORT_VIEW: ("see imports and what they rejected", "查看导入及其错误行"),
    Action.IMPORT_RUN: ("bring files in and import them", "上传并导入文件"),
    Action.IMPORT_WITHDRAW: ("withdraw a batch", "撤回批次"),
    Action.CODE_MAP_VIEW: ("see code maps", "查看代码对应"),
    Action.CODE_MAP_EDIT: ("map, correct and end codes", "对应、更正和终止代码"),
    Action.BALANCE_VIEW: ("see suspense and the balance against the ledger", "查看挂账和对账"),
    Action.BALANCE_MAKE: ("balance a day anew", "重新对账"),
    Action.FEED_VIEW: ("see which files are expected and what came", "查看应到文件及其到达情况"),
    Action.FEED_EDIT: (
        "define expected files, release short ones, dismiss alarms",
        "定义应到文件、放行偏少的文件、关闭告警",
    ),
    Action.AUDIT_VIEW: ("search the audit log", "查询审计日志"),
    Action.ACCOUNT_MANAGE: (
        "open, disable and enable accounts, reset passwords, give and take roles",
        "建立、停用和启用账号，重置密码，授予和收回角色",
    ),
    Action.POLICY_VIEW: ("see the table of rights", "查看权限表"),
    Action.PROPOSAL_VIEW: ("see what awaits a second person", "查看待复核事项"),
    Action.PROPOSAL_DECIDE: ("approve or refuse as the second person", "作为第二人批准或退回"),
    Action.JOB_VIEW: ("see the progress of one's background work", "查看本人后台任务的进度"),
    Action.JOB_CANCEL: ("cancel one's background work", "取消本人的后台任务"),
}


def meaning(action: Action, language: str) -> str:
    """Return what an action lets one do."""
    english, chinese = MEANING[action]
    return chinese if language == "zh" else english
