"""What every process pays at its start: libraries that few of them need are imported late."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("dbos", "pandas", "weasyprint", "fontTools", "playwright", "hypothesis", "pytest")
CHILD = """
import json, sys
from lms.app import create_app
create_app()
print(json.dumps([name for name in sys.argv[1:] if name in sys.modules]))
"""


@pytest.mark.requirement("3.01")
def test_the_app_starts_without_the_slow_libraries(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "flask", *SLOW],
        env={**os.environ, "ZHIXING_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == ["flask"], "flask shows that the look itself works"
