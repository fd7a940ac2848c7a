"""The verbs of access: sign in, grant, narrow to scope, propose and decide."""

from lms.access.services.accounts import (
    change_language,
    change_password,
    disable_account,
    enable_account,
    has_to_change,
    lock_accounts,
    open_account,
    reset_password,
    sign_in,
    sign_out,
    signed_in,
    throttled,
    verify_password,
)
from lms.access.services.grants import accounts_with, grant, person_of, revoke
from lms.access.services.listing import accounts, audit_entries, grants_of, without_account
from lms.access.services.proposals import decide, on_approval, propose
from lms.access.services.scope import Person, narrow, widest

__all__ = [
    "Person",
    "accounts",
    "accounts_with",
    "audit_entries",
    "change_language",
    "change_password",
    "decide",
    "disable_account",
    "enable_account",
    "grant",
    "grants_of",
    "has_to_change",
    "lock_accounts",
    "narrow",
    "on_approval",
    "open_account",
    "person_of",
    "propose",
    "reset_password",
    "revoke",
    "sign_in",
    "sign_out",
    "signed_in",
    "throttled",
    "verify_password",
    "widest",
    "without_account",
]
