"""What a password must be, and one that nobody can guess."""

from __future__ import annotations

import secrets

from lms.core.i18n import N_

SHORTEST = 10
"""A password has at least so many characters; a sentence is welcome."""

FEWEST_DIFFERENT = 5
ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
)
COMMON = (
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "admin",
    "administrator",
    "welcome",
    "letmein",
    "zhixing",
)
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without the letters and digits that are taken for each other."""


def weakness(password: str, *names: str) -> str | None:
    """Return why a password is easy to guess (a message id), or None.

    `names` are what an attacker knows: the user name, the employee number.
    """
    plain = password.casefold()
    if len(password) < SHORTEST:
        return N_("密码至少要有 10 个字符。")
    parts = {plain, *(plain.replace(name.casefold(), "") for name in (*COMMON, *names) if len(name) >= 3)}
    return N_("这个密码太容易猜到，请换一个，例如一句话。") if any(map(_trivial, parts)) else None


def _trivial(text: str) -> bool:
    """Whether a text is next to nothing, one letter over and over, or a run along the keyboard."""
    return len(set(text)) < FEWEST_DIFFERENT or any(text in row or text in row[::-1] for row in ROWS)


def first_password() -> str:
    """Return a random password to hand over, easy to read and to type: `k7mp-x2nd-9qav-htrw`."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
