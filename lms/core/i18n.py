"""Two languages: marking of texts and picking of bilingual fields, without a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LANGUAGES = ("zh", "en")


def N_(message: str) -> str:  # noqa: N802 (gettext's own name for "translate later")
    """Mark a text for the catalogues without translating it."""
    return message


def pick(thing: Any, field: str, language: str) -> str:
    """Return `<field>_<language>` of an object or mapping; a missing English gives the Chinese."""

    def get(name: str) -> Any:
        return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)

    return str(get(f"{field}_{language}") or get(f"{field}_zh") or "")
