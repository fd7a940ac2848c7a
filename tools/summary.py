"""Add up the JUnit reports of several pytest runs and close with one summary line.

Exit 1 when a report holds a failure, or nothing at all was run.
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def main(paths: list[str]) -> int:
    """Print a row for each report, then a line in pytest's own form."""
    total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    seconds = 0.0
    for path in paths:
        suite = ET.parse(path).getroot().find("testsuite")  # noqa: S314  written by pytest a moment ago
        if suite is None:
            raise SystemExit(f"{path} holds no test suite")
        counts = {name: int(suite.get(name, 0)) for name in total}
        for name, count in counts.items():
            total[name] += count
        seconds += float(suite.get("time", 0))
        print(f"  {Path(path).stem:<14} {counts['tests']:>5} tests {float(suite.get('time', 0)):>8.1f} s")
    broken = total["failures"] + total["errors"]
    passed = total["tests"] - broken - total["skipped"]
    parts = [f"{total['failures']} failed"] if total["failures"] else []
    parts += [f"{passed} passed"]
    parts += [f"{total['skipped']} skipped"] if total["skipped"] else []
    parts += [f"{total['errors']} errors"] if total["errors"] else []
    print(f"===== {', '.join(parts)} in {seconds:.2f}s =====")
    return 1 if broken or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
