"""`pytest --requirements`: which tests prove which row of the requirements (`make requirements`).

The rows asked for stand in docs/requirements.txt, one `id  title` a line.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

ROWS = Path(__file__).parent.parent / "docs" / "requirements.txt"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--requirements", action="store_true", help="print the requirements and their tests")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--requirements"):
        config.option.collectonly = True
        config.option.verbose = -2


def rows() -> dict[str, str]:
    """Return the known rows: id to title."""
    lines = ROWS.read_text(encoding="utf-8").splitlines() if ROWS.exists() else []
    pairs = (line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#"))
    return {pair[0]: pair[1] if len(pair) > 1 else "" for pair in pairs}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse a marker that names no known row: a slip of the pen would prove nothing."""
    known = rows()
    for item in items:
        for marker in item.iter_markers("requirement"):
            unknown = [row for row in marker.args if known and row not in known]
            if unknown or not marker.args:
                raise pytest.UsageError(
                    f"{item.nodeid}: no such requirement: {', '.join(unknown) or 'none named'}"
                )


def pytest_collection_finish(session: pytest.Session) -> None:
    if not session.config.getoption("--requirements"):
        return
    proofs: dict[str, list[str]] = defaultdict(list)
    for item in session.items:
        for marker in item.iter_markers("requirement"):
            for row in marker.args:
                proofs[row].append(item.nodeid)
    known = rows()
    lines = []
    for row, title in known.items():
        lines.append(f"{row:>6}  {title}")
        lines += [f"        {test}" for test in sorted(set(proofs.get(row, [])))]
    proved = sum(1 for row in known if proofs.get(row))
    lines += ["", f"{proved} of {len(known)} rows are named by a test."]
    terminal = session.config.pluginmanager.getplugin("terminalreporter")
    terminal.write_line("\n".join(lines))
    session.items.clear()
