"""`flask worker` with the test's job kind known to it; killed by test_kill."""

import tests.core.marks  # noqa: F401
from lms.app import create_app
from lms.core.worker import worker

if __name__ == "__main__":
    with create_app().app_context():
        worker(["--patience", "20"])
