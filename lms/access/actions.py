"""Every action there is, named `<room>:<thing>:<verb>`; one block a room."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What a person can be allowed to do."""

    # home
    HOME_VIEW = "home:page:view"
    SEARCH = "home:search:use"

    # accounts
    SESSION_OWN = "accounts:session:own"

    # people
    PEOPLE_VIEW = "people:employee:view"
    PEOPLE_LIST = "people:employee:list"
    PEOPLE_MANAGE = "people:employee:manage"
    UNIT_VIEW = "people:unit:view"
    UNIT_MANAGE = "people:unit:manage"
    POST_VIEW = "people:post:view"
    POST_MANAGE = "people:post:manage"

    # learning
    COURSE_VIEW = "learning:course:view"
    LEARNING_OWN = "learning:enrolment:own"
    LESSON_STUDY = "learning:lesson:study"
    LESSON_READ = "learning:lesson:read"
    COHORT_VIEW = "learning:cohort:view"
    COHORT_OPEN = "learning:cohort:open"
    COHORT_MANAGE = "learning:cohort:manage"

    # assessment
    QUIZ_TAKE = "assessment:quiz:take"
    ATTEMPT_VIEW = "assessment:attempt:view"
    QUIZ_OVERVIEW = "assessment:quiz:overview"

    # roleplay
    SITTING_VIEW = "roleplay:sitting:view"
    SITTING_OWN = "roleplay:sitting:play"
    SITTING_RATE = "roleplay:sitting:rate"
    SITTING_SCHEDULE = "roleplay:sitting:schedule"

    # feedback
    FEEDBACK_GIVE = "feedback:answer:give"
    FEEDBACK_READ = "feedback:result:read"
    FEEDBACK_OPEN = "feedback:wave:open"

    # indicators
    INDICATOR_VIEW = "indicators:indicator:view"
    INDICATOR_DEFINE = "indicators:indicator:define"
    MODEL_VIEW = "indicators:model:view"
    MODEL_DEFINE = "indicators:model:define"
    RECORD_VIEW = "indicators:record:view"
    VALUE_VIEW = "indicators:value:view"
    UNIT_VALUE_VIEW = "indicators:unit-value:view"
    TYPED_VIEW = "indicators:typed:view"
    TYPED_WRITE = "indicators:typed:write"
    VALUE_HIDE = "indicators:value:hide"
    TARGET_SET = "indicators:target:set"
    TARGET_VIEW = "indicators:target:view"
    TARGET_ANSWER = "indicators:target:answer"
    TARGET_EXCEED = "indicators:target:exceed"
    LINT_VIEW = "indicators:lint:view"
    LINT_SET = "indicators:lint:set"

    # appraisal
    SCHEME_DESIGN = "appraisal:scheme:design"
    PARAMETER_VIEW = "appraisal:parameter:view"
    PARAMETER_SET = "appraisal:parameter:set"
    CYCLE_RUN = "appraisal:cycle:run"
    CYCLE_PUBLISH = "appraisal:cycle:publish"
    RATING_GIVE = "appraisal:rating:give"
    RESULT_LIST = "appraisal:result:list"
    RESULT_VIEW = "appraisal:result:view"
    RESULT_OWN = "appraisal:result:own"
    RESULT_ADJUST = "appraisal:result:adjust"

    # reports
    REPORT_VIEW = "reports:document:view"
    REPORT_ISSUE = "reports:document:issue"
    REPORT_PACK = "reports:zip:make"

    # admin
    BANK_EDIT = "admin:bank:edit"
    IMPORT_VIEW = "admin:import:view"
    IMPORT_RUN = "admin:import:run"
    IMPORT_WITHDRAW = "admin:import:withdraw"
    CODE_MAP_VIEW = "admin:code_map:view"
    CODE_MAP_EDIT = "admin:code_map:edit"
    BALANCE_VIEW = "admin:balance:view"
    BALANCE_MAKE = "admin:balance:make"
    FEED_VIEW = "admin:feed:view"
    FEED_EDIT = "admin:feed:edit"
    AUDIT_VIEW = "admin:audit:view"
    ACCOUNT_MANAGE = "admin:account:manage"
    POLICY_VIEW = "admin:policy:view"
    PROPOSAL_VIEW = "access:proposal:view"
    PROPOSAL_DECIDE = "access:proposal:decide"

    # jobs
    JOB_VIEW = "core:job:view"
    JOB_CANCEL = "core:job:cancel"
