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


EVENTS: dict[str, tuple[str, str]] = {
    "access:account:disable": ("account disabled", "停用账号"),
    "access:account:enable": ("account enabled", "启用账号"),
    "access:account:open": ("account opened", "建立账号"),
    "access:grant:give": ("role given", "授予角色"),
    "access:grant:revoke": ("role taken back", "收回角色"),
    "access:password:change": ("password changed", "修改密码"),
    "access:password:reset": ("password reset", "重置密码"),
    "access:proposal:approve": ("approved as the second person", "复核同意"),
    "access:proposal:make": ("laid before a second person", "提交复核"),
    "access:proposal:refuse": ("refused as the second person", "复核退回"),
    "access:session:begin": ("signed in", "登录"),
    "admin:import:commit": ("import committed", "导入生效"),
    "admin:import:revise": ("the reading of a file revised", "修改文件读取方式"),
    "admin:import:upload": ("file brought in", "上传文件"),
    "admin:import:withdraw": ("batch withdrawn", "撤回批次"),
    "appraisal:cycle:compute": ("computation of a cycle started", "开始计算考核期"),
    "appraisal:cycle:computed": ("cycle computed", "考核期计算完成"),
    "appraisal:cycle:open": ("cycle opened", "开启考核期"),
    "appraisal:cycle:publish": ("results published", "公布考核结果"),
    "appraisal:rating:give": ("comprehensive indicators rated", "综合指标评分"),
    "appraisal:result:adjust": ("total adjusted", "调整总分"),
    "appraisal:scheme:activate": ("scheme activated", "启用考核方案"),
    "appraisal:scheme:design": ("scheme designed", "设计考核方案"),
    "appraisal:scheme:revise": ("scheme revised", "修改考核方案"),
    "assessment:attempt:expire": ("quiz attempt ended by time", "答卷到时收卷"),
    "assessment:attempt:start": ("quiz attempt started", "开始答卷"),
    "assessment:attempt:submit": ("quiz attempt submitted", "提交答卷"),
    "assessment:package:install": ("quizzes of a course installed", "安装课程测验"),
    "core:job:cancel": ("background work cancelled", "取消后台任务"),
    "core:job:start": ("background work started", "启动后台任务"),
    "core:profile:set": ("bank's name, colour or logo set", "设置银行资料"),
    "feedback:answer:give": ("feedback form handed in", "提交反馈表"),
    "feedback:form:install": ("feedback forms of a course installed", "安装课程反馈表"),
    "feedback:wave:open": ("feedback form opened", "开放反馈表"),
    "indicators:indicator:define": ("indicator defined", "定义指标"),
    "learning:cohort:cancel": ("cohort called off", "取消培训班"),
    "learning:cohort:change": ("cohort changed", "修改培训班"),
    "learning:cohort:close": ("cohort closed", "结班"),
    "learning:cohort:open": ("cohort opened", "开办培训班"),
    "learning:course:publish": ("course published", "发布课程"),
    "learning:enrolment:add": ("people enrolled", "添加学员"),
    "learning:enrolment:complete": ("course completed", "完成课程"),
    "learning:enrolment:withdraw": ("enrolment withdrawn", "移出学员"),
    "learning:lesson:complete": ("lesson completed", "学完一课"),
    "people:employee:hire": ("person taken on", "人员入职"),
    "people:employee:leave": ("person left", "人员离职"),
    "people:employee:post": ("person posted", "人员任职"),
    "people:grade:define": ("grade defined", "定义等级"),
    "people:leave:grant": ("long leave recorded", "登记长期休假"),
    "people:post:define": ("post defined", "定义岗位"),
    "people:unit:move": ("org unit moved", "调整机构隶属"),
    "people:unit:open": ("org unit opened", "设立机构"),
    "reports:document:issue": ("document issued", "出具报告"),
    "reports:zip:make": ("documents of a unit issued", "批量出具报告"),
    "roleplay:rating:submit": ("sitting scored", "演练评分"),
    "roleplay:scenario:install": ("scenarios of a course installed", "安装课程情景"),
    "roleplay:sitting:schedule": ("sitting scheduled", "安排演练"),
    "roleplay:sitting:settle": ("result of a sitting settled", "确定演练成绩"),
}
"""What the entries of the audit log tell, in English and in Chinese: something done, not something allowed."""


def event_meaning(code: str, language: str) -> str:
    """Return what an entry of the audit log tells, in words; nothing for a code without any."""
    told = EVENTS.get(code)
    return "" if told is None else told[language == "zh"]
