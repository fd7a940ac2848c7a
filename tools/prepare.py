"""Bring the database up to date in one process: migrate, and fill an empty one with the demo bank.

Messages and the progress bar go to stderr; stdout holds the sign-ins of the demo bank, which
tools/run.sh shows once the server answers.
"""

import contextlib
import os
import sys

from flask.cli import ScriptInfo

from lms.app import create_app


def main() -> None:
    """Run the same commands a person would, without starting Python for each of them."""
    app = create_app()
    script = ScriptInfo(create_app=lambda: app)

    def command(*words: str) -> int:
        try:
            app.cli.main(args=list(words), obj=script, prog_name="flask")
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    with contextlib.redirect_stdout(sys.stderr):
        failed = command("upgrade")
        if not failed and os.environ.get("DEMO") != "0" and command("empty") == 0:
            failed = command("demo", "build", "--size", "demo")
    if failed:
        sys.exit(failed)
    if os.environ.get("DEMO") != "0":
        sys.exit(command("demo", "sign-ins"))


main()
