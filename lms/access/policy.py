"""The one table of rights: which role may do which action, and how far.

Every room has a block. An action that a role's row does not name is not allowed.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from lms.access.actions import Action


class Role(StrEnum):
    """The roles; a grant ties one to an org unit and to days."""

    TRAINEE = "trainee"
    TRAINER = "trainer"
    SUPERVISOR = "supervisor"
    HEAD = "head"
    HR = "hr"
    COMPLIANCE = "compliance"
    ADMIN = "admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


class Scope(IntEnum):
    """How far a right reaches, from nothing to everything."""

    NONE = 0
    OWN = 1
    ASSIGNED = 2
    UNIT = 3
    SUBTREE = 4
    ALL = 5


NONE, OWN, ASSIGNED, UNIT, SUBTREE, ALL = Scope
EVERYONE = tuple(Role)

_RIGHTS: list[tuple[Action, dict[Role, Scope]]] = [
    # home
    (Action.HOME_VIEW, dict.fromkeys(EVERYONE, OWN)),
    (Action.SEARCH, dict.fromkeys(EVERYONE, OWN)),
    # accounts
    (Action.SESSION_OWN, dict.fromkeys(EVERYONE, OWN)),
    # people
    (
        Action.PEOPLE_VIEW,
        {
            **dict.fromkeys(EVERYONE, OWN),
            Role.SUPERVISOR: SUBTREE,
            Role.HEAD: SUBTREE,
            Role.HR: SUBTREE,
            Role.ADMIN: ALL,
        },
    ),
    (
        Action.PEOPLE_LIST,
        {Role.SUPERVISOR: SUBTREE, Role.HEAD: SUBTREE, Role.HR: SUBTREE, Role.ADMIN: ALL},
    ),
    (Action.PEOPLE_MANAGE, {Role.ADMIN: ALL}),
    (
        Action.UNIT_VIEW,
        {Role.SUPERVISOR: SUBTREE, Role.HEAD: SUBTREE, Role.HR: SUBTREE, Role.ADMIN: ALL},
    ),
    (Action.UNIT_MANAGE, {Role.ADMIN: ALL}),
    (Action.POST_VIEW, {Role.HR: ALL, Role.ADMIN: ALL}),
    (Action.POST_MANAGE, {Role.ADMIN: ALL}),
    # learning
    (Action.COURSE_VIEW, dict.fromkeys(EVERYONE, ALL)),
    (Action.LEARNING_OWN, {Role.TRAINEE: OWN}),
    (Action.LESSON_STUDY, {Role.TRAINEE: OWN}),
    (Action.LESSON_READ, {Role.TRAINEE: OWN, Role.TRAINER: ASSIGNED, Role.HR: ALL}),
    (
        Action.COHORT_VIEW,
        {Role.TRAINEE: OWN, Role.TRAINER: ASSIGNED, Role.HEAD: SUBTREE, Role.HR: SUBTREE},
    ),
    (Action.COHORT_OPEN, {Role.TRAINER: SUBTREE, Role.HR: SUBTREE}),
    (Action.COHORT_MANAGE, {Role.TRAINER: ASSIGNED, Role.HR: SUBTREE}),
    # assessment
    (Action.QUIZ_TAKE, {Role.TRAINEE: OWN}),
    (Action.ATTEMPT_VIEW, {Role.TRAINEE: OWN, Role.TRAINER: ASSIGNED, Role.HR: SUBTREE}),
    (Action.QUIZ_OVERVIEW, {Role.TRAINER: ASSIGNED, Role.HR: SUBTREE}),
    # roleplay
    (
        Action.SITTING_VIEW,
        {Role.TRAINEE: OWN, Role.TRAINER: ASSIGNED, Role.SUPERVISOR: SUBTREE, Role.HR: ALL},
    ),
    (Action.SITTING_OWN, {Role.TRAINEE: OWN}),
    (Action.SITTING_RATE, {Role.TRAINER: ASSIGNED}),
    (Action.SITTING_SCHEDULE, {Role.TRAINER: ASSIGNED, Role.HR: ALL}),
    # feedback
    (Action.FEEDBACK_GIVE, {Role.TRAINEE: OWN}),
    (Action.FEEDBACK_READ, {Role.TRAINER: ASSIGNED, Role.HR: ALL}),
    (Action.FEEDBACK_OPEN, {Role.TRAINER: ASSIGNED, Role.HR: ALL}),
    # indicators
    (Action.INDICATOR_VIEW, {Role.ADMIN: ALL, Role.HR: ALL}),
    (Action.INDICATOR_DEFINE, {Role.ADMIN: ALL}),
    (Action.MODEL_VIEW, {Role.ADMIN: ALL, Role.HR: ALL}),
    (Action.MODEL_DEFINE, {Role.ADMIN: ALL}),
    (Action.RECORD_VIEW, {Role.ADMIN: ALL}),
    (
        Action.VALUE_VIEW,
        {
            **dict.fromkeys(EVERYONE, OWN),
            Role.SUPERVISOR: SUBTREE,
            Role.HEAD: SUBTREE,
            Role.HR: ALL,
            Role.ADMIN: ALL,
        },
    ),
    (
        Action.UNIT_VALUE_VIEW,
        {Role.SUPERVISOR: SUBTREE, Role.HEAD: SUBTREE, Role.HR: ALL, Role.ADMIN: ALL},
    ),
    (
        Action.TYPED_VIEW,
        {
            **dict.fromkeys(EVERYONE, OWN),
            Role.SUPERVISOR: SUBTREE,
            Role.HEAD: SUBTREE,
            Role.HR: SUBTREE,
            Role.ADMIN: ALL,
        },
    ),
    (Action.TYPED_WRITE, {Role.SUPERVISOR: SUBTREE, Role.ADMIN: ALL}),
    (Action.VALUE_HIDE, {Role.ADMIN: ALL}),
    (
        Action.TARGET_SET,
        {Role.SUPERVISOR: SUBTREE, Role.HEAD: SUBTREE, Role.HR: SUBTREE, Role.ADMIN: ALL},
    ),
    (
        Action.TARGET_VIEW,
        {
            **dict.fromkeys(EVERYONE, OWN),
            Role.SUPERVISOR: SUBTREE,
            Role.HEAD: SUBTREE,
            Role.HR: SUBTREE,
            Role.ADMIN: ALL,
        },
    ),
    (Action.TARGET_ANSWER, {Role.TRAINEE: OWN, Role.SUPERVISOR: OWN, Role.HEAD: OWN}),
    (
        Action.TARGET_EXCEED,
        {Role.SUPERVISOR: SUBTREE, Role.HEAD: SUBTREE, Role.HR: SUBTREE, Role.ADMIN: ALL},
    ),
    (Action.LINT_VIEW, {Role.HR: ALL, Role.COMPLIANCE: ALL, Role.ADMIN: ALL}),
    # Rules hold for the whole bank: only who reaches the head office may set them.
    (Action.LINT_SET, {Role.HR: SUBTREE, Role.ADMIN: ALL}),
    # appraisal
    (Action.SCHEME_DESIGN, {Role.HR: SUBTREE}),
    (Action.PARAMETER_VIEW, {Role.HEAD: SUBTREE, Role.HR: SUBTREE}),
    (Action.PARAMETER_SET, {Role.HR: SUBTREE}),
    (Action.CYCLE_RUN, {Role.HR: SUBTREE}),
    (Action.CYCLE_PUBLISH, {Role.HR: SUBTREE}),
    (Action.RATING_GIVE, {Role.SUPERVISOR: SUBTREE}),
    (Action.RESULT_LIST, {Role.SUPERVISOR: SUBTREE, Role.HEAD: SUBTREE, Role.HR: SUBTREE}),
    (
        Action.RESULT_VIEW,
        {
            **dict.fromkeys(EVERYONE, OWN),
            Role.SUPERVISOR: SUBTREE,
            Role.HEAD: SUBTREE,
            Role.HR: SUBTREE,
        },
    ),
    (Action.RESULT_OWN, dict.fromkeys(EVERYONE, OWN)),
    (Action.RESULT_ADJUST, {Role.HR: SUBTREE}),
    # reports
    (
        Action.REPORT_VIEW,
        {
            **dict.fromkeys(EVERYONE, OWN),
            Role.SUPERVISOR: SUBTREE,
            Role.HEAD: SUBTREE,
            Role.HR: SUBTREE,
        },
    ),
    (
        Action.REPORT_ISSUE,
        {
            **dict.fromkeys(EVERYONE, OWN),
            Role.SUPERVISOR: SUBTREE,
            Role.HEAD: SUBTREE,
            Role.HR: SUBTREE,
        },
    ),
    (Action.REPORT_PACK, {Role.SUPERVISOR: SUBTREE, Role.HEAD: SUBTREE, Role.HR: SUBTREE}),
    # admin
    (Action.BANK_EDIT, {Role.ADMIN: ALL}),
    (Action.IMPORT_VIEW, {Role.ADMIN: ALL}),
    (Action.IMPORT_RUN, {Role.ADMIN: ALL}),
    (Action.IMPORT_WITHDRAW, {Role.ADMIN: ALL}),
    (Action.CODE_MAP_VIEW, {Role.ADMIN: ALL}),
    (Action.CODE_MAP_EDIT, {Role.ADMIN: ALL}),
    (Action.BALANCE_VIEW, {Role.ADMIN: ALL}),
    (Action.BALANCE_MAKE, {Role.ADMIN: ALL}),
    (Action.FEED_VIEW, {Role.ADMIN: ALL}),
    (Action.FEED_EDIT, {Role.ADMIN: ALL}),
    (Action.AUDIT_VIEW, {Role.AUDIT_ADMIN: ALL}),
    (Action.ACCOUNT_MANAGE, {Role.SECURITY_ADMIN: ALL}),
    (Action.POLICY_VIEW, {Role.SECURITY_ADMIN: ALL, Role.AUDIT_ADMIN: ALL}),
    (Action.PROPOSAL_VIEW, {Role.HR: SUBTREE, Role.HEAD: SUBTREE, Role.ADMIN: ALL}),
    (Action.PROPOSAL_DECIDE, {Role.HR: SUBTREE, Role.HEAD: SUBTREE, Role.ADMIN: ALL}),
    # jobs
    (Action.JOB_VIEW, dict.fromkeys(EVERYONE, OWN)),
    (Action.JOB_CANCEL, dict.fromkeys(EVERYONE, OWN)),
]

POLICY: dict[Action, dict[Role, Scope]] = {}
for _action, _row in _RIGHTS:
    POLICY[_action] = _row


def scope_of(role: Role, action: Action) -> Scope:
    """Return how far a role's right to an action reaches."""
    return POLICY.get(action, {}).get(role, Scope.NONE)
