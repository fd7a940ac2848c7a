"""Long work that survives a kill: planned once, done step by step, each step committed whole."""

from lms.core.jobs.kinds import JobKind, job_kind, kind_of
from lms.core.jobs.models import Job, JobState, JobStep
from lms.core.jobs.queue import cancel, enqueue
from lms.core.jobs.runner import run_inline

__all__ = [
    "Job",
    "JobKind",
    "JobState",
    "JobStep",
    "cancel",
    "enqueue",
    "job_kind",
    "kind_of",
    "run_inline",
]
