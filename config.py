"""Settings, read from the environment once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
SHORTEST_KEY = 32


def home() -> Path:
    """Return the directory where data live (`ZHIXING_HOME`, default `var`)."""
    return Path(os.environ.get("ZHIXING_HOME") or ROOT / "var").resolve()


def settings(home_directory: Path | None = None) -> dict[str, Any]:
    """Return the application's settings."""
    base = home_directory or home()
    production = os.environ.get("ZHIXING_ENV") == "production"
    return {
        "PRODUCTION": production,
        "ZHIXING_HOME": str(base),
        "ZHIXING_FILES": os.environ.get("ZHIXING_FILES") or str(base / "files"),
        "ZHIXING_FACTS": os.environ.get("ZHIXING_FACTS") or str(base / "facts"),
        "ZHIXING_INBOX": os.environ.get("ZHIXING_INBOX") or str(base / "inbox"),
        "SQLALCHEMY_DATABASE_URI": os.environ.get("DATABASE_URL") or f"sqlite:///{base / 'zhixing.db'}",
        "SECRET_KEY": _own_key() if production else os.environ.get("SECRET_KEY") or _kept_key(base),
        "PUBLIC_URL": os.environ.get("PUBLIC_URL", ""),
        "PROXIES": int(os.environ.get("PROXIES") or 0),
        "MAX_CONTENT_LENGTH": 64 * 1024 * 1024,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": production,
        "SESSION_COOKIE_NAME": "zhixing",
        "WTF_CSRF_TIME_LIMIT": None,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "BABEL_DEFAULT_LOCALE": "zh",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
    }


def _own_key() -> str:
    """Return the key that production must bring: never one made here, never one that can be guessed."""
    key = os.environ.get("SECRET_KEY", "")
    if len(key) < SHORTEST_KEY or len(set(key)) < 10:
        raise SystemExit(
            f"Refused: ZHIXING_ENV is production, and SECRET_KEY must be at least {SHORTEST_KEY} random "
            "characters; see docs/handbook/en/operations.md"
        )
    return key


def _kept_key(base: Path) -> str:
    """Return the key made once for this installation."""
    path = base / "secret.key"
    if not path.exists():
        base.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as target:
            target.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
